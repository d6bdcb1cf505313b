"""Decisions on awards as the back office takes them: results of quizzes that waited for an award follow it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from mall.errors import MallError
from points.earning.award_decisions import Decision, decide_awards
from points.earning.award_lists import AwardFilter, waiting_ids
from points.earning.case_states import AwardState
from points.earning.versions import By
from points.quizzes.cases import cases_of_quiz
from points.quizzes.review import follow_awards


def decide(tx: Session, decisions: Sequence[Decision], by: By) -> list[AwardState | MallError]:
    """Decide on awards, and on the results of quizzes that waited for them; what became of each award."""
    outcomes = decide_awards(tx, decisions, by)
    decided = [outcome.award_id for outcome in outcomes if not isinstance(outcome, MallError)]
    if decided:
        follow_awards(tx, decided, by, decisions[0].reason)
    return outcomes


def awards_wanted(tx: Session, asked: Mapping[str, Any]) -> AwardFilter:
    """The awards that wait of a ``rule``, a ``campaign`` and a ``quiz``, of each if it is asked for."""
    cases = cases_of_quiz(tx, asked["quiz"]) if asked.get("quiz") else None
    return AwardFilter("pending", asked.get("rule"), asked.get("campaign"), cases)


def decide_waiting(tx: Session, body: Mapping[str, Any], by: By) -> tuple[list[AwardState | MallError], int]:
    """Decide together on what waits, at most 500 awards; what became of each, and how many waited.

    ``body``: as ReviewSchema loads it.
    """
    ids, count = waiting_ids(tx, awards_wanted(tx, body), by.now)
    return decide(tx, [Decision(award_id, body["action"], body["reason"]) for award_id in ids], by), count


def decide_one(tx: Session, decision: Decision, by: By) -> AwardState:
    """The same for one award. Raises NotFound, Conflict ``award_not_pending``, Invalid."""
    outcome = decide(tx, [decision], by)[0]
    if isinstance(outcome, MallError):
        raise outcome
    return outcome
