"""Reasons for refusal in words, and as the refusal itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from flask_babel import gettext as _

from catalog.redemption.eligibility import Refusal
from catalog.rules import words
from catalog.rules.judge import CODE as RULE
from catalog.wording import in_language
from mall.errors import Conflict
from mall.http.fields import wire_instant
from mall.i18n import format_moment, language
from points.viewer import suspended_sentence


def sentence(refusal: Refusal) -> str:
    """A reason in the reader's language."""
    return str(_sentence(refusal))


@cache
def _sold_out(_language: str) -> str:
    """What most of those hear who come for a hot gift, in the language that is spoken now."""
    return str(_("This gift is sold out."))


def _sentence(refusal: Refusal) -> Any:
    figures = refusal.figures
    if refusal.code == "not_on_sale":
        if "on_sale_from" in figures:
            return _("On sale from %(moment)s.", moment=format_moment(figures["on_sale_from"]))
        return _("This gift is not on sale now.")
    if refusal.code == "not_eligible":
        return _("This gift is for level %(level)s and above.", level=figures["min_level"])
    if refusal.code == "sold_out":
        if figures["left"] > 0:
            return _("Only %(count)s left.", count=figures["left"])
        return _sold_out(language())
    if refusal.code == "limit_reached":
        return _limit_sentence(figures["period"], figures["quantity"])
    if refusal.code == RULE:
        return words.refusal_sentence(figures)
    if refusal.code.startswith("queue_"):
        return _queue_sentence(refusal.code, figures)
    if refusal.code == "payment_unavailable":
        return _("This gift has a part to pay in cash, which cannot be paid here at the moment.")
    if refusal.code == "in_debt":
        return _("%(points)s points are owed; new points repay them first.", points=f"{figures['debt']:,}")
    if refusal.code == "insufficient_points":
        return _("%(points)s points are missing.", points=f"{figures['missing']:,}")
    return suspended_sentence()  # the one reason left: forbidden


def _limit_sentence(period: str, quantity: int) -> Any:
    if period == "day":
        return _("At most %(count)s a day for each member.", count=quantity)
    if period == "week":
        return _("At most %(count)s a week for each member.", count=quantity)
    if period == "month":
        return _("At most %(count)s a month for each member.", count=quantity)
    if period == "year":
        return _("At most %(count)s a year for each member.", count=quantity)
    return _("At most %(count)s for each member.", count=quantity)


def _queue_sentence(code: str, figures: dict[str, Any]) -> Any:
    if code == "queue_one_each":
        return _("While others wait, each turn is for one piece.")
    if figures.get("ahead") is not None:
        minutes = -(-figures["wait_seconds"] // 60)
        return _(
            "A queue stands before this gift. People in front of you: %(ahead)s. Your turn comes in %(minutes)s "
            "minutes at the latest, if pieces are left then.",
            ahead=figures["ahead"], minutes=minutes,
        )  # fmt: skip
    if figures.get("you") == "waiting":
        return _("A queue stands before this gift: your place in it is being given out.")
    return _("A queue stands before this gift: take a place in its waiting room.")


def refusal_wire(refusal: Refusal) -> dict[str, Any]:
    """A reason as the API and the pages show it."""
    return {"code": refusal.code, "text": sentence(refusal), **_wire(refusal.figures)}


def refuse_if_any(refusals: Sequence[Refusal]) -> None:
    """Raise Conflict with the first of ``refusals``, if there is one; its figures go along."""
    if refusals:
        first = refusals[0]
        raise Conflict(first.code, sentence(first), extra=_wire(first.figures))


def _wire(figures: dict[str, Any]) -> dict[str, Any]:
    wire = {key: wire_instant(value) if isinstance(value, datetime) else value for key, value in figures.items()}
    if "title" in figures:
        wire["title"] = in_language(figures["title"], language())
    return wire
