"""Results of quizzes that staff decide on: confirmed, or made void; each with a reason.

A result that is held was booked when it was handed in, and its award waits. Confirming lets the award go; making a
result void takes its event back, so that the member's best of what is left counts, as if this attempt had never
been. That works for results that were paid as well. Whatever is decided twice is decided once.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from mall import audit
from mall.crypto import keyring
from mall.db import cursor
from mall.errors import Conflict, MallError, NotFound
from points.earning.award_decisions import Decision, decide_awards
from points.earning.keys import event_key
from points.earning.reverse_event import reverse_event
from points.earning.versions import By
from points.quizzes.cases import SOURCE
from points.quizzes.figures import take_off_points
from points.quizzes.models import QuizAttempt
from points.quizzes.taking import CONFIRMED, VOID, WAITING

ACTIONS = ("confirm", "void")
_AWARDS = """SELECT e.event_key, unnest(c.award_ids) FROM sources.credit_events e
 JOIN sources.cases c ON c.case_key = e.case_key WHERE e.event_key = ANY (%s)"""
_AFFECTED = """SELECT DISTINCT e.member_id FROM sources.awards a
 JOIN sources.credit_events e ON e.case_key = a.case_key WHERE a.award_id = ANY (%s)"""


def decide_results(
    tx: Session, attempt_ids: Sequence[str], action: str, reason: str, by: By, *, quiz_id: str | None = None
) -> list[QuizAttempt | MallError]:
    """Confirm results that wait, or make results void; what became of each, in the order given.

    ``quiz_id``: others of another quiz are not found. Refusals: NotFound (also for one not handed in), Conflict
    ``result_decided``.
    """
    wanted = select(QuizAttempt).where(QuizAttempt.id.in_(attempt_ids), QuizAttempt.submitted_at.is_not(None))
    if quiz_id is not None:
        wanted = wanted.where(QuizAttempt.quiz_id == quiz_id)
    # In order of members, as wallets are locked: batches that meet wait for each other and never in a ring.
    locked = tx.scalars(wanted.order_by(QuizAttempt.member_id, QuizAttempt.id).with_for_update()).all()
    outcomes: dict[str, QuizAttempt | MallError] = {}
    ready = []
    for attempt in locked:
        open_states = (WAITING,) if action == "confirm" else (WAITING, CONFIRMED, None)
        outcomes[attempt.id] = attempt
        if attempt.review not in open_states:
            outcomes[attempt.id] = Conflict("result_decided")
        else:
            ready.append(attempt)
    if action == "confirm":
        _confirm(tx, ready, reason, by)
    else:
        for attempt in ready:
            take_off_points(tx, attempt)
            reverse_event(tx, SOURCE, attempt.id, reason, by.now)
    for attempt in ready:
        _decided(tx, attempt, CONFIRMED if action == "confirm" else VOID, reason, by)
    tx.flush()
    return [outcomes.get(attempt_id) or NotFound() for attempt_id in attempt_ids]


def follow_awards(tx: Session, award_ids: Sequence[str], by: By, reason: str) -> None:
    """Awards were decided on elsewhere: results that waited for them do so no longer."""
    members = [row[0] for row in cursor(tx).execute(_AFFECTED, (list(award_ids),))]
    held = select(QuizAttempt).where(QuizAttempt.review == WAITING, QuizAttempt.member_id.in_(members))
    attempts = tx.scalars(held.order_by(QuizAttempt.member_id, QuizAttempt.id).with_for_update()).all()
    of_attempt = _awards_of(tx, attempts)
    for attempt in attempts:
        ids = of_attempt.get(attempt.id, [])
        if not set(ids) & set(award_ids):
            continue
        left = _left(tx, ids)
        if left is None:
            continue
        if not left:
            take_off_points(tx, attempt)
        _decided(tx, attempt, CONFIRMED if left else VOID, reason, by)
    tx.flush()


def _confirm(tx: Session, attempts: Sequence[QuizAttempt], reason: str, by: By) -> None:
    awards = _awards_of(tx, attempts)
    decisions = [Decision(award_id, "confirm", reason) for attempt in attempts for award_id in awards[attempt.id]]
    for outcome in decide_awards(tx, decisions, by) if decisions else ():
        # An award that does not wait any more was let go elsewhere: the same end.
        if isinstance(outcome, MallError) and outcome.code != "award_not_pending":
            raise outcome


def _awards_of(tx: Session, attempts: Sequence[QuizAttempt]) -> dict[str, list[str]]:
    """By attempt: the awards of its case."""
    ring = keyring()
    keys = {event_key(ring, SOURCE.source_id, attempt.id): attempt.id for attempt in attempts}
    found: dict[str, list[str]] = {attempt.id: [] for attempt in attempts}
    for key, award_id in cursor(tx).execute(_AWARDS, (list(keys),)) if keys else ():
        found[keys[bytes(key)]].append(award_id)
    return found


def _left(tx: Session, award_ids: Sequence[str]) -> int | None:
    """The points that awards still grant; None while one of them waits."""
    rows = cursor(tx).execute(
        "SELECT points, available_at IS NULL FROM sources.awards WHERE award_id = ANY (%s)", (list(award_ids),)
    ).fetchall()  # fmt: skip
    return None if any(points and waits for points, waits in rows) else sum(points for points, _waits in rows)


def _decided(tx: Session, attempt: QuizAttempt, state: str, reason: str, by: By) -> None:
    before = attempt.review
    attempt.review, attempt.decided_by, attempt.decided_at = state, by.name, by.now
    attempt.decision_reason = reason
    detail = {"quiz": attempt.quiz_id, "points": attempt.points, "before": before, "reason": reason}
    deed = "confirmed" if state == CONFIRMED else "voided"
    audit.record(tx, by.name, f"quiz_result.{deed}", f"quiz_attempt:{attempt.id}", detail, by.now, by.request_id)
