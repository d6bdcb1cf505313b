"""What demo members did before today: check-ins, quizzes, activities, booked by the use cases with those dates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from mall.clock import local_date
from points.checkin.check_in import check_in
from points.checkin.models import CheckIn
from points.earning.book_events import book_events
from points.earning.event_types import EventIn, EventSource
from points.quizzes.attempts import start_attempt, submit_answers
from points.quizzes.publish import find_quiz
from points.quizzes.queries import questions_of_attempt

DEMO = EventSource("mall:demo", internal=True)
"""Books under the neutral label, as for any reporting system."""
CHECKS_IN_AT, TAKES_PART_AT, TAKES_QUIZ_AT = time(8, 10), time(15, 0), time(20, 30)
Act = Callable[[Session, str, datetime], None]


def book_history(tx: Session, member_id: str, history: Mapping[str, Any], now: datetime, zone: ZoneInfo) -> bool:
    """Book a member's past in order of time; False when that has been done before.

    ``history``: ``check_ins`` ``[[days ago of the first, how many], …]``, ``quizzes`` ``{code: right answers}``
    (taken on consecutive days up to yesterday), ``activities_last_year`` (a number, so their points run out at
    the end of this year) and ``thanks_points``.
    """
    if tx.execute(select(CheckIn.day).where(CheckIn.member_id == member_id).limit(1)).first() is not None:
        return False
    today = local_date(now, zone)
    for moment, act in sorted(_acts(history, today, zone), key=lambda timed: timed[0]):
        act(tx, member_id, moment)
    return True


def _acts(history: Mapping[str, Any], today: date, zone: ZoneInfo) -> Iterator[tuple[datetime, Act]]:
    def at(day: date, hour: time) -> datetime:
        return datetime.combine(day, hour, tzinfo=zone).astimezone(UTC)

    for number in range(history.get("activities_last_year", 0)):
        yield at(date(today.year - 1, 11, 1 + number), TAKES_PART_AT), _attend
    for days_ago, count in history["check_ins"]:
        for number in range(count):
            yield at(today - timedelta(days=days_ago - number), CHECKS_IN_AT), _check_in
    quizzes = list(history.get("quizzes", {}).items())
    for place, (code, right) in enumerate(quizzes):
        yield at(today - timedelta(days=len(quizzes) - place), TAKES_QUIZ_AT), _quiz(code, right)
    if "thanks_points" in history:
        yield at(today - timedelta(days=30), TAKES_PART_AT), thank(history["thanks_points"])


def _check_in(tx: Session, member_id: str, moment: datetime) -> None:
    check_in(tx, member_id, moment)


def _attend(tx: Session, member_id: str, moment: datetime) -> None:
    subject = f"meeting-{moment.date()}"
    _book(tx, EventIn(f"{member_id}/{subject}", "activity.attended", member_id, moment, subject), moment)


def thank(points: int, name: str = "thanks") -> Act:
    """An act that credits ``points`` with the label of thanks; ``name`` tells it from others of the same member."""

    def act(tx: Session, member_id: str, moment: datetime) -> None:
        facts: dict[str, int | str] = {"points": points, "label": "thanks"}
        _book(tx, EventIn(f"{member_id}/{name}", "points.credit", member_id, moment, None, facts), moment)

    return act


def _quiz(code: str, right: int) -> Act:
    def act(tx: Session, member_id: str, moment: datetime) -> None:
        quiz = find_quiz(tx, code)
        assert quiz is not None, "quizzes are loaded before history"
        attempt = start_attempt(tx, member_id, quiz.id, moment)
        answers = {question.id: question.answer for question in questions_of_attempt(tx, attempt)[:right]}
        submit_answers(tx, member_id, attempt.id, answers, moment)

    return act


def _book(tx: Session, event: EventIn, now: datetime) -> None:
    outcome = book_events(tx, DEMO, [event], now)[0]
    if outcome.error is not None:
        raise outcome.error
