"""Redemption rules in plain words, in the reader's language: for whom they refuse, and for staff who keep them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

from catalog.wording import in_language
from mall.i18n import format_moment, language


def refusal_sentence(figures: Mapping[str, Any]) -> str:
    """What a rule refuses, until when, and the rule's name."""
    words = reason_words(figures)
    if figures["lifts_at"] is not None:
        words = _("%(reason)s Possible again from %(moment)s.", reason=words,
                  moment=format_moment(figures["lifts_at"]))  # fmt: skip
    name = in_language(figures["title"], language())
    return str(_("%(reason)s (Rule: %(name)s)", reason=words, name=name))


def reason_words(terms: Mapping[str, Any]) -> str:
    """What a rule of ``terms`` with its ``kind`` asks for."""
    return str(_reason(terms))


def _reason(figures: Mapping[str, Any]) -> Any:
    kind = figures["kind"]
    if kind == "limit":
        return limit_sentence(figures)
    if kind == "level":
        return _("For level %(level)s and above.", level=figures["min_level"])
    if kind == "membership":
        return _("For those who have been members for %(days)s days or more.", days=figures["min_days"])
    if kind == "effectiveness":
        return _("For members whose tips are at least %(percent)s %% effective.", percent=figures["min_percent"])
    if kind == "segment":
        return _("Not meant for your account.")
    if kind == "blackout":
        return _("Nothing can be redeemed under this rule at this time.")
    if figures["per"] == "household":
        return _("Points are owed in your household; they are repaid first.")
    return _("Points are owed; new points repay them first.")


def limit_sentence(terms: Mapping[str, Any]) -> str:
    """A limit's own sentence. Whole sentences, because languages put the parts in different places."""
    amount, key = terms["amount"], (terms["per"], terms["unit"], terms["period"])
    return str(_SENTENCES[key[0], key[1]](key[2], amount))


def _member_pieces(period: str, amount: int) -> Any:
    return {
        "hour": _("At most %(count)s an hour for each member.", count=amount),
        "day": _("At most %(count)s a day for each member.", count=amount),
        "week": _("At most %(count)s a week for each member.", count=amount),
        "month": _("At most %(count)s a month for each member.", count=amount),
        "year": _("At most %(count)s a year for each member.", count=amount),
        "total": _("At most %(count)s for each member.", count=amount),
    }[period]


def _member_points(period: str, amount: int) -> Any:
    return {
        "hour": _("At most %(amount)s points an hour for each member.", amount=amount),
        "day": _("At most %(amount)s points a day for each member.", amount=amount),
        "week": _("At most %(amount)s points a week for each member.", amount=amount),
        "month": _("At most %(amount)s points a month for each member.", amount=amount),
        "year": _("At most %(amount)s points a year for each member.", amount=amount),
        "total": _("At most %(amount)s points in all for each member.", amount=amount),
    }[period]


def _household_pieces(period: str, amount: int) -> Any:
    return {
        "hour": _("At most %(count)s an hour for each household.", count=amount),
        "day": _("At most %(count)s a day for each household.", count=amount),
        "week": _("At most %(count)s a week for each household.", count=amount),
        "month": _("At most %(count)s a month for each household.", count=amount),
        "year": _("At most %(count)s a year for each household.", count=amount),
        "total": _("At most %(count)s for each household.", count=amount),
    }[period]


def _household_points(period: str, amount: int) -> Any:
    return {
        "hour": _("At most %(amount)s points an hour for each household.", amount=amount),
        "day": _("At most %(amount)s points a day for each household.", amount=amount),
        "week": _("At most %(amount)s points a week for each household.", amount=amount),
        "month": _("At most %(amount)s points a month for each household.", amount=amount),
        "year": _("At most %(amount)s points a year for each household.", amount=amount),
        "total": _("At most %(amount)s points in all for each household.", amount=amount),
    }[period]


_SENTENCES = {
    ("member", "quantity"): _member_pieces,
    ("member", "points"): _member_points,
    ("household", "quantity"): _household_pieces,
    ("household", "points"): _household_points,
}
