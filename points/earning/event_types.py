"""Pure: the kinds of credit events, the facts each one carries, and which event of a case decides it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

STAGES = ("received", "adopted", "solved", "rejected", "overturned", "malicious")
MAX_GRADE = 5
MAX_EXPLICIT_POINTS = 1_000_000
FactValue = int | str


class Deciding(StrEnum):
    """Which of a case's events says what the case is worth (docs/api.md, "Cases")."""

    LATEST = "latest"
    """The latest by ``occurred_at``; equal times by arrival."""
    BEST = "best"
    """The one worth most; among equals the first that arrived."""


@dataclass(frozen=True, slots=True)
class EventType:
    """A kind of credit event."""

    name: str
    facts: dict[str, type]
    """What formulas and conditions may look at, besides the moment."""
    deciding: Deciding
    not_deciding_reason: str
    """The ``reason`` of an event that changes nothing because another one decides its case."""


EVENT_TYPES: dict[str, EventType] = {
    kind.name: kind
    for kind in (
        EventType("tip.outcome", {"stage": str, "grade": int, "share": int}, Deciding.LATEST, "superseded"),
        EventType("member.login", {}, Deciding.BEST, "already_awarded"),
        EventType("quiz.result", {"score": int, "max_score": int, "percent": float}, Deciding.BEST, "not_best"),
        EventType("activity.attended", {}, Deciding.BEST, "already_awarded"),
        EventType("points.credit", {"points": int, "label": str}, Deciding.BEST, "already_awarded"),
        EventType("check.in", {"streak": int, "streak_day": int}, Deciding.BEST, "already_awarded"),
        EventType("streak.reached", {"streak": int}, Deciding.BEST, "already_awarded"),
    )
}
INTERNAL_TYPES = frozenset({"check.in", "streak.reached"})
"""Only the mall itself books these."""
COMMON_FACTS: dict[str, type] = {"weekday": int, "hour": int}
"""Known of every event: Monday is 1; the hour is 0 to 23; both in the mall's zone."""


MEMBER_FACTS: dict[str, type] = {
    "level": int, "days_of_membership": int, "effectiveness": int, "adopted_tips": int, "adopted_tips_month": int,
}  # fmt: skip
"""Known of the event's member at the booking, and kept with the event: the level by public points, whole days since
the account was opened, effectiveness in percent, tips adopted in its window and in the calendar month."""
REPORTS = ("first", "corroborating", "duplicate")
"""What a member's report of a tip can be; kept with the event as the fact ``report``."""
UNKNOWN_MEMBER: dict[str, FactValue] = dict.fromkeys(MEMBER_FACTS, 0)
"""What rules see of the member of an event booked while no rule asked."""


@dataclass(frozen=True, slots=True)
class EventIn:
    """An inbound fact, read and checked. ``member`` is the source's own id, for the mall's own sources ours."""

    event_id: str
    type: str
    member: str
    occurred_at: datetime
    subject: str | None = None
    """What the event is about in the source's words: the case, the quiz, the activity."""
    facts: dict[str, FactValue] = field(default_factory=dict)
    case_of: str | None = None
    """Whose case it is, where not ``member``'s: that of an account merged into theirs."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What rules may look at: the same for booking, explaining and back-testing."""

    type: str
    occurred_at: datetime
    values: dict[str, FactValue]


@dataclass(frozen=True, slots=True)
class EventSource:
    """Who reports. Every reporting system is one source; the mall's own acts are sources of their own."""

    source_id: str
    internal: bool = False
    label: str = "points"
    """The label of the ledger's postings; one neutral word for all that reporting systems pay."""
    may_credit: bool = False
    """Whether ``points.credit`` is allowed (scope ``credits:explicit``)."""
    daily_cap_points: int | None = None
    promised: bool = False
    """Whether its points were promised before: budgets count them and never stop them."""
    held: bool = False
    """Whether what its events bring waits until staff confirm it, whatever the rule says."""
