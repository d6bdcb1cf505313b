"""Pure: the lines that say why an award is what it is; stored as code and parameters, canonical in English."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

FORMS = {
    "base": "{0} {1}: {2}",
    "percent": "score {0} %: {1}",
    "streak": "{0} days in a row: {1}",
    "streak_day": "day {0} of the streak: {1}",
    "base_member": "{0}: {2}",
    "times_member": "{0}: × {2}",
    "given_member": "{0}",
    "campaign": "campaign {0}: × {3}",
    "kept": "not all can be taken back: {0}",
    "appeal": "takes effect after {0} days, unless staff decide otherwise",
    "adjusted": "changed by staff: {0}",
    "cancelled": "cancelled by staff",
    "budget_stop": "the budget leaves {0}",
    "budget_pend": "the budget is used up: waits to be confirmed",
    "times": "{0} {1}: × {2}",
    "share": "share {0} %: × {1}",
    "fixed": "each time: {0}",
    "given": "points given: {0}",
    "diminishing": "award {0} of the {1}: × {2}",
    "cap_points": "at most {0} points per {1}: {2}",
    "cap_times": "at most {0} times per {1}: {2}",
}
"""Canonical English by code; reporting systems get it, so it leaves out what the mall alone knows of a member.
``points.earning.explain_display`` has the same codes in the reader's language."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an explanation."""

    code: str
    params: tuple[str, ...]

    @property
    def text(self) -> str:
        """The line in English, as the API gives it: ``stage adopted: 20``."""
        return FORMS[self.code].format(*self.params)

    def stored(self) -> list[str]:
        """The line as JSON keeps it."""
        return [self.code, *self.params]

    @classmethod
    def read(cls, stored: list[Any]) -> Line:
        """Undo ``stored``."""
        return cls(stored[0], tuple(stored[1:]))
