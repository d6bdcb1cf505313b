"""What a quiz pays by score, asked of the earning rules in force: the quiz itself has no points of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from mall.db import cursor
from points.earning.evaluate import dry_run
from points.earning.event_types import Facts
from points.earning.rules import rule_set
from points.quizzes.cases import EVENT_TYPE
from points.quizzes.grading import percent_of


@dataclass(frozen=True, slots=True)
class Worth:
    """Points for each score from 0 to all right, before caps."""

    by_score: tuple[int, ...]

    @property
    def max_points(self) -> int:
        """The most a member can get."""
        return max(self.by_score)

    @property
    def tiers(self) -> list[tuple[int, int]]:
        """``(percent, points)`` wherever a better score pays more."""
        full = len(self.by_score) - 1
        return [
            (percent_of(score, full), self.by_score[score])
            for score in range(1, full + 1)
            if self.by_score[score] > self.by_score[score - 1]
        ]


def worth_of(tx: Session, question_count: int, now: datetime, zone: ZoneInfo) -> Worth:
    """What a quiz of ``question_count`` questions pays at ``now``."""
    rules = rule_set(cursor(tx))
    return Worth(
        tuple(
            sum(
                award.points
                for award in dry_run(rules, Facts(EVENT_TYPE, now, {"score": score, "max_score": question_count}), zone)
            )
            for score in range(question_count + 1)
        )
    )
