"""The cases of earning that the results of a quiz of the mall's own make: one for each member and quiz."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from mall.crypto import Keyring, keyring
from mall.db import cursor
from mall.identity.members import aliases_of
from mall.identity.models import Member
from points.earning.book_events import mall_zone
from points.earning.event_types import EventIn, EventSource
from points.earning.keys import case_key
from points.earning.periods import FIRST_MOMENT
from points.quizzes.models import QuizAttempt
from points.quizzes.queries import quiz_by_id

SOURCE = EventSource("mall:quiz", internal=True, label="quiz")
"""The mall's own quizzes as a source of credit events; external ones arrive over the API."""
EVENT_TYPE = "quiz.result"


def cases_of_quiz(tx: Session, quiz_id: str) -> list[bytes]:
    """The key of the case of each member who handed in a quiz, by every account of theirs. Raises NotFound."""
    quiz = quiz_by_id(tx, quiz_id)
    handed_in = select(QuizAttempt.member_id).where(
        QuizAttempt.quiz_id == quiz.id, QuizAttempt.submitted_at.is_not(None)
    )
    # Attempts move when accounts are merged, cases stay those of the account that had them.
    merged = select(Member.id).where(Member.alias_of.in_(handed_in))
    ring = keyring()
    return [_key(ring, member_id, quiz.id) for member_id in tx.scalars(handed_in.union(merged))]


def best_paid(tx: Session, member_id: str, quiz_id: str) -> str:
    """Of a member and the accounts merged into theirs: the one whose case at a quiz is worth most.

    The person's next result goes on with that case, so that the best of all their results pays, once.
    """
    aliases = aliases_of(tx, member_id)
    if not aliases:
        return member_id
    ring = keyring()
    accounts = {_key(ring, account, quiz_id): account for account in (member_id, *aliases)}
    best = "SELECT case_key FROM sources.cases WHERE case_key = ANY (%s) ORDER BY worth DESC, case_key LIMIT 1"
    row = cursor(tx).execute(best, (list(accounts),)).fetchone()
    return member_id if row is None else accounts[bytes(row[0])]


def _key(ring: Keyring, member_id: str, quiz_id: str) -> bytes:
    event = EventIn("", EVENT_TYPE, member_id, FIRST_MOMENT, quiz_id)
    return case_key(ring, SOURCE, event, member_id, mall_zone())
