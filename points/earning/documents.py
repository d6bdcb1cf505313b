"""Pure: a rule version as a JSON document: its schema, and reading it into what ``evaluate`` uses.

    {"event": "tip.outcome", "condition": "",
     "points": {"base": {"by": "stage", "equal": {"received": 2}}, "multipliers": [{"by": "grade", "equal": {…}},
                {"percent_of": "share"}]},
     "caps": [{"per": "member", "period": "day", "unit": "points", "limit": 10}],
     "active": {"first_day": "2026-12-01", "last_day": null, "weekdays": [6, 7], "hours": [[8, 20]]},
     "pending": {"kind": "days", "days": 7}, "expiry": {"kind": "months", "count": 12, "round_to": "month"},
     "stacking": {"mode": "best", "group": "campaign"}, "visibility": "confidential"}

A base is a table, ``{"fixed": 10}`` or ``{"fact": "points"}``; a table is by ``equal`` value or by steps,
``{"by": "percent", "at_least": [[60, 10], [80, 20]]}``. Decimals are strings or JSON numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import Any

from points.earning.conditions import Condition, ConditionInvalid, known_facts
from points.earning.event_types import EVENT_TYPES
from points.earning.formulas import Formula, Table
from points.earning.periods import PERIODS, Active, Expiry, Pending
from points.earning.sentences import Sentence

MAX_POINTS = 1_000_000_000
"""The most that one award may come to; a formula that could give more is refused when saved."""
KEYS = ("event", "condition", "points", "caps", "active", "pending", "expiry", "stacking", "visibility")
VISIBILITIES = ("public", "confidential")


class DocumentInvalid(ValueError):
    """A rule document is refused; ``errors`` maps the path of each bad part to its reasons."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__(str(errors))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Cap:
    """A limit on what a rule grants, to a member or to all members together, in one period."""

    per: str
    period: str
    unit: str
    limit: int


@dataclass(frozen=True, slots=True)
class RuleDocument:
    """One version of an earning rule, ready to run."""

    event_type: str
    condition: Condition
    formula: Formula
    caps: tuple[Cap, ...]
    active: Active
    pending: Pending
    expiry: Expiry
    best_of: str | None
    """The stacking group of which only the best counts; None adds to everything else."""
    confidential: bool


class _Refused(Exception):
    """``template`` is a literal with ``%(name)s`` for its parameters: the catalogue collects it from the call."""

    def __init__(self, path: str, template: str, **params: Any) -> None:
        super().__init__(path, template)
        self.path, self.reason = path, Sentence(template, **params)


def read_document(document: Any) -> RuleDocument:
    """Read and check a rule document. Raises DocumentInvalid naming each bad part."""
    errors: dict[str, list[str]] = {}
    body = document if isinstance(document, dict) else {}
    for key in body.keys() - set(KEYS):
        errors.setdefault(str(key), []).append(Sentence("unknown field"))
    event = body.get("event")
    if not isinstance(event, str) or event not in EVENT_TYPES:
        errors.setdefault("event", []).append(Sentence("must be one of: %(choices)s", choices=", ".join(EVENT_TYPES)))
        raise DocumentInvalid(errors)
    parts: dict[str, Any] = {}
    for name, read in _READERS.items():
        try:
            parts[name] = read(body.get(name), event)
        except _Refused as refused:
            errors.setdefault(refused.path, []).append(refused.reason)
        except ConditionInvalid as invalid:
            errors.setdefault("condition", []).extend(fault.sentence for fault in invalid.faults)
    if errors:
        raise DocumentInvalid(errors)
    pending, expiry = parts["pending"], parts["expiry"]
    if pending.kind == "days" and expiry.kind == "days" and expiry.count <= pending.days:
        raise DocumentInvalid({"expiry.count": [Sentence("points would expire before they can be spent")]})
    return RuleDocument(
        event, parts["condition"], parts["points"], parts["caps"], parts["active"], pending, expiry,
        parts["stacking"], parts["visibility"] == "confidential",
    )  # fmt: skip


def _object(value: Any, path: str, known: tuple[str, ...]) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _Refused(path, "must be an object")
    for key in value:
        if key not in known:
            raise _Refused(f"{path}.{key}"[:120], "unknown field")
    return value


def _whole(value: Any, path: str, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        raise _Refused(path, "must be a whole number from %(least)s to %(most)s", least=least, most=most)
    return value


def _decimal(value: Any, path: str, bound: int = 1_000_000) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | str) or len(str(value)) > 20:
        raise _Refused(path, "must be a number")
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise _Refused(path, "must be a number") from None
    if not number.is_finite() or abs(number) > bound or -number.as_tuple().exponent > 6:  # type: ignore[operator]
        raise _Refused(path, "must be a number up to %(bound)s with at most 6 decimals", bound=bound)
    return number


def _choice(value: Any, path: str, choices: tuple[str, ...]) -> str:
    if value not in choices or not isinstance(value, str):
        raise _Refused(path, "must be one of: %(choices)s", choices=", ".join(choices))
    return value


def _read_condition(value: Any, event: str) -> Condition:
    if value is not None and not isinstance(value, str):
        raise _Refused("condition", "must be a string")
    return Condition(event, value or "")


def _read_table(value: Any, path: str, event: str) -> Table:
    body = _object(value, path, ("by", "equal", "at_least"))
    kinds = known_facts(event)
    by = _choice(body.get("by"), f"{path}.by", tuple(kinds))
    if ("equal" in body) == ("at_least" in body):
        raise _Refused(path, "needs either equal or at_least")
    if "equal" in body:
        rows = body["equal"]
        if not isinstance(rows, dict) or not 1 <= len(rows) <= 1000 or kinds[by] is float:
            raise _Refused(f"{path}.equal", "must be an object of values, for a fact that is a word or whole number")
        return Table(by, {str(key): _decimal(row, f"{path}.equal.{key}"[:120]) for key, row in rows.items()})
    steps = body["at_least"]
    if kinds[by] is str or not isinstance(steps, list) or not 1 <= len(steps) <= 1000:
        raise _Refused(f"{path}.at_least", "must be a list of [step, value], for a fact that is a number")
    read = []
    for index, step in enumerate(steps):
        if not isinstance(step, list) or len(step) != 2:
            raise _Refused(f"{path}.at_least.{index}", "must be [step, value]")
        read.append(tuple(_decimal(part, f"{path}.at_least.{index}", MAX_POINTS) for part in step))
    if any(before[0] >= after[0] for before, after in pairwise(read)):
        raise _Refused(f"{path}.at_least", "steps must rise")
    return Table(by, None, tuple(read))  # type: ignore[arg-type]


def _read_points(value: Any, event: str) -> Formula:
    body = _object(value, "points", ("base", "multipliers"))
    base, path = body.get("base"), "points.base"
    if not isinstance(base, dict):
        raise _Refused(path, "must be a table, a fixed number or a fact")
    kinds = known_facts(event)
    largest = Decimal(1_000_000)
    table = fixed = fact = None
    if "fixed" in base:
        fixed = _decimal(_object(base, path, ("fixed",))["fixed"], f"{path}.fixed")
        largest = fixed
    elif "fact" in base:
        whole = tuple(name for name, kind in kinds.items() if kind is int)
        fact = _choice(_object(base, path, ("fact",))["fact"], f"{path}.fact", whole)
    else:
        table = _read_table(base, path, event)
        largest = max(table.values())
    listed = body.get("multipliers") or []
    if not isinstance(listed, list) or len(listed) > 8:
        raise _Refused("points.multipliers", "must be a list of at most 8")
    multipliers: list[Table | str] = []
    for index, item in enumerate(listed):
        where = f"points.multipliers.{index}"
        if isinstance(item, dict) and "percent_of" in item:
            name = _object(item, where, ("percent_of",))["percent_of"]
            multipliers.append(_choice(name, f"{where}.percent_of", ("share",) if "share" in kinds else ()))
            continue
        factor = _read_table(item, where, event)
        if min(factor.values()) < 0:
            raise _Refused(where, "a multiplier must not be negative")
        largest *= max(Decimal(1), *factor.values())
        multipliers.append(factor)
    if largest > MAX_POINTS:
        raise _Refused("points", "could come to more than %(most)s", most=MAX_POINTS)
    return Formula(table, fixed, fact, tuple(multipliers))


def _read_caps(value: Any, event: str) -> tuple[Cap, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > 10:
        raise _Refused("caps", "must be a list of at most 10")
    caps = []
    for index, item in enumerate(value):
        path = f"caps.{index}"
        body = _object(item, path, ("per", "period", "unit", "limit"))
        caps.append(
            Cap(
                _choice(body.get("per"), f"{path}.per", ("member", "all")),
                _choice(body.get("period"), f"{path}.period", PERIODS),
                _choice(body.get("unit"), f"{path}.unit", ("points", "times")),
                _whole(body.get("limit"), f"{path}.limit", 0, 10**12),
            )
        )
    return tuple(caps)


def _read_day(value: Any, path: str) -> date | None:
    if value is None:
        return None
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise _Refused(path, "must be a date: 2026-12-31") from None


def _read_active(value: Any, event: str) -> Active:
    body = _object(value, "active", ("first_day", "last_day", "weekdays", "hours"))
    first, last = (
        _read_day(body.get("first_day"), "active.first_day"),
        _read_day(body.get("last_day"), "active.last_day"),
    )
    if first is not None and last is not None and last < first:
        raise _Refused("active.last_day", "must not be before first_day")
    weekdays, hours = body.get("weekdays") or [], body.get("hours") or []
    if not isinstance(weekdays, list) or not isinstance(hours, list):
        raise _Refused("active", "weekdays and hours must be lists")
    spans = []
    for index, span in enumerate(hours):
        path = f"active.hours.{index}"
        if not isinstance(span, list) or len(span) != 2:
            raise _Refused(path, "must be [from, up to]")
        start = _whole(span[0], path, 0, 23)
        spans.append((start, _whole(span[1], path, start + 1, 24)))
    days = frozenset(_whole(day, f"active.weekdays.{index}", 1, 7) for index, day in enumerate(weekdays))
    return Active(first, last, days, tuple(spans))


def _read_pending(value: Any, event: str) -> Pending:
    body = _object(value, "pending", ("kind", "days"))
    kind = _choice(body.get("kind", "none"), "pending.kind", ("none", "days", "until_confirmed"))
    return Pending(kind, _whole(body.get("days"), "pending.days", 1, 3650) if kind == "days" else 0)


def _read_expiry(value: Any, event: str) -> Expiry:
    body = _object(value, "expiry", ("kind", "count", "round_to"))
    kinds = ("end_of_next_year", "days", "months", "never")
    kind = _choice(body.get("kind", "end_of_next_year"), "expiry.kind", kinds)
    if kind not in ("days", "months"):
        return Expiry(kind)
    count = _whole(body.get("count"), "expiry.count", 1, 3650 if kind == "days" else 600)
    return Expiry(kind, count, _choice(body.get("round_to", "none"), "expiry.round_to", ("none", "month", "year")))


def _read_stacking(value: Any, event: str) -> str | None:
    body = _object(value, "stacking", ("mode", "group"))
    if _choice(body.get("mode", "sum"), "stacking.mode", ("sum", "best")) == "sum":
        return None
    group = body.get("group")
    if not isinstance(group, str) or not 1 <= len(group) <= 60:
        raise _Refused("stacking.group", "must be a name of 1 to 60 characters")
    return group


def _read_visibility(value: Any, event: str) -> str:
    return _choice(value, "visibility", VISIBILITIES)


_READERS = {
    "condition": _read_condition,
    "points": _read_points,
    "caps": _read_caps,
    "active": _read_active,
    "pending": _read_pending,
    "expiry": _read_expiry,
    "stacking": _read_stacking,
    "visibility": _read_visibility,
}
