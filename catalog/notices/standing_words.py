"""Sentences of notices about a member's standing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from flask_babel import gettext as _

from catalog.wording import in_language
from mall.i18n import format_day
from points.badges.words import WORDS

Detail = dict[str, Any]


def standing_words(kind: str, detail: Detail, language: str) -> str | None:
    """The sentence of a notice about standing, None for one of another kind."""
    sentence = _SENTENCES.get(kind)
    return str(sentence(detail, language)) if sentence else None


def _up(detail: Detail, language: str) -> str:
    return str(_("Level %(level)s reached: %(name)s. Congratulations!", **_named(detail, language)))


def _down(detail: Detail, language: str) -> str:
    return str(
        _("You are on level %(level)s now: %(name)s. New points bring you up again.", **_named(detail, language))
    )


def _warning(detail: Detail, language: str) -> str:
    day, missing = format_day(date.fromisoformat(detail["on"])), f"{detail['missing']:,}"
    words = _(
        "%(missing)s more points by %(day)s keep you on level %(level)s, %(name)s.",
        day=day,
        missing=missing,
        **_named(detail, language),
    )
    return str(words)


def _named(detail: Detail, language: str) -> dict[str, Any]:
    return {"level": detail["level"], "name": in_language(detail["name"], language)}


def _prize(detail: Detail, language: str) -> str:
    points = f"{detail['points']:,}"
    words = _(
        "Place %(place)s on the board of %(month)s: you have won %(points)s points!",
        place=detail["place"],
        month=detail["month"],
        points=points,
    )
    return str(words)


def _honour(detail: Detail, language: str) -> str:
    return str(_("You are to be honoured. Have a look: it is shown only if you agree."))


def _badge(detail: Detail, language: str) -> str:
    title = WORDS[detail["badge"]][0] if detail["badge"] in WORDS else detail["badge"]
    if detail.get("title"):  # as staff called it when it was earned
        title = in_language(detail["title"], language)
    return str(_("New badge: %(title)s.", title=title))


_SENTENCES: dict[str, Callable[[Detail, str], str]] = {
    "badge.earned": _badge,
    "honour.offered": _honour,
    "prize.won": _prize,
    "level.up": _up,
    "level.down": _down,
    "level.warning": _warning,
}
