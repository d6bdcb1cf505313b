"""The period of a page, kept in its address: ``?period=28`` or ``?from=2026-11-01&until=2026-11-20``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from flask import request
from flask_babel import gettext as _

from admin.figures.periods import DEFAULT, PRESETS, BadPeriod, Period, chosen, preset

Errors = dict[str, list[str]]


def asked_period(today: date, given: Mapping[str, str] | None = None) -> tuple[Period, str, Errors]:
    """The period asked for, its name (empty for one that somebody chose), and what could not be read.

    ``given``: where it stands, when that is not the address.
    """
    given = request.args if given is None else given
    first, last = given.get("from", "").strip(), given.get("until", "").strip()
    name = given.get("period", "")
    if not (first or last):
        name = name if name in PRESETS else DEFAULT
        return preset(name, today), name, {}
    errors: Errors = {}
    days = [_day(text, field, errors) for text, field in ((first, "from"), (last or today.isoformat(), "until"))]
    if days[0] is not None and days[1] is not None:
        try:
            return chosen(days[0], days[1], today), "", {}
        except BadPeriod as bad:
            errors["from"] = [_refusals()[str(bad)]]
    return preset(DEFAULT, today), DEFAULT, errors


def period_names() -> list[tuple[str, str]]:
    """The periods that a page offers."""
    return [
        ("7", _("7 days")), ("28", _("28 days")), ("90", _("90 days")), ("month", _("This month")),
        ("last-month", _("Last month")),
    ]  # fmt: skip


def _refusals() -> dict[str, str]:
    return {
        "order": _("The first day is after the last."),
        "range": _("Choose days up to today."),
        "length": _("A period has 366 days at most."),
    }


def _day(text: str, field: str, errors: Errors) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        errors[field] = [_("Must be a date.")]
        return None
