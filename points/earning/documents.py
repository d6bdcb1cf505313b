"""Pure: a rule version as a JSON document: its schema, and reading it into what ``evaluate`` uses.

    {"event": "tip.outcome", "condition": "",
     "points": {"base": {"by": "stage", "equal": {"received": 2}}, "multipliers": [{"by": "grade", "equal": {…}},
                {"percent_of": "share"}]},
     "caps": [{"per": "member", "period": "day", "unit": "points", "limit": 10}],
     "corroboration": {"first": 100, "corroborating": 40, "duplicate": 10},
     "diminishing": {"per": "day", "factors": ["1", "0.5"], "then": "0"},
     "active": {"first_day": "2026-12-01", "last_day": null, "weekdays": [6, 7], "hours": [[8, 20]]},
     "pending": {"kind": "days", "days": 7}, "expiry": {"kind": "months", "count": 12, "round_to": "month"},
     "stacking": {"mode": "best", "group": "campaign"},
     "clawback": {"good_faith": "within_balance", "malice": "into_debt", "appeal_days": 7},
     "visibility": "confidential"}

A base is a table, ``{"fixed": 10}`` or ``{"fact": "points"}``; a table is by ``equal`` value or by steps,
``{"by": "percent", "at_least": [[60, 10], [80, 20]]}``. Decimals are strings or JSON numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise
from typing import Any

from points.earning.conditions import Condition, ConditionInvalid, known_facts
from points.earning.event_types import EVENT_TYPES, MEMBER_FACTS
from points.earning.formulas import Formula, Table
from points.earning.limits import (
    ALL_INTO_DEBT,
    Cap,
    Clawback,
    Diminishing,
    read_caps,
    read_clawback,
    read_corroboration,
    read_diminishing,
)
from points.earning.periods import Active, Expiry, Pending
from points.earning.reading import Refused, choice, decimal_of, object_of, read_active, whole
from points.earning.sentences import Sentence

MAX_POINTS = 1_000_000_000
"""The most that one award may come to; a formula that could give more is refused when saved."""
KEYS = (
    "event", "condition", "points", "caps", "corroboration", "diminishing", "active", "pending", "expiry", "stacking",
    "clawback", "visibility",
)  # fmt: skip
VISIBILITIES = ("public", "confidential")


class DocumentInvalid(ValueError):
    """A rule document is refused; ``errors`` maps the path of each bad part to its reasons."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__(str(errors))
        self.errors = errors


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
    diminishing: Diminishing | None = None
    clawback: Clawback = ALL_INTO_DEBT

    @property
    def counted(self) -> bool:
        """Whether what it grants is counted, because earlier grants limit later ones."""
        return bool(self.caps) or self.diminishing is not None

    @property
    def member_facts(self) -> frozenset[str]:
        """What it needs to know of members (``points.earning.event_types.MEMBER_FACTS``)."""
        return self.condition.mentions(MEMBER_FACTS) | self.formula.facts().intersection(MEMBER_FACTS)


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
        except Refused as refused:
            errors.setdefault(refused.path, []).append(refused.reason)
        except ConditionInvalid as invalid:
            errors.setdefault("condition", []).extend(fault.sentence for fault in invalid.faults)
    if errors:
        raise DocumentInvalid(errors)
    if parts["corroboration"] is not None:
        formula = parts["points"]
        parts["points"] = replace(formula, multipliers=(*formula.multipliers, parts["corroboration"]))
    pending, expiry = parts["pending"], parts["expiry"]
    if pending.kind == "days" and expiry.kind == "days" and expiry.count <= pending.days:
        raise DocumentInvalid({"expiry.count": [Sentence("points would expire before they can be spent")]})
    return RuleDocument(
        event, parts["condition"], parts["points"], parts["caps"], parts["active"], pending, expiry,
        parts["stacking"], parts["visibility"] == "confidential", parts["diminishing"], parts["clawback"],
    )  # fmt: skip


def _read_condition(value: Any, event: str) -> Condition:
    if value is not None and not isinstance(value, str):
        raise Refused("condition", "must be a string")
    return Condition(event, value or "")


def _read_table(value: Any, path: str, event: str) -> Table:
    body = object_of(value, path, ("by", "equal", "at_least"))
    kinds = known_facts(event)
    by = choice(body.get("by"), f"{path}.by", tuple(kinds))
    if ("equal" in body) == ("at_least" in body):
        raise Refused(path, "needs either equal or at_least")
    if "equal" in body:
        rows = body["equal"]
        if not isinstance(rows, dict) or not 1 <= len(rows) <= 1000 or kinds[by] is float:
            raise Refused(f"{path}.equal", "must be an object of values, for a fact that is a word or whole number")
        return Table(by, {str(key): decimal_of(row, f"{path}.equal.{key}"[:120]) for key, row in rows.items()})
    steps = body["at_least"]
    if kinds[by] is str or not isinstance(steps, list) or not 1 <= len(steps) <= 1000:
        raise Refused(f"{path}.at_least", "must be a list of [step, value], for a fact that is a number")
    read = []
    for index, step in enumerate(steps):
        if not isinstance(step, list) or len(step) != 2:
            raise Refused(f"{path}.at_least.{index}", "must be [step, value]")
        read.append(tuple(decimal_of(part, f"{path}.at_least.{index}", MAX_POINTS) for part in step))
    if any(before[0] >= after[0] for before, after in pairwise(read)):
        raise Refused(f"{path}.at_least", "steps must rise")
    return Table(by, None, tuple(read))  # type: ignore[arg-type]


def _read_points(value: Any, event: str) -> Formula:
    body = object_of(value, "points", ("base", "multipliers"))
    base, path = body.get("base"), "points.base"
    if not isinstance(base, dict):
        raise Refused(path, "must be a table, a fixed number or a fact")
    kinds = known_facts(event)
    largest = Decimal(1_000_000)
    table = fixed = fact = None
    if "fixed" in base:
        fixed = decimal_of(object_of(base, path, ("fixed",))["fixed"], f"{path}.fixed")
        largest = fixed
    elif "fact" in base:
        whole = tuple(name for name, kind in kinds.items() if kind is int)
        fact = choice(object_of(base, path, ("fact",))["fact"], f"{path}.fact", whole)
    else:
        table = _read_table(base, path, event)
        largest = max(table.values())
    listed = body.get("multipliers") or []
    if not isinstance(listed, list) or len(listed) > 8:
        raise Refused("points.multipliers", "must be a list of at most 8")
    multipliers: list[Table | str] = []
    for index, item in enumerate(listed):
        where = f"points.multipliers.{index}"
        if isinstance(item, dict) and "percent_of" in item:
            name = object_of(item, where, ("percent_of",))["percent_of"]
            multipliers.append(choice(name, f"{where}.percent_of", ("share",) if "share" in kinds else ()))
            continue
        factor = _read_table(item, where, event)
        if min(factor.values()) < 0:
            raise Refused(where, "a multiplier must not be negative")
        largest *= max(Decimal(1), *factor.values())
        multipliers.append(factor)
    if largest > MAX_POINTS:
        raise Refused("points", "could come to more than %(most)s", most=MAX_POINTS)
    return Formula(table, fixed, fact, tuple(multipliers))


def _read_pending(value: Any, event: str) -> Pending:
    body = object_of(value, "pending", ("kind", "days"))
    kind = choice(body.get("kind", "none"), "pending.kind", ("none", "days", "until_confirmed"))
    return Pending(kind, whole(body.get("days"), "pending.days", 1, 3650) if kind == "days" else 0)


def _read_expiry(value: Any, event: str) -> Expiry:
    body = object_of(value, "expiry", ("kind", "count", "round_to"))
    kinds = ("end_of_next_year", "days", "months", "never")
    kind = choice(body.get("kind", "end_of_next_year"), "expiry.kind", kinds)
    if kind not in ("days", "months"):
        return Expiry(kind)
    count = whole(body.get("count"), "expiry.count", 1, 3650 if kind == "days" else 600)
    return Expiry(kind, count, choice(body.get("round_to", "none"), "expiry.round_to", ("none", "month", "year")))


def _read_stacking(value: Any, event: str) -> str | None:
    body = object_of(value, "stacking", ("mode", "group"))
    if choice(body.get("mode", "sum"), "stacking.mode", ("sum", "best")) == "sum":
        return None
    group = body.get("group")
    if not isinstance(group, str) or not 1 <= len(group) <= 60:
        raise Refused("stacking.group", "must be a name of 1 to 60 characters")
    return group


def _read_visibility(value: Any, event: str) -> str:
    return choice(value, "visibility", VISIBILITIES)


_READERS: dict[str, Callable[[Any, str], Any]] = {
    "condition": _read_condition,
    "points": _read_points,
    "caps": lambda value, event: read_caps(value),
    "corroboration": read_corroboration,
    "diminishing": lambda value, event: read_diminishing(value),
    "active": lambda value, event: read_active(value),
    "pending": _read_pending,
    "expiry": _read_expiry,
    "stacking": _read_stacking,
    "clawback": lambda value, event: read_clawback(value),
    "visibility": _read_visibility,
}
