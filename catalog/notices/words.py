"""Pure but for the language: the sentences of notices, and where each leads."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _

from catalog.wording import in_language
from mall.i18n import format_day, format_moment

READY = "order.ready_for_pickup"


def kind_of_entry(kind: str, order_kind: str | None, not_drawn: bool) -> str:
    """An order's notice as one of its entry, where it entered a draw. A prize that is sent is an order like others
    once its winner has said where it goes."""
    if order_kind not in ("draw", "prize"):
        return kind
    told = {"order.placed", READY, "order.awaiting_claim", "order.claim_soon"}
    told |= {"order.confirmed"} if order_kind == "draw" else set()
    told |= {"order.cancelled", "order.completed"} if not_drawn else set()
    return kind.replace("order.", "entry.") if kind in told else kind


def sentence_of(kind: str, gift: str, detail: dict[str, Any], language: str) -> str:
    """The sentence of a notice. ``gift``: what its order or gift is called."""
    if kind.startswith("activity."):
        return _of_activity(kind, detail, language)
    if kind in _WITH_MOMENT:
        return _with_moment(kind, gift, format_moment(datetime.fromisoformat(detail["until"])))
    if kind == "points.booked":
        day, points = format_day(date.fromisoformat(detail["day"])), f"{detail['points']:,}"
        return str(_("%(points)s points for taking part in the community came on %(day)s.", points=points, day=day))
    if kind == "points.expiring":
        day, points = format_day(date.fromisoformat(detail["day"])), f"{detail['points']:,}"
        return str(_("%(points)s points can be spent until %(day)s and expire then.", points=points, day=day))
    if kind == "order.part_refunded":
        points = f"{detail['points']:,}"
        return str(_("“%(gift)s”: %(points)s points are back with you.", gift=gift, points=points))
    if kind == "account.nickname_reset":
        reason, name = _sentence(detail["reason"]), detail["nickname"]
        return str(_("Your nickname was taken away: %(reason)s You are called %(name)s now.", reason=reason, name=name))
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


_WITH_MOMENT = ("order.collect_soon", "order.pay_soon", "queue.turn", "entry.awaiting_claim", "entry.claim_soon")


def _with_moment(kind: str, gift: str, until: str) -> str:
    sentences = {
        "order.collect_soon": _("“%(gift)s” waits for you until %(moment)s.", gift=gift, moment=until),
        "order.pay_soon": _(
            "“%(gift)s” is not paid yet. Pay by %(moment)s, or the order expires and your points come back.",
            gift=gift,
            moment=until,
        ),
        "queue.turn": _("“%(gift)s”: it is your turn, until %(moment)s.", gift=gift, moment=until),
        "entry.awaiting_claim": _(
            "You have won “%(gift)s”! Tell us by %(moment)s how it should reach you.", gift=gift, moment=until
        ),
        "entry.claim_soon": _(
            "Your prize “%(gift)s” still waits: tell us by %(moment)s how it should reach you.", gift=gift, moment=until
        ),
    }
    return str(sentences[kind])


def _of_activity(kind: str, detail: dict[str, Any], language: str) -> str:
    title, place = in_language(detail["title"], language), in_language(detail["place"], language)
    at = format_moment(datetime.fromisoformat(detail["starts_at"]))
    sentences = {
        "activity.tomorrow": _("Tomorrow: “%(title)s”, %(moment)s, %(place)s.", title=title, moment=at, place=place),
        "activity.moved": _(
            "“%(title)s” has been changed. It is now on %(moment)s, %(place)s.", title=title, moment=at, place=place
        ),
        "activity.cancelled": _("“%(title)s” on %(moment)s has been called off.", title=title, moment=at),
    }
    return str(sentences[kind])


def _sentence(text: str) -> str:
    """Words of staff as a sentence of its own."""
    return text if text.endswith((".", "。", "!", "！", "?", "？")) else f"{text}{_('.')}"


_PATHS = {
    "points.expiring": "/balance", "points.booked": "/balance", "check_in.reminder": "/check-in",
    "badge.earned": "/me/badges", "prize.won": "/boards/winners", "honour.offered": "/honours",
    "points.debit_announced": "/appeals", "account.nickname_reset": "/me",
}  # fmt: skip


def path_of(kind: str, order_id: str | None, gift_id: str | None, detail: dict[str, Any]) -> str | None:
    """The page that a notice leads to, if there is one."""
    if order_id is not None:
        return f"/orders/{order_id}"
    if gift_id is not None:
        return f"/gifts/{gift_id}/queue" if kind == "queue.turn" else f"/gifts/{gift_id}"
    if kind.startswith("activity."):
        return f"/activities/{detail['activity']}"
    if kind.startswith("level."):
        return "/me/growth"
    if kind.startswith("account.") and kind not in _PATHS and kind != "account.merged":
        return "/me/security"
    return _PATHS.get(kind)
