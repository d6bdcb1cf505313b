"""Pure: reading the parts of a document that admins write: rules, campaigns. What is bad is refused by its path."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from points.earning.periods import Active
from points.earning.sentences import Sentence


class Refused(Exception):
    """A part is refused.

    ``template`` is a literal with ``%(name)s`` for its parameters: the catalogue collects it from the call.
    """

    def __init__(self, path: str, template: str, **params: Any) -> None:
        super().__init__(path, template)
        self.path, self.reason = path, Sentence(template, **params)


def object_of(value: Any, path: str, known: tuple[str, ...]) -> dict[str, Any]:
    """The members of an object, empty when absent; unknown ones are refused."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Refused(path, "must be an object")
    for key in value:
        if key not in known:
            raise Refused(f"{path}.{key}"[:120], "unknown field")
    return value


def whole(value: Any, path: str, least: int, most: int) -> int:
    """A whole number from ``least`` to ``most``."""
    if type(value) is not int or not least <= value <= most:
        raise Refused(path, "must be a whole number from %(least)s to %(most)s", least=least, most=most)
    return value


def decimal_of(value: Any, path: str, bound: int = 1_000_000) -> Decimal:
    """A number up to ``bound``, given as a number or a string."""
    if isinstance(value, bool) or not isinstance(value, int | float | str) or len(str(value)) > 20:
        raise Refused(path, "must be a number")
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise Refused(path, "must be a number") from None
    if not number.is_finite() or abs(number) > bound or -number.as_tuple().exponent > 6:  # type: ignore[operator]
        raise Refused(path, "must be a number up to %(bound)s with at most 6 decimals", bound=bound)
    return number


def choice(value: Any, path: str, choices: tuple[str, ...]) -> str:
    """One of ``choices``."""
    if value not in choices or not isinstance(value, str):
        raise Refused(path, "must be one of: %(choices)s", choices=", ".join(choices))
    return value


def share(value: Any, path: str) -> Decimal:
    """A factor from 0 to 1."""
    number = decimal_of(value, path)
    if not 0 <= number <= 1:
        raise Refused(path, "must be from 0 to 1")
    return number


def read_day(value: Any, path: str) -> date | None:
    """A date, None when absent."""
    if value is None:
        return None
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise Refused(path, "must be a date: 2026-12-31") from None


def read_active(value: Any) -> Active:
    """Dates, weekdays and hours in which something holds."""
    body = object_of(value, "active", ("first_day", "last_day", "weekdays", "hours"))
    first, last = (
        read_day(body.get("first_day"), "active.first_day"),
        read_day(body.get("last_day"), "active.last_day"),
    )
    if first is not None and last is not None and last < first:
        raise Refused("active.last_day", "must not be before first_day")
    weekdays, hours = body.get("weekdays") or [], body.get("hours") or []
    if not isinstance(weekdays, list) or not isinstance(hours, list):
        raise Refused("active", "weekdays and hours must be lists")
    spans = []
    for index, span in enumerate(hours):
        path = f"active.hours.{index}"
        if not isinstance(span, list) or len(span) != 2:
            raise Refused(path, "must be [from, up to]")
        start = whole(span[0], path, 0, 23)
        spans.append((start, whole(span[1], path, start + 1, 24)))
    days = frozenset(whole(day, f"active.weekdays.{index}", 1, 7) for index, day in enumerate(weekdays))
    return Active(first, last, days, tuple(spans))
