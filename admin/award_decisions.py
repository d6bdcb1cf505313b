"""Decisions on awards as the back office takes them: results of quizzes that waited for an award follow it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from mall.errors import MallError
from points.earning.award_decisions import Decision, decide_awards
from points.earning.case_states import AwardState
from points.earning.versions import By
from points.quizzes.review import follow_awards


def decide(tx: Session, decisions: Sequence[Decision], by: By) -> list[AwardState | MallError]:
    """Decide on awards, and on the results of quizzes that waited for them; what became of each award."""
    outcomes = decide_awards(tx, decisions, by)
    decided = [outcome.award_id for outcome in outcomes if not isinstance(outcome, MallError)]
    if decided:
        follow_awards(tx, decided, by, decisions[0].reason)
    return outcomes


def decide_one(tx: Session, decision: Decision, by: By) -> AwardState:
    """The same for one award. Raises NotFound, Conflict ``award_not_pending``, Invalid."""
    outcome = decide(tx, [decision], by)[0]
    if isinstance(outcome, MallError):
        raise outcome
    return outcome
