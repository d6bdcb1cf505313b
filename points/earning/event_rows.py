"""Pure: what the store hands out and takes: events as they are kept, and as they are to be written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from points.earning.case_states import AwardLine
from points.earning.event_types import EventIn, FactValue
from points.earning.keys import public_id, wire_moment
from points.earning.periods import FOREVER


@dataclass(slots=True)
class Item:
    """An event on its way through a booking."""

    event: EventIn
    event_key: bytes
    fingerprint: bytes
    member_hash: bytes
    member_id: str = ""
    case_key: bytes = b""


@dataclass(frozen=True, slots=True)
class KnownEvent:
    """An event booked before."""

    event_key: bytes
    fingerprint: bytes
    status: str
    points: int
    reason: str | None
    awards: list[dict[str, Any]]

    def body(self, event_id: str) -> dict[str, Any]:
        """The answer the event was given."""
        return event_body(self.event_key, event_id, self.status, self.points, self.awards, self.reason)


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event to be written."""

    item: Item
    arrival: int
    status: str
    points: int
    reason: str | None
    awards: list[dict[str, Any]]

    def known(self) -> KnownEvent:
        """The same, as a repeat in the same batch finds it."""
        return KnownEvent(
            self.item.event_key, self.item.fingerprint, self.status, self.points, self.reason, self.awards
        )


@dataclass(frozen=True, slots=True)
class CaseEvent:
    """An event of a case, as a reversal looks at it."""

    event_key: bytes
    occurred_at: datetime
    arrival: int
    facts: dict[str, FactValue]


def event_body(
    event_key: bytes,
    event_id: str,
    status: str,
    points: int,
    awards: list[dict[str, Any]],
    reason: str | None,
) -> dict[str, Any]:
    """A credit event as the API gives it (docs/api.md, "Reporting systems")."""
    body: dict[str, Any] = {
        "id": public_id(event_key),
        "event_id": event_id,
        "status": status,
        "points": points,
        "awards": awards,
    }
    if reason is not None:
        body["reason"] = reason
    return body


def award_body(line: AwardLine) -> dict[str, Any]:
    """An award as the API gives it."""
    award = line.award
    expires_at = award.expires_at if award is not None and award.expires_at != FOREVER else None
    return {
        "rule": line.rule_key,
        "rule_version": line.rule_version,
        "points": line.points,
        "available_at": wire_moment(award.available_at) if award is not None else None,
        "expires_at": wire_moment(expires_at),
        "explanation": line.explanation,
    }
