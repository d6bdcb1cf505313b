"""Reading notices: codes become words in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from catalog.announcements.models import Announcement
from catalog.announcements.read import Told, mark_told, told_to
from catalog.draws.states import NOT_DRAWN
from catalog.gifts.models import Gift
from catalog.notices.models import Notification
from catalog.notices.standing_words import standing_words
from catalog.notices.words import kind_of_entry, path_of, sentence_of
from catalog.redemption.lifecycle import DRAWN_KINDS
from catalog.redemption.models import Order, OrderHistory
from catalog.wording import in_language
from mall import clock
from mall.errors import NotFound
from mall.http.badges import badge
from mall.http.pagination import decode_cursor, encode_cursor

ANNOUNCEMENT, IMPORTANT = "announcement", "announcement.important"
LEAD = 120
"""Characters of an announcement that the list shows; the style cuts them to two lines."""
_NOT_DRAWN = (
    select(OrderHistory.seq)
    .where(Order.kind.in_(DRAWN_KINDS), OrderHistory.order_id == Order.id, OrderHistory.reason == NOT_DRAWN)
    .correlate(Order)
    .exists()
)


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice in words. ``path``: the page it leads to. ``announcement``: what staff tell, whose title is the text."""

    id: str
    kind: str
    text: str
    order_id: str | None
    gift_id: str | None
    created_at: datetime
    read_at: datetime | None
    path: str | None = None
    announcement: Announcement | None = None
    lead: str = ""
    """The beginning of what an announcement says."""


def notices_page(
    tx: Session, member_id: str, limit: int, cursor_text: str | None, language: str, now: datetime
) -> tuple[list[Notice], str | None]:
    """A page of a member's notices and announcements, newest first, and the cursor of the next."""
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
    own = [_notice(*row, language=language) for row in tx.execute(query.limit(limit + 1)).all()]
    news = [_news(told, language) for told in told_to(tx, member_id, now)]
    both = sorted(
        own + [one for one in news if seen is None or one.id < seen[0]], key=lambda one: one.id, reverse=True
    )  # fmt: skip
    notices = both[:limit]
    return notices, encode_cursor(notices[-1].id) if len(both) > limit else None


def _notice(
    row: Notification, name: dict[str, str] | None, order_kind: str | None, not_drawn: bool, *, language: str
) -> Notice:
    kind = kind_of_entry(row.kind, order_kind, not_drawn)
    text = standing_words(row.kind, row.detail, language)
    text = text or sentence_of(kind, in_language(name, language), row.detail, language)
    path = path_of(row.kind, row.order_id, row.gift_id, row.detail)
    return Notice(row.id, row.kind, text, row.order_id, row.gift_id, row.created_at, row.read_at, path)


def _news(told: Told, language: str) -> Notice:
    row = told.row
    assert row.notice_id is not None and row.from_at is not None, "an announcement that stands has begun"
    kind, title = IMPORTANT if row.important else ANNOUNCEMENT, in_language(row.title, language)
    lead, path = " ".join(in_language(row.body, language).split())[:LEAD], f"/news/{row.id}"
    return Notice(row.notice_id, kind, title, None, None, row.from_at, told.read_at, path, row, lead)


@badge("notices")
def count_unread(tx: Session, member_id: str) -> int:
    """How many notices a member has not read."""
    unread = select(func.count()).where(Notification.member_id == member_id, Notification.read_at.is_(None))
    return int(tx.execute(unread).scalar_one()) + len(told_to(tx, member_id, clock.now(), unread=True))


def mark_read(tx: Session, member_id: str, until: str | None, now: datetime) -> int:
    """Note that a member has read every notice up to the one named (all when None); returns how many were new.

    Raises NotFound for a notice that is not the member's.
    """
    mine = update(Notification).where(Notification.member_id == member_id, Notification.read_at.is_(None))
    if until is not None:
        known = select(Notification.id).where(Notification.id == until, Notification.member_id == member_id)
        news = select(Announcement.notice_id).where(Announcement.notice_id == until)
        if tx.execute(known.union(news)).first() is None:
            raise NotFound(errors={"until": [_("Not found.")]})
        mine = mine.where(Notification.id <= until)
    done = tx.execute(mine.values(read_at=now).execution_options(synchronize_session=False))
    news_read = [
        told.row.id
        for told in told_to(tx, member_id, now, unread=True)
        if until is None or (told.row.notice_id or "") <= until
    ]
    mark_told(tx, member_id, news_read, now)
    return int(done.rowcount) + len(news_read)  # type: ignore[attr-defined]
