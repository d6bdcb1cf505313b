"""Explanations in the reader's language; ``points.earning.explain`` has the same codes in canonical English."""

from __future__ import annotations

from flask_babel import gettext as _

from points.earning.explain import Line


def localized(line: Line) -> str:
    """One line of an explanation for people."""
    first, *rest = line.params
    last = rest[-1] if rest else first
    middle = rest[0] if rest else ""
    words = {
        "percent": lambda: _("score %(score)s %%: %(points)s", score=first, points=last),
        "streak_day": lambda: _("day %(day)s of the streak: %(points)s", day=first, points=last),
        "share": lambda: _("share %(share)s %%: × %(factor)s", share=first, factor=last),
        "fixed": lambda: _("each time: %(points)s", points=first),
        "given": lambda: _("points given: %(points)s", points=first),
        "base": lambda: f"{_fact(first)} {_value(middle)}: {last}",
        "times": lambda: f"{_fact(first)} {_value(middle)}: × {last}",
        "cap_points": lambda: _(
            "at most %(most)s points per %(period)s: %(points)s",
            most=first,
            period=_period(middle),
            points=last,
        ),
        "cap_times": lambda: _(
            "at most %(most)s times per %(period)s: %(points)s",
            most=first,
            period=_period(middle),
            points=last,
        ),
    }
    return words[line.code]() if line.code in words else line.text


def _fact(name: str) -> str:
    known: dict[str, str] = {"stage": _("stage"), "grade": _("grade"), "label": _("label"), "weekday": _("weekday")}
    return known.get(name, name)


def _value(value: str) -> str:
    known: dict[str, str] = {
        "received": _("received"),
        "adopted": _("adopted"),
        "solved": _("solved"),
        "rejected": _("rejected"),
        "overturned": _("overturned"),
        "malicious": _("malicious"),
    }
    return known.get(value, value)


def _period(period: str) -> str:
    known: dict[str, str] = {
        "hour": _("hour"),
        "day": _("day"),
        "week": _("week"),
        "month": _("month"),
        "total": _("total"),
    }
    return known.get(period, period)
