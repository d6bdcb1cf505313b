"""Pure: what two replays of the same history come to: totals, who gains and loses, the largest changes.

Sources are confidential: a group of fewer than ``LEAST`` members is not told apart from others.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from heapq import nlargest
from typing import Any

LEAST = 20
GROUPS = 10
LARGEST = 10


@dataclass(slots=True)
class Totals:
    """Points per member under both sides, in little memory: a member is a place in two arrays."""

    places: dict[str, int] = field(default_factory=dict)
    before: array[int] = field(default_factory=lambda: array("q"))
    after: array[int] = field(default_factory=lambda: array("q"))

    def add(self, member_id: str, before: int, after: int) -> None:
        """Count a change of a member's points under each side."""
        place = self.places.get(member_id)
        if place is None:
            place = self.places[member_id] = len(self.before)
            self.before.append(0)
            self.after.append(0)
        self.before[place] += before
        self.after[place] += after

    def by_member(self) -> dict[str, tuple[int, int]]:
        """Both figures of each member."""
        return {member: (self.before[place], self.after[place]) for member, place in self.places.items()}


def spread(totals: Totals) -> dict[str, Any]:
    """Who gains and loses: in all, and by groups of members from the least earning to the most (deciles).

    There are fewer than ten groups when they would be smaller than 20 members, and none below that.
    """
    pairs = sorted(zip(totals.before, totals.after, strict=True))
    members = len(pairs)
    gain = [after - before for before, after in pairs if after > before]
    lose = [after - before for before, after in pairs if after < before]
    shown = members >= LEAST
    return {
        "members": members,
        "gain": {"members": len(gain) if shown else None, "points": sum(gain) if shown else None},
        "lose": {"members": len(lose) if shown else None, "points": sum(lose) if shown else None},
        "groups": _groups(pairs) if shown else [],
        "suppressed": not shown,
    }


def _groups(pairs: list[tuple[int, int]]) -> list[dict[str, int]]:
    count = min(GROUPS, len(pairs) // LEAST)
    found = []
    for number in range(count):
        part = pairs[number * len(pairs) // count : (number + 1) * len(pairs) // count]
        found.append(
            {
                "group": number + 1,
                "members": len(part),
                "before_points": sum(before for before, _ in part),
                "after_points": sum(after for _, after in part),
                "gain": sum(after > before for before, after in part),
                "lose": sum(after < before for before, after in part),
            }
        )
    return found


def largest(totals: Totals, *, named: bool) -> list[dict[str, Any]]:
    """The ten largest changes. Members are named only when no confidential rule is involved.

    Without names the list is empty below 20 members: one could be guessed.
    """
    if not named and len(totals.before) < LEAST:
        return []
    before, after = totals.before, totals.after
    changed = ((abs(after[place] - before[place]), member, place) for member, place in totals.places.items())
    top = nlargest(LARGEST, (entry for entry in changed if entry[0]))
    return [
        {
            "member": member if named else None,
            "before_points": before[place],
            "after_points": after[place],
            "change_points": after[place] - before[place],
        }
        for _size, member, place in top
    ]
