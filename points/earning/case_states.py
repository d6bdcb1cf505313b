"""Pure: a case and its awards as they stand, and what settling one says."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from points.earning.evaluate import AwardWorth
from points.earning.event_types import EVENT_TYPES, Deciding


class Book(Protocol):
    """What booking needs of a ledger book."""

    def credit(self, points: int, *, expires_at: datetime, occurred_at: datetime, award_id: str, label: str,
               available_at: datetime | None, until_confirmed: bool) -> Any: ...  # fmt: skip

    def clawback(self, points: int, *, occurred_at: datetime, award_id: str, label: str) -> Any: ...

    def within_reach(self, award_id: str | None, *, waiting_only: bool) -> int: ...


@dataclass(slots=True)
class AwardState:
    """What one rule grants for a case. ``available_at`` None: waits to be confirmed."""

    award_id: str
    rule_key: str
    rule_version: int
    points: int
    explanation: list[list[str]]
    available_at: datetime | None
    expires_at: datetime
    confidential: bool
    label: str
    number: int = 0
    """Which of the member's awards of its rule in the period it is; 0 where nothing diminishes."""

    def waits(self, now: datetime) -> bool:
        """Whether its points cannot be spent yet."""
        return self.available_at is None or self.available_at > now


@dataclass(slots=True)
class CaseState:
    """A case as it stands; see ``points.earning.source_models.Case``."""

    case_key: bytes
    source_id: str
    member_id: str
    type: str
    anchor_at: datetime
    arrivals: int = 0
    deciding_event: bytes | None = None
    deciding_at: datetime | None = None
    worth: int = 0
    awards: dict[str, AwardState] = field(default_factory=dict)

    def decided_by(self, occurred_at: datetime, worth: int) -> bool:
        """Whether an event that arrives now takes over the decision."""
        if self.deciding_event is None or self.deciding_at is None:
            return True
        if EVENT_TYPES[self.type].deciding is Deciding.LATEST:
            return occurred_at >= self.deciding_at
        return worth > self.worth


@dataclass(frozen=True, slots=True)
class AwardLine:
    """What a rule now grants, as an answer shows it."""

    award: AwardState | None
    rule_key: str
    rule_version: int
    points: int
    explanation: list[str]


@dataclass(frozen=True, slots=True)
class Change:
    """What settling a case did. ``public_points``: the part that counts for levels."""

    points: int
    public_points: int
    lines: list[AwardLine]
    reason: str | None
    waits: bool


@dataclass(slots=True)
class Wanted:
    """What a rule is to grant for a case from now on; ``worth`` None: nothing any more."""

    key: str
    worth: AwardWorth | None
    granted: int
    stored: list[list[str]]
    number: int = 0
    waits: bool = False
    """Whether what is added has to be confirmed: a budget is used up, or its campaign is reviewed."""


@dataclass(frozen=True, slots=True)
class Deferred:
    """Points that malice will cost a member unless staff decide otherwise, and the days in which to answer."""

    member_id: str
    rule_key: str
    points: int
    days: int
