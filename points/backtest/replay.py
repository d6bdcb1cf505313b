"""Pure: replaying the history of one kind of event under a set of rules, through the code that books.

``RuleSet``, ``Settler`` and ``Counters`` are those of the booking; only the ledger is left out: a ``Tally``
takes the credits and clawbacks. So a replay under the published rules comes to what the ledger holds, as far
as rules decided it (what staff adjusted, confirmed or cancelled by hand is not replayed).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from points.earning.caps import Counters
from points.earning.case_states import CaseState
from points.earning.cases import Settler
from points.earning.decide import decide
from points.earning.evaluate import RuleSet
from points.earning.event_rows import CaseEvent
from points.earning.event_types import EventSource, Facts, FactValue

NOBODY = EventSource("")
EVERYTHING = 10**18


@dataclass(slots=True)
class Op:
    """One thing that happened: an event was booked or, with ``leaves``, reversed."""

    leaves: bool
    event_key: bytes
    case_key: bytes
    member_id: str
    occurred_at: datetime
    posted_at: datetime
    facts: dict[str, FactValue]
    anchor_at: datetime
    last: bool
    """Nothing more happens to this case: it need not be remembered."""
    remaining: list[CaseEvent] = field(default_factory=list)
    """For one that leaves: the case's other events at that moment."""


@dataclass(slots=True)
class Tally:
    """Stands where the ledger's book stands: counts points instead of booking them.

    ``live_points``: those that would still be there at ``as_of``, as far as expiry alone is concerned.
    """

    as_of: datetime
    live_points: int = 0

    def credit(self, points: int, *, expires_at: datetime, **_rest: Any) -> None:
        """Points granted."""
        if expires_at > self.as_of:
            self.live_points += points

    def clawback(self, points: int, **_rest: Any) -> None:
        """Points taken back."""
        self.live_points -= points

    def within_reach(self, award_id: str | None, *, waiting_only: bool) -> int:
        """Everything: what had been spent by then is not replayed, so nothing is left for want of balance."""
        return EVERYTHING


class Side:
    """A replay under one set of rules. ``rule_key`` is the rule whose own grants are told apart."""

    def __init__(self, rules: RuleSet, event_type: str, rule_key: str, zone: ZoneInfo, as_of: datetime) -> None:
        self.rules, self.event_type, self.rule_key, self.zone = rules, event_type, rule_key, zone
        self.tally = Tally(as_of)
        self._cases: dict[bytes, CaseState] = {}
        self._settler = Settler(rules, Counters(), zone, as_of, lambda _kind: "")

    def forget(self) -> None:
        """Drop all cases and counters: what follows has nothing to do with what was."""
        self._cases.clear()
        self._settler.counters = Counters()

    def play(self, op: Op) -> tuple[int, int]:
        """What the op changes: points in all, and points of ``rule_key``."""
        settler = self._settler
        settler.now = op.posted_at
        case = self._cases.pop(op.case_key, None)
        if case is None:
            case = CaseState(op.case_key, "", op.member_id, self.event_type, op.anchor_at)
        before = self._granted(case)
        total = self._leave(case, op) if op.leaves else self._arrive(case, op)
        after = self._granted(case)
        for award in case.awards.values():
            award.explanation = []  # nobody reads it here, and it is most of a case's memory
        settler.touched.clear()
        settler.counters.changed.clear()
        if not op.last:
            self._cases[op.case_key] = case
        return total, after - before

    def _arrive(self, case: CaseState, op: Op) -> int:
        worths = self.rules.worth(Facts(self.event_type, op.occurred_at, op.facts), self.zone)
        change = self._settler.arrive(case, op.event_key, op.occurred_at, worths, NOBODY, self.tally)
        return change.points if change is not None else 0

    def _leave(self, case: CaseState, op: Op) -> int:
        if case.deciding_event != op.event_key:
            return 0
        decider, worths = decide(case, op.remaining, self.rules, self.zone)
        change = self._settler.settle(case, worths, NOBODY, self.tally, op.occurred_at)
        case.deciding_event = decider.event_key if decider else None
        case.deciding_at = decider.occurred_at if decider else None
        return change.points

    def _granted(self, case: CaseState) -> int:
        award = case.awards.get(self.rule_key)
        return award.points if award is not None else 0
