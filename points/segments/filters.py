"""Pure: what a segment asks of a member, and whether one meets it.

``earned_points`` are public points (design, section 7): a filter over all of them would give the tips away. What a
filter asks of somebody's tips is told apart from the rest, because whoever serves orders may not read them: the
database answers yes or no (``points.segments.tip_record``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

RANGES: dict[str, tuple[int, int]] = {
    "level": (1, 5),
    "days_of_membership": (0, 36_500),
    "earned_points": (0, 10**12),
    "effectiveness": (0, 100),
    "adopted_tips": (0, 1_000_000),
}
"""Facts by the least and the most that a filter may ask for, both included. Effectiveness in percent."""
STANDING_FACTS = ("level", "days_of_membership", "earned_points")


@dataclass(frozen=True, slots=True)
class TipBounds:
    """What a member's tips of the window must come to, all ends included; percent is smoothed effectiveness."""

    percent_from: int = 0
    percent_to: int = 100
    adopted_from: int = 0
    adopted_to: int = RANGES["adopted_tips"][1]


EVERYBODY = TipBounds()
TipsMeet = Callable[[TipBounds], bool]


@dataclass(frozen=True, slots=True)
class Who:
    """A member as segments see one. ``joined_on``: in the mall's zone."""

    level: int
    days_of_membership: int
    earned_points: int
    joined_on: date
    household: str | None


@dataclass(frozen=True, slots=True)
class Filter:
    """A segment's filter: spans of facts (both ends included), days of joining (likewise) and households."""

    spans: Mapping[str, tuple[int, int]]
    tips: TipBounds = EVERYBODY
    joined_from: date | None = None
    joined_to: date | None = None
    households: frozenset[str] = frozenset()

    @property
    def asks_tips(self) -> bool:
        """Whether it asks anything of tips."""
        return self.tips != EVERYBODY

    def holds(self, who: Who, tips_meet: TipsMeet) -> bool:
        """Whether a member is in the segment. ``tips_meet`` is asked only when all the rest holds."""
        for fact, (least, most) in self.spans.items():
            if not least <= getattr(who, fact) <= most:
                return False
        if self.joined_from is not None and who.joined_on < self.joined_from:
            return False
        if self.joined_to is not None and who.joined_on > self.joined_to:
            return False
        if self.households and who.household not in self.households:
            return False
        return not self.asks_tips or tips_meet(self.tips)


def read_filter(stored: Mapping[str, Any]) -> Filter:
    """A filter from its stored form: the two ends of facts and of the day of joining, and households."""
    spans = {}
    for fact in STANDING_FACTS:
        if f"{fact}_from" in stored or f"{fact}_to" in stored:
            spans[fact] = _span(stored, fact)
    return Filter(
        spans, TipBounds(*_span(stored, "effectiveness"), *_span(stored, "adopted_tips")),
        _day(stored.get("joined_from")), _day(stored.get("joined_to")), frozenset(stored.get("households", ())),
    )  # fmt: skip


def crossed(stored: Mapping[str, Any]) -> list[str]:
    """Names of upper ends that lie under their lower ends."""
    names = [*RANGES, "joined"]
    return [
        f"{name}_to" for name in names
        if f"{name}_from" in stored and f"{name}_to" in stored and stored[f"{name}_to"] < stored[f"{name}_from"]
    ]  # fmt: skip


def _span(stored: Mapping[str, Any], fact: str) -> tuple[int, int]:
    least, most = RANGES[fact]
    return stored.get(f"{fact}_from", least), stored.get(f"{fact}_to", most)


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
