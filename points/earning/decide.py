"""Pure: which of a case's events decides it once one has left; for reversals, and for replaying them."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from points.earning.case_states import CaseState
from points.earning.evaluate import AwardWorth, RuleSet
from points.earning.event_rows import CaseEvent
from points.earning.event_types import EVENT_TYPES, Deciding, Facts


def decide(
    case: CaseState, events: Sequence[CaseEvent], rules: RuleSet, zone: ZoneInfo
) -> tuple[CaseEvent | None, list[AwardWorth]]:
    """The event that decides the case among ``events``, and what it is worth; None and nothing without events."""

    def worth(event: CaseEvent) -> list[AwardWorth]:
        return rules.worth(Facts(case.type, event.occurred_at, event.facts), zone)

    if not events:
        return None, []
    if EVENT_TYPES[case.type].deciding is Deciding.LATEST:
        latest = max(events, key=lambda event: (event.occurred_at, event.arrival))
        return latest, worth(latest)
    valued = [(sum(award.points for award in worth(event)), -event.arrival, event) for event in events]
    best = max(valued, key=lambda entry: entry[:2])[2]
    return best, worth(best)
