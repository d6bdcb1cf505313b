"""Reading notices: codes become words in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from catalog.draws.states import NOT_DRAWN
from catalog.gifts.models import Gift
from catalog.notices.models import Notification
from catalog.notices.standing_words import standing_words
from catalog.redemption.models import Order, OrderHistory
from catalog.wording import in_language
from mall.errors import NotFound
from mall.http.badges import badge
from mall.http.pagination import decode_cursor, encode_cursor
from mall.i18n import format_day, format_moment

READY = "order.ready_for_pickup"
_NOT_DRAWN = (
    select(OrderHistory.seq)
    .where(Order.kind == "draw", OrderHistory.order_id == Order.id, OrderHistory.reason == NOT_DRAWN)
    .correlate(Order)
    .exists()
)


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice in words."""

    id: str
    kind: str
    text: str
    order_id: str | None
    gift_id: str | None
    created_at: datetime
    read_at: datetime | None


def notices_page(
    tx: Session, member_id: str, limit: int, cursor_text: str | None, language: str
) -> tuple[list[Notice], str | None]:
    """A page of a member's notices, newest first, and the cursor of the next."""
    query = (
        select(Notification, func.coalesce(Order.gift_name, Gift.name, type_=JSONB), Order.kind, _NOT_DRAWN)
        .outerjoin(Order, Order.id == Notification.order_id)
        .outerjoin(Gift, Gift.id == Notification.gift_id)
        .where(Notification.member_id == member_id)
        .order_by(Notification.id.desc())
    )
    seen = decode_cursor(cursor_text, str)
    if seen is not None:
        query = query.where(Notification.id < seen[0])
    rows = tx.execute(query.limit(limit + 1)).all()
    notices = [
        Notice(
            row.id,
            row.kind,
            standing_words(row.kind, row.detail, language)
            or _words(_draw_kind(row.kind, order_kind, not_drawn), in_language(name, language), row.detail),
            row.order_id,
            row.gift_id,
            row.created_at,
            row.read_at,
        )
        for row, name, order_kind, not_drawn in rows[:limit]
    ]
    return notices, encode_cursor(notices[-1].id) if len(rows) > limit else None


@badge("notices")
def count_unread(tx: Session, member_id: str) -> int:
    """How many notices a member has not read."""
    unread = select(func.count()).where(Notification.member_id == member_id, Notification.read_at.is_(None))
    return int(tx.execute(unread).scalar_one())


def mark_read(tx: Session, member_id: str, until: str | None, now: datetime) -> int:
    """Note that a member has read every notice up to the one named (all when None); returns how many were new.

    Raises NotFound for a notice that is not the member's.
    """
    mine = update(Notification).where(Notification.member_id == member_id, Notification.read_at.is_(None))
    if until is not None:
        known = select(Notification.id).where(Notification.id == until, Notification.member_id == member_id)
        if tx.execute(known).first() is None:
            raise NotFound(errors={"until": [_("Not found.")]})
        mine = mine.where(Notification.id <= until)
    done = tx.execute(mine.values(read_at=now).execution_options(synchronize_session=False))
    return int(done.rowcount)  # type: ignore[attr-defined]


def _draw_kind(kind: str, order_kind: str | None, not_drawn: bool) -> str:
    """An order's notice as one of its entry, where it entered a draw."""
    if order_kind != "draw":
        return kind
    told = ("order.placed", "order.confirmed", READY, *(("order.cancelled", "order.completed") if not_drawn else ()))
    return kind.replace("order.", "entry.") if kind in told else kind


def _words(kind: str, gift: str, detail: dict[str, Any]) -> str:
    if kind == "points.booked":
        day, points = format_day(date.fromisoformat(detail["day"])), f"{detail['points']:,}"
        return str(_("%(points)s points for taking part in the community came on %(day)s.", points=points, day=day))
    if kind == "points.expiring":
        day, points = format_day(date.fromisoformat(detail["day"])), f"{detail['points']:,}"
        return str(_("%(points)s points can be spent until %(day)s and expire then.", points=points, day=day))
    if kind == "order.part_refunded":
        points = f"{detail['points']:,}"
        return str(_("“%(gift)s”: %(points)s points are back with you.", gift=gift, points=points))
    if kind == "order.collect_soon":
        until = format_moment(datetime.fromisoformat(detail["until"]))
        return str(_("“%(gift)s” waits for you until %(moment)s.", gift=gift, moment=until))
    if kind == "queue.turn":
        until = format_moment(datetime.fromisoformat(detail["until"]))
        return str(_("“%(gift)s”: it is your turn, until %(moment)s.", gift=gift, moment=until))
    sentences = {
        "order.placed": _("“%(gift)s”: we have your order and will confirm it soon.", gift=gift),
        "order.confirmed": _("“%(gift)s”: your order is confirmed.", gift=gift),
        "order.preparing": _("“%(gift)s” is being prepared.", gift=gift),
        "order.shipped": _("“%(gift)s” is on its way to you.", gift=gift),
        "order.ready_for_pickup": _("“%(gift)s” is ready for pickup.", gift=gift),
        "order.issued": _("“%(gift)s” is here.", gift=gift),
        "order.completed": _("“%(gift)s”: your order is completed.", gift=gift),
        "order.cancelled": _("“%(gift)s”: the order was cancelled and the points are back with you.", gift=gift),
        "order.awaiting_payment": _("“%(gift)s”: your points are set aside. Please finish the payment.", gift=gift),
        "order.expired": _("“%(gift)s”: the time for this order ran out and the points are back with you.", gift=gift),
        "order.returned": _("“%(gift)s” came back to us.", gift=gift),
        "wish.affordable": _("“%(gift)s” from your wish list is within reach: you have the points for it.", gift=gift),
        "wish.in_stock": _("“%(gift)s” from your wish list can be had now.", gift=gift),
        "check_in.reminder": _("You have not checked in today yet. A tap keeps your streak going."),
        "account.merged": _("Two accounts of yours are one now: points and orders of both are here."),
        "account.password_changed": _("Your password was changed. Was it not you? Look where you are signed in."),
        "account.password_recovered": _(
            "A recovery code gave your account a new password. Was it not you? Ask the community's staff for help."
        ),
        "account.recovery_codes_made": _("New recovery codes were made; the old ones are worth nothing any more."),
        "account.sign_in_linked": _("Another way to sign in was linked to your account. Was it not you? Take it off."),
        "account.sign_in_unlinked": _("A way to sign in was taken off your account."),
        "account.reset_approved": _(
            "Two of the staff made a link for a new password of yours. Was it not you who asked? Tell them at once."
        ),
        "account.password_reset": _("Your account has a new password, set by a link from the staff."),
        "points.debit_announced": _("Points are to be taken back. You can answer before that happens."),
        "entry.placed": _("“%(gift)s”: you have entered the draw.", gift=gift),
        "entry.confirmed": _("You have won “%(gift)s”! We tell you when it is ready.", gift=gift),
        "entry.ready_for_pickup": _("You have won “%(gift)s”! It is ready for pickup.", gift=gift),
        "entry.cancelled": _(
            "“%(gift)s”: your entry was not drawn this time. The points are back with you.", gift=gift
        ),
        "entry.completed": _("“%(gift)s”: your entry was not drawn this time.", gift=gift),
        "order.refunded": _("“%(gift)s”: the points are back with you.", gift=gift),
    }
    return str(sentences.get(kind, gift))
