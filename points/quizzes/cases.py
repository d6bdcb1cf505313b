"""The cases of earning that the results of a quiz of the mall's own make."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from mall.crypto import keyring
from points.earning.book_events import mall_zone
from points.earning.event_types import EventIn
from points.earning.keys import case_key
from points.quizzes.attempts import EVENT_TYPE, SOURCE
from points.quizzes.models import QuizAttempt
from points.quizzes.queries import quiz_by_id


def cases_of_quiz(tx: Session, quiz_id: str) -> list[bytes]:
    """The key of the case of each member who handed in a quiz. Raises NotFound."""
    quiz = quiz_by_id(tx, quiz_id)
    handed_in = select(QuizAttempt.member_id).where(
        QuizAttempt.quiz_id == quiz.id, QuizAttempt.submitted_at.is_not(None)
    )
    ring, zone = keyring(), mall_zone()
    return [
        case_key(ring, SOURCE, EventIn("", EVENT_TYPE, member_id, quiz.created_at, quiz.id), member_id, zone)
        for member_id in tx.scalars(handed_in.distinct())
    ]
