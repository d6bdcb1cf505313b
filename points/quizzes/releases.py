"""Many results that wait, decided on together: asked for at once, done by a job in batches.

Each batch is one transaction that also notes how far it came: a worker that dies between two is taken over from
there, and one that dies within leaves nothing half done.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from mall import audit
from mall.errors import Conflict
from mall.ids import new_id
from points.earning.versions import By
from points.quizzes.models import QuizAttempt, QuizRelease
from points.quizzes.queries import quiz_by_id
from points.quizzes.review import decide_results
from points.quizzes.taking import WAITING

BATCH = 100
"""Results of one transaction: the size that books credits quickest (docs of points.earning.book_events)."""


def ask_release(tx: Session, quiz_id: str, action: str, reason: str, by: By, *, flagged_too: bool) -> QuizRelease:
    """Ask for all results of a quiz that wait now to be confirmed or made void; with a flag only if ``flagged_too``.

    Raises NotFound, Conflict ``release_running`` while another is under way, ``nothing_waits``.
    """
    quiz = quiz_by_id(tx, quiz_id)
    # One person asks at a time: of two the second finds the first's.
    tx.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"quiz-release/{quiz.id}", 0))))
    if running(tx, quiz.id) is not None:
        raise Conflict("release_running")
    total = tx.scalar(select(func.count()).where(*_wanted(quiz.id, by.now, flagged_too))) or 0
    if not total:
        raise Conflict("nothing_waits")
    made = QuizRelease(
        id=new_id("qrl"), quiz_id=quiz.id, action=action, flagged_too=flagged_too, reason=reason, asked_by=by.name,
        asked_at=by.now, total=total, done=0, after_id="", finished_at=None,
    )  # fmt: skip
    tx.add(made)
    detail = {"action": action, "flagged_too": flagged_too, "results": total, "reason": reason}
    audit.record(tx, by.name, "quiz_results.release", quiz.id, detail, by.now, by.request_id)
    tx.flush()
    return made


def running(tx: Session, quiz_id: str) -> QuizRelease | None:
    """The release of a quiz that is under way."""
    asked = select(QuizRelease).where(QuizRelease.quiz_id == quiz_id, QuizRelease.finished_at.is_(None))
    return tx.execute(asked).scalar_one_or_none()


def latest_releases(tx: Session, quiz_id: str, limit: int = 5) -> Sequence[QuizRelease]:
    """The latest ones of a quiz, the newest first."""
    return tx.scalars(
        select(QuizRelease).where(QuizRelease.quiz_id == quiz_id).order_by(QuizRelease.id.desc()).limit(limit)
    ).all()


def open_releases(tx: Session) -> list[str]:
    """Those under way, the oldest first."""
    return list(tx.scalars(select(QuizRelease.id).where(QuizRelease.finished_at.is_(None)).order_by(QuizRelease.id)))


def next_batch(tx: Session, release_id: str, now: datetime) -> int:
    """Decide on up to 100 results more; returns how many. 0: it is finished, or another worker is at it."""
    wanted = select(QuizRelease).where(QuizRelease.id == release_id, QuizRelease.finished_at.is_(None))
    release = tx.execute(wanted.with_for_update(skip_locked=True)).scalar_one_or_none()
    if release is None:
        return 0
    left = (*_wanted(release.quiz_id, release.asked_at, release.flagged_too), QuizAttempt.id > release.after_id)
    ids = list(tx.scalars(select(QuizAttempt.id).where(*left).order_by(QuizAttempt.id).limit(BATCH)))
    if not ids:
        release.finished_at = now
        return 0
    by = By(release.asked_by, False, now)
    outcomes = decide_results(tx, ids, release.action, release.reason, by, quiz_id=release.quiz_id)
    release.done += sum(isinstance(outcome, QuizAttempt) for outcome in outcomes)
    release.after_id = ids[-1]
    tx.flush()
    return len(ids)


def _wanted(quiz_id: str, asked_at: datetime, flagged_too: bool) -> tuple[ColumnElement[bool], ...]:
    wanted = (
        QuizAttempt.quiz_id == quiz_id, QuizAttempt.review == WAITING, QuizAttempt.submitted_at <= asked_at,
    )  # fmt: skip
    return wanted if flagged_too else (*wanted, QuizAttempt.flag.is_(None))
