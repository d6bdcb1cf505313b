"""Pure: the twenty badges, what each asks for, and which of them nobody else may ever see.

A badge for tips tells that its holder gives tips (design, section 7): it is private, shown to its holder alone after
the password, never named in a notice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Badge:
    """A badge: reached when the member's figure ``fact`` comes to ``goal``. ``code`` names its picture too.

    One that is not ``active`` is earned by nobody any more; who has it keeps it.
    """

    code: str
    fact: str
    goal: int
    private: bool = False
    active: bool = True


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a member is. ``done``: the figure, no more than the goal."""

    badge: Badge
    done: int
    earned: bool

    @property
    def percent(self) -> int:
        """The share of the goal that is done, 0 to 100."""
        return 100 if self.earned else self.done * 100 // self.badge.goal


CATALOGUE = (
    Badge("streak-7", "check_in_streak", 7),
    Badge("streak-30", "check_in_streak", 30),
    Badge("streak-100", "check_in_streak", 100),
    Badge("check-ins-200", "check_ins", 200),
    Badge("quizzes-10", "quizzes", 10),
    Badge("full-marks-1", "full_marks", 1),
    Badge("full-marks-5", "full_marks", 5),
    Badge("full-marks-20", "full_marks", 20),
    Badge("redeemed-1", "redemptions", 1),
    Badge("redeemed-10", "redemptions", 10),
    Badge("donated-1", "donations", 1),
    Badge("donated-10", "donations", 10),
    Badge("member-30", "membership_days", 30),
    Badge("member-365", "membership_days", 365),
    Badge("member-1095", "membership_days", 1095),
    Badge("tips-adopted-1", "tips_adopted", 1, private=True),
    Badge("tips-adopted-10", "tips_adopted", 10, private=True),
    Badge("tips-adopted-50", "tips_adopted", 50, private=True),
    Badge("tips-solved-1", "tips_solved", 1, private=True),
    Badge("tips-solved-10", "tips_solved", 10, private=True),
)
BY_CODE = {badge.code: badge for badge in CATALOGUE}
Figures = Mapping[str, int]


def reached(figures: Figures, badges: Iterable[Badge] = CATALOGUE) -> list[str]:
    """The codes of every badge that is given and that ``figures`` are enough for."""
    return [badge.code for badge in badges if badge.active and figures.get(badge.fact, 0) >= badge.goal]


def progress(
    figures: Figures, earned: Collection[str], *, private: bool, badges: Iterable[Badge] = CATALOGUE
) -> list[Progress]:
    """All badges that are given or were earned, with how far they are; ``private``: those too that are for
    their holder's eyes alone.

    What was earned stays earned, also when the figure has fallen since.
    """
    return [
        Progress(badge, min(max(figures.get(badge.fact, 0), 0), badge.goal), badge.code in earned)
        for badge in badges
        if (private or not badge.private) and (badge.active or badge.code in earned)
    ]
