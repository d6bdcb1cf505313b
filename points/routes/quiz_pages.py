"""Pages of quizzes: the list, one quiz, an attempt and its result."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, redirect, render_template, request
from flask_babel import get_locale
from werkzeug.wrappers import Response as Redirect

from mall.db import Login
from mall.http.call import Call
from mall.http.page import page
from mall.http.principals import MEMBER, OPTIONAL_MEMBER, MemberPrincipal
from points.earning.book_events import mall_zone
from points.quizzes.attempts import graded_attempt, start_attempt, submit_answers
from points.quizzes.categories import category_names
from points.quizzes.documents import in_locale
from points.quizzes.grading import percent_of
from points.quizzes.models import QuizAttempt
from points.quizzes.queries import QuizOverview, attempt_of, list_quizzes, questions_of_attempt, quiz_overview
from points.quizzes.taking import is_late
from points.quizzes.views import question_view, result_view
from points.quizzes.worth import worth_of
from points.viewer import require_active, viewer

pages = Blueprint("quiz_pages", __name__)
SHOWN = 100
"""Quizzes the list shows; more of them need categories first."""
FIELD = "answer."
"""Form fields are ``answer.<question id>``."""


@page(pages, "GET", "/quizzes", auth=OPTIONAL_MEMBER, login=Login.EARNING)
def quizzes(call: Call) -> str:
    """The quizzes there are; signed in, with the own best results."""
    found = list_quizzes(call.tx, _member_id(call), call.now, mall_zone(), limit=SHOWN)
    me = viewer(call.tx, call.principal, call.now)
    names = category_names(call.tx, _locale())
    return render_template(
        "storefront/quizzes.html", quizzes=[_quiz(call, overview) for overview in found], names=names, me=me
    )  # fmt: skip


@page(pages, "GET", "/quizzes/<quiz_id>", auth=OPTIONAL_MEMBER, login=Login.EARNING)
def quiz(call: Call, quiz_id: str) -> str:
    """What a quiz is about and what it pays."""
    overview = quiz_overview(call.tx, quiz_id, _member_id(call), call.now, mall_zone())
    me = viewer(call.tx, call.principal, call.now)
    return render_template("storefront/quiz.html", quiz=_quiz(call, overview), me=me)


@page(
    pages, "POST", "/quizzes/<quiz_id>/attempts", auth=MEMBER, login=Login.EARNING, idempotent=True,
    on_error="/quizzes/{quiz_id}",
)  # fmt: skip
def begin_quiz(call: Call, quiz_id: str) -> Redirect:
    """Begin an attempt."""
    require_active(call.member)
    attempt = start_attempt(call.tx, call.member.member_id, quiz_id, call.now)
    return redirect(f"/attempts/{attempt.id}", 303)


@page(pages, "GET", "/attempts/<attempt_id>", auth=MEMBER, login=Login.EARNING)
def attempt(call: Call, attempt_id: str) -> str:
    """The questions of an attempt; its result once it was handed in, or that its time is over."""
    found = attempt_of(call.tx, call.member.member_id, attempt_id)
    overview = quiz_overview(call.tx, found.quiz_id, call.member.member_id, call.now, mall_zone())
    locale = _locale()
    shown = {"id": overview.quiz.id, "title": in_locale(overview.quiz.title, locale)}
    if found.submitted_at is not None:
        return render_template("storefront/result.html", quiz=shown, **_result(call, found, overview))
    if is_late(found.due_at, call.now):
        return render_template("storefront/attempt_late.html", quiz=shown, can_retry=_may_retry(overview))
    questions = []
    for question in questions_of_attempt(call.tx, found):
        view = question_view(question, overview.quiz, found, locale)
        multiple = view["kind"] == "multiple"
        questions.append({"id": view["id"], "text": view["text"], "choices": view["options"], "multiple": multiple})
    shown_attempt = {"id": found.id, "expires_at": found.due_at, "seconds_left": _seconds_left(found, call.now)}
    return render_template("storefront/attempt.html", quiz=shown, attempt=shown_attempt, questions=questions)


@page(
    pages, "POST", "/attempts/<attempt_id>/answers", auth=MEMBER, login=Login.EARNING, idempotent=True,
    on_error="/attempts/{attempt_id}",
)  # fmt: skip
def hand_in(call: Call, attempt_id: str) -> Redirect:
    """Hand in an attempt; its page then shows the result."""
    require_active(call.member)
    answers = {
        name.removeprefix(FIELD): "".join(sorted(chosen))
        for name, values in request.form.lists()
        if name.startswith(FIELD) and (chosen := [value for value in values if value])
    }
    submit_answers(call.tx, call.member.member_id, attempt_id, answers, call.now)
    return redirect(f"/attempts/{attempt_id}", 303)


def _seconds_left(found: QuizAttempt, now: datetime) -> int | None:
    return None if found.due_at is None else max(0, int((found.due_at - now).total_seconds()))


def _member_id(call: Call) -> str | None:
    return call.principal.member_id if isinstance(call.principal, MemberPrincipal) else None


def _locale() -> str:
    return str(get_locale())


def _quiz(call: Call, overview: QuizOverview) -> dict[str, Any]:
    worth = worth_of(call.tx, overview.question_count, call.now, mall_zone())
    score, locale = overview.best_score, _locale()
    best = None
    if score is not None:
        best = {"score": score, "max_score": overview.question_count, "points": worth.by_score[score]}
    return {
        "id": overview.quiz.id,
        "title": in_locale(overview.quiz.title, locale),
        "description": in_locale(overview.quiz.summary, locale),
        "category": overview.quiz.category,
        "questions": overview.question_count,
        "max_points": worth.max_points,
        "tiers": worth.tiers,
        "state": "done" if score == overview.question_count and overview.state == "open" else overview.state,
        "opens_at": overview.quiz.opens_at,
        "closes_at": overview.quiz.closes_at,
        "minutes": _minutes(overview.quiz.time_limit_seconds),
        "attempts_left": overview.attempts_left,
        "attempts_period": overview.quiz.attempts_period,
        "pass_percent": overview.quiz.pass_percent,
        "best": best,
        "open_attempt_id": overview.open_attempt_id,
        "waiting": overview.waiting,
        "held": overview.quiz.hold_results,
    }


def _may_retry(overview: QuizOverview) -> bool:
    allowed = overview.attempts_left != 0 and not overview.waiting
    return allowed and overview.state == "open" and overview.quiz.retired_at is None


def _result(call: Call, found: QuizAttempt, overview: QuizOverview) -> dict[str, Any]:
    graded = graded_attempt(call.tx, found)
    score, max_score = found.score or 0, found.max_score
    assert found.submitted_at is not None
    worth = worth_of(call.tx, max_score, found.submitted_at, mall_zone())
    result = {
        "score": score,
        "max_score": max_score,
        "percent": percent_of(score, max_score),
        "points": graded.points,
        "worth": worth.by_score[score],
        "next": next(((percent, points) for percent, points in worth.tiers if points > worth.by_score[score]), None),
        "passed": bool(found.passed),
        "review": found.review,
        "questions": result_view(graded, _locale()),
    }
    again = _may_retry(overview) and overview.best_score != overview.question_count
    return {"result": result, "can_retry": again, "state": overview.state}


def _minutes(seconds: int | None) -> int | None:
    return None if seconds is None else max(1, round(seconds / 60))
