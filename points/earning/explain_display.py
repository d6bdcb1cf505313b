"""Explanations in the reader's language; ``points.earning.explain`` has the same codes in canonical English."""

from __future__ import annotations

from flask_babel import get_locale
from flask_babel import gettext as _

from points.earning.explain import Line


def localized(line: Line) -> str:
    """One line of an explanation for people."""
    first, *rest = line.params or ("",)
    last = rest[-1] if rest else first
    middle = rest[0] if rest else ""
    words = {
        "percent": lambda: _("score %(score)s %%: %(points)s", score=first, points=last),
        "streak": lambda: _("%(days)s days in a row: %(points)s", days=first, points=last),
        "streak_day": lambda: _("day %(day)s of the streak: %(points)s", day=first, points=last),
        "share": lambda: _("share %(share)s %%: × %(factor)s", share=first, factor=last),
        "fixed": lambda: _("each time: %(points)s", points=first),
        "given": lambda: _("points given: %(points)s", points=first),
        "base": lambda: _("%(fact)s %(value)s: %(points)s", fact=_fact(first), value=_value(middle), points=last),
        "times": lambda: _("%(fact)s %(value)s: × %(factor)s", fact=_fact(first), value=_value(middle), factor=last),
        "base_member": lambda: _("%(fact)s %(value)s: %(points)s", fact=_fact(first), value=middle, points=last),
        "times_member": lambda: _("%(fact)s %(value)s: × %(factor)s", fact=_fact(first), value=middle, factor=last),
        "given_member": lambda: _("%(fact)s: %(value)s", fact=_fact(first), value=last),
        "campaign": lambda: _(
            "campaign %(name)s: × %(factor)s", name=middle if get_locale().language == "zh" else first, factor=last
        ),
        "kept": lambda: _("not all can be taken back: %(points)s", points=first),
        "appeal": lambda: _("takes effect after %(days)s days, unless staff decide otherwise", days=first),
        "adjusted": lambda: _("changed by staff: %(points)s", points=first),
        "cancelled": lambda: _("cancelled by staff"),
        "budget_stop": lambda: _("the budget leaves %(points)s", points=first),
        "budget_pend": lambda: _("the budget is used up: waits to be confirmed"),
        "diminishing": lambda: _(
            "award %(number)s of the %(period)s: × %(factor)s", number=first, period=_period(middle), factor=last
        ),
        "cap_points": lambda: _cap_points(first, middle, last),
        "cap_times": lambda: _cap_times(first, middle, last),
    }
    return words[line.code]() if line.code in words else line.text


def _cap_points(most: str, period: str, points: str) -> str:
    if period == "total":
        return str(_("at most %(most)s points in total: %(points)s", most=most, points=points))
    return str(
        _("at most %(most)s points per %(period)s: %(points)s", most=most, period=_period(period), points=points)
    )


def _cap_times(most: str, period: str, points: str) -> str:
    if period == "total":
        return str(_("at most %(most)s times in total: %(points)s", most=most, points=points))
    return str(_("at most %(most)s times per %(period)s: %(points)s", most=most, period=_period(period), points=points))


def _fact(name: str) -> str:
    known: dict[str, str] = {
        "stage": _("stage"), "grade": _("grade"), "label": _("label"), "weekday": _("weekday"), "level": _("level"),
        "days_of_membership": _("days of membership"), "effectiveness": _("effectiveness"),
        "adopted_tips": _("adopted tips"), "adopted_tips_month": _("adopted tips this month"),
        "report": _("report"),
    }  # fmt: skip
    return known.get(name, name)


def _value(value: str) -> str:
    known: dict[str, str] = {
        "received": _("received"),
        "adopted": _("adopted"),
        "solved": _("solved"),
        "rejected": _("rejected"),
        "overturned": _("overturned"),
        "malicious": _("malicious"),
        "first": _("first"),
        "corroborating": _("corroborating"),
        "duplicate": _("duplicate"),
    }
    return known.get(value, value)


def _period(period: str) -> str:
    known: dict[str, str] = {
        "hour": _("hour"),
        "day": _("day"),
        "week": _("week"),
        "month": _("month"),
    }
    return known.get(period, period)


fact_name, value_name = _fact, _value
"""A fact that rules look at, and a value of one, in words for people."""
