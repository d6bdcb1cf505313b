"""What quizzes came to: attempts, passes, points, and how each question fared.

No attempt touches a row that others touch: a job counts what was handed in since it last looked, and whoever reads
adds the tail since then. A minute is left between, so that a hand-in that is being committed is not missed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from mall.db import cursor
from points.quizzes.models import QuizAttempt, QuizFigures

BEHIND = timedelta(minutes=1)
_DUE = """SELECT q.id FROM quizzes q LEFT JOIN quiz_figures f ON f.quiz_id = q.id WHERE EXISTS (
 SELECT 1 FROM quiz_attempts a WHERE a.quiz_id = q.id AND a.submitted_at <= %(until)s
 AND a.submitted_at > coalesce(f.counted_until, '-infinity')) ORDER BY q.id"""
_OPEN = """INSERT INTO quiz_figures (quiz_id, submitted, passed, flagged, points, counted_until)
 VALUES (%(quiz)s, 0, 0, 0, 0, '-infinity') ON CONFLICT DO NOTHING"""
_LOCK = "SELECT counted_until::text FROM quiz_figures WHERE quiz_id = %(quiz)s FOR UPDATE"
_SUMS = """count(*), count(*) FILTER (WHERE a.passed), count(*) FILTER (WHERE a.flag IS NOT NULL),
 coalesce(sum(a.points) FILTER (WHERE a.review IS DISTINCT FROM 'void'), 0)"""
_BETWEEN = "a.quiz_id = %(quiz)s AND a.submitted_at > %(since)s AND a.submitted_at <= %(until)s"
_ADD = f"""UPDATE quiz_figures f SET submitted = f.submitted + n.submitted, passed = f.passed + n.passed,
 flagged = f.flagged + n.flagged, points = f.points + n.points, counted_until = %(until)s
 FROM (SELECT * FROM (SELECT {_SUMS} FROM quiz_attempts a WHERE {_BETWEEN}) AS s (submitted, passed, flagged, points)) n
 WHERE f.quiz_id = %(quiz)s"""
_COUNTS = "count(*), count(a.answers ->> q.id), count(*) FILTER (WHERE a.answers ->> q.id = q.answer)"
_GIVEN = f"""quiz_attempts a CROSS JOIN LATERAL unnest(a.question_ids) AS given (id)
 JOIN quiz_questions q ON q.id = given.id WHERE {_BETWEEN} GROUP BY q.id"""
_ADD_FARED = f"""INSERT INTO quiz_question_figures AS f (question_id, quiz_id, shown, answered, correct)
 SELECT q.id, %(quiz)s, {_COUNTS} FROM {_GIVEN}
 ON CONFLICT (question_id, quiz_id) DO UPDATE SET shown = f.shown + excluded.shown,
 answered = f.answered + excluded.answered, correct = f.correct + excluded.correct"""
_READ = f"""SELECT q.id, coalesce(f.submitted, 0) + t.submitted, coalesce(f.passed, 0) + t.passed,
 coalesce(f.flagged, 0) + t.flagged, coalesce(f.points, 0) + t.points,
 (SELECT count(*) FROM quiz_attempts w WHERE w.quiz_id = q.id AND w.review = 'waiting')
 FROM quizzes q LEFT JOIN quiz_figures f ON f.quiz_id = q.id CROSS JOIN LATERAL (
 SELECT {_SUMS} FROM quiz_attempts a WHERE a.quiz_id = q.id
 AND a.submitted_at > coalesce(f.counted_until, '-infinity')) AS t (submitted, passed, flagged, points)
 WHERE q.id = ANY (%(quizzes)s)"""
_QUESTIONS = """SELECT question_id, sum(shown)::bigint, sum(answered)::bigint, sum(correct)::bigint
 FROM quiz_question_figures WHERE question_id = ANY (%(questions)s) GROUP BY 1"""
_OF_QUIZ = f"""SELECT id, sum(shown)::bigint, sum(answered)::bigint, sum(correct)::bigint FROM (
 SELECT question_id AS id, shown, answered, correct FROM quiz_question_figures WHERE quiz_id = %(quiz)s
 UNION ALL SELECT q.id, {_COUNTS} FROM {_GIVEN}) AS fared GROUP BY 1"""


@dataclass(frozen=True, slots=True)
class Figures:
    """What a quiz came to. ``points``: paid or waiting; ``waiting``: results that are held."""

    submitted: int = 0
    passed: int = 0
    flagged: int = 0
    points: int = 0
    waiting: int = 0

    @property
    def pass_percent(self) -> int | None:
        """Of those handed in, cut downwards; None without any."""
        return self.passed * 100 // self.submitted if self.submitted else None


@dataclass(frozen=True, slots=True)
class QuestionFigures:
    """How a question fared: shown in attempts handed in, answered, answered right."""

    shown: int = 0
    answered: int = 0
    correct: int = 0

    @property
    def correct_percent(self) -> int | None:
        """Of the times it was shown, cut downwards; None when it never was."""
        return self.correct * 100 // self.shown if self.shown else None


def due_quizzes(tx: Session, now: datetime) -> list[str]:
    """Quizzes in which something was handed in that is not counted yet."""
    return [row[0] for row in cursor(tx).execute(_DUE, {"until": now - BEHIND})]


def count_quiz(tx: Session, quiz_id: str, now: datetime) -> None:
    """Count what was handed in since the last time, in one transaction: once, however often it is begun."""
    cur, asked = cursor(tx), {"quiz": quiz_id, "until": now - BEHIND}
    cur.execute(_OPEN, asked)
    row = cur.execute(_LOCK, asked).fetchone()
    assert row is not None
    asked["since"] = row[0]
    cur.execute(_ADD_FARED, asked)
    cur.execute(_ADD, asked)


def take_off_points(tx: Session, attempt: QuizAttempt) -> None:
    """A result becomes void: its points are no longer counted. Before the attempt itself is changed."""
    cursor(tx).execute(_LOCK, {"quiz": attempt.quiz_id})
    counted = QuizFigures.counted_until >= attempt.submitted_at
    less = update(QuizFigures).where(QuizFigures.quiz_id == attempt.quiz_id, counted)
    tx.execute(less.values(points=QuizFigures.points - (attempt.points or 0)))


def figures_of(tx: Session, quiz_ids: Sequence[str]) -> dict[str, Figures]:
    """By quiz: what it has come to by now."""
    rows = cursor(tx).execute(_READ, {"quizzes": list(quiz_ids)}) if quiz_ids else ()
    return {row[0]: Figures(*(int(number) for number in row[1:])) for row in rows}


def question_figures(tx: Session, question_ids: Sequence[str]) -> dict[str, QuestionFigures]:
    """By question: how it fared in all quizzes, up to a minute or two ago."""
    rows = cursor(tx).execute(_QUESTIONS, {"questions": list(question_ids)}) if question_ids else ()
    return {row[0]: QuestionFigures(*row[1:]) for row in rows}


def figures_by_question(tx: Session, quiz_id: str) -> dict[str, QuestionFigures]:
    """How the questions of one quiz fared in it, by now."""
    since = cursor(tx).execute(
        "SELECT counted_until::text FROM quiz_figures WHERE quiz_id = %s", (quiz_id,)
    ).fetchone()  # fmt: skip
    asked = {"quiz": quiz_id, "since": since[0] if since else "-infinity", "until": "infinity"}
    return {row[0]: QuestionFigures(*row[1:]) for row in cursor(tx).execute(_OF_QUIZ, asked)}
