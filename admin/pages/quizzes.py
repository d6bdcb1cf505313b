"""Quizzes in the back office: the list, the form, a look as members have it, and the steps of a quiz's life."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request
from flask_babel import get_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from admin.pages.addresses import address_with
from admin.pages.blueprint import desk
from admin.pages.forms import FORM_ERROR, attempt
from admin.pages.lists import list_query
from admin.pages.quiz_form import at_fields, form_of, typed
from admin.pages.rule_words import period_name
from admin.routes.quizzes import EDITORS, READERS
from mall.db import Login
from mall.errors import Invalid, MallError
from mall.http.call import Call
from mall.http.fields import Choice
from mall.http.ids import checked_id
from mall.http.page import page
from mall.http.pagination import PageQuery, decode_cursor, page_of
from mall.http.problems import STATUS
from mall.identity.forms import messages_of
from mall.ids import new_id
from points.earning.book_events import mall_zone
from points.earning.periods import PERIODS
from points.quizzes.bank import STATES, bank_questions, own_question_counts, quiz_questions, quizzes_for_staff
from points.quizzes.categories import category_names, question_counts
from points.quizzes.figures import figures_of
from points.quizzes.models import Quiz
from points.quizzes.publish import change_quiz, code_from, copy_quiz, publish_quiz
from points.quizzes.queries import quiz_by_id
from points.quizzes.taking import standing_of
from points.quizzes.views import preview_view
from points.quizzes.worth import worth_of
from points.standing.levels import worded

pages = desk("quizzes", __name__)
LIST = "/admin/quizzes"
ONE = "/quizzes/<quiz_id>"
BACK = "/admin/quizzes/{quiz_id}"
NEW_FORM = {"period": "day", "attempts": 3, "minutes": 5, "pass_percent": 60, "shuffle": True}
SAMPLES = 3
"""Questions of each category that the preview of a quiz that draws shows."""


class QuizListQuery(PageQuery):
    """In one state, or all."""

    state = Choice(STATES)


@page(pages, "GET", "/quizzes", auth=READERS, login=Login.BACKOFFICE)
def quiz_list(call: Call) -> str:
    """The newest first, with what came of each."""
    query, _errors = list_query(QuizListQuery())
    limit, cursor = query["limit"], decode_cursor(query.get("cursor"), str)
    rows = quizzes_for_staff(
        call.tx, limit=limit + 1, before=str(cursor[0]) if cursor else None, state=query.get("state") or "",
        now=call.now,
    )  # fmt: skip
    found = page_of(rows, limit, lambda quiz: (quiz.id,))
    ids = [quiz.id for quiz in found["items"]]
    figures, own, names = figures_of(call.tx, ids), own_question_counts(call.tx, ids), _names(call)
    return render_template(
        "admin/quizzes.html", query=query, states=STATES, may_edit=EDITORS.opens_for(call.staff),
        next_url=address_with(cursor=found["next_cursor"]) if found["next_cursor"] else None,
        quizzes=[
            {"quiz": quiz, "title": worded(quiz.title), "state": _state(call, quiz), "figures": figures[quiz.id],
             "category": names.get(quiz.category, quiz.category), "questions": quiz.draw_count or own.get(quiz.id, 0)}
            for quiz in found["items"]
        ],
    )  # fmt: skip


@page(pages, "GET", "/new-quiz", auth=EDITORS, login=Login.BACKOFFICE)
def new_quiz_page(call: Call) -> str:
    """The form."""
    return _form(call, None, dict(NEW_FORM), {})


@page(pages, "POST", "/new-quiz", auth=EDITORS, login=Login.BACKOFFICE)
def new_quiz(call: Call) -> Response | Redirect:
    """Make a draft."""
    given = typed(list(_names(call)))
    if not given["draw"]:
        return _again(call, None, Invalid({"draw": [_("Say how many questions are drawn.")]}), given)
    document = {**given, "code": code_from(new_id("quiz"))}

    def work() -> Quiz:
        return publish_quiz(call.tx, document, call.now, call.staff.name, call.request_id, draft=True)

    made, error = attempt(call.tx, work)
    if made is None:
        assert error is not None
        return _again(call, None, error, given)
    flash(_("The draft is saved. Look at it, then publish it."), "success")
    return redirect(f"{LIST}/{made.id}", 303)


@page(pages, "POST", "/new-quiz/file", auth=EDITORS, login=Login.BACKOFFICE)
def new_quiz_from_file(call: Call) -> Response | Redirect:
    """A draft from a JSON document, with questions of its own."""
    given = request.files.get("document")
    raw = given.read() if given is not None else b""

    def work() -> Quiz:
        if not raw:
            raise Invalid({"document": [_("Please choose a file.")]})
        try:
            document = json.loads(raw)
        except (ValueError, RecursionError) as error:
            raise Invalid({"document": [_("This file is no JSON document.")]}) from error
        try:
            return publish_quiz(call.tx, document, call.now, call.staff.name, call.request_id, draft=True)
        except Invalid as error:
            told = messages_of(error, FORM_ERROR)
            raise Invalid({"document": [f"{path}: {' '.join(why)}" for path, why in told.items()]}) from error

    made, error = attempt(call.tx, work)
    if made is None:
        assert error is not None
        return _again(call, None, error, typed(list(_names(call))))
    flash(_("The draft is saved. Look at it, then publish it."), "success")
    return redirect(f"{LIST}/{made.id}", 303)


@page(pages, "GET", ONE, auth=READERS, login=Login.BACKOFFICE)
def quiz_page(call: Call, quiz_id: str) -> str:
    """The form, and what came of the quiz."""
    quiz = quiz_by_id(call.tx, checked_id(quiz_id))
    return _form(call, quiz, form_of(quiz), {})


@page(pages, "POST", ONE, auth=EDITORS, login=Login.BACKOFFICE)
def save_quiz(call: Call, quiz_id: str) -> Response | Redirect:
    """Change a quiz; of two who do, the second is told."""
    quiz = quiz_by_id(call.tx, checked_id(quiz_id))
    given, seen = typed(list(_names(call))), request.form.get("version", "")
    changes = dict(given)
    if quiz.published_at is not None or not quiz.draws:
        changes.pop("draw")
    elif not changes["draw"]:
        return _again(call, quiz, Invalid({"draw": [_("Say how many questions are drawn.")]}), given)
    version = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 10 else 0

    def work() -> Quiz:
        return change_quiz(call.tx, quiz.id, changes, call.now, call.staff.name, call.request_id, seen=version)

    saved, error = attempt(call.tx, work)
    if saved is None:
        assert error is not None
        call.tx.refresh(quiz)
        return _again(call, quiz, error, given)
    flash(_("Saved."), "success")
    return redirect(f"{LIST}/{quiz_id}", 303)


@page(pages, "GET", f"{ONE}/preview", auth=READERS, login=Login.BACKOFFICE)
def preview(call: Call, quiz_id: str) -> str:
    """As a member sees it, with the right answers marked."""
    quiz, locale = quiz_by_id(call.tx, checked_id(quiz_id)), str(get_locale())
    names = _names(call)
    groups = []
    for draw in quiz.draws:
        samples = bank_questions(call.tx, limit=SAMPLES, category=draw["category"], active=True)
        groups.append(
            {"name": names.get(draw["category"], draw["category"]), "count": draw["count"],
             "questions": [preview_view(question, locale) for question in samples]}
        )  # fmt: skip
    if not quiz.draws:
        own = [preview_view(question, locale) for question in quiz_questions(call.tx, quiz.id)]
        groups = [{"name": None, "count": len(own), "questions": own}]
    return render_template(
        "admin/quiz_preview.html", quiz=quiz, title=worded(quiz.title), summary=worded(quiz.summary), groups=groups,
        worth=_worth(call, quiz), period_name=period_name,
    )  # fmt: skip


@page(pages, "POST", f"{ONE}/<step>", auth=EDITORS, login=Login.BACKOFFICE, on_error=BACK)
def take_step(call: Call, quiz_id: str, step: str) -> Redirect:
    """Publish, close, open again, take off the list or put it back, copy."""
    name = checked_id(quiz_id)
    steps: dict[str, tuple[dict[str, Any], Callable[[], str]]] = {
        "publish": ({"published": True}, lambda: _("Published: members see it from its opening on.")),
        "close": ({"closes_at": call.now.isoformat()}, lambda: _("Closed. Attempts under way keep their time.")),
        "reopen": ({"closes_at": None}, lambda: _("Open again.")),
        "retire": ({"retired": True}, lambda: _("Taken off the list; its results stay.")),
        "restore": ({"retired": False}, lambda: _("Back on the list.")),
    }
    if step == "copy":
        made = copy_quiz(call.tx, name, call.now, call.staff.name, call.request_id)
        flash(_("This is the copy, a draft. The original is untouched."), "success")
        return redirect(f"{LIST}/{made.id}", 303)
    if step not in steps:
        raise Invalid(detail=_("There is no such step."))
    changes, told = steps[step]
    change_quiz(call.tx, name, changes, call.now, call.staff.name, call.request_id)
    flash(told(), "success")
    return redirect(f"{LIST}/{name}", 303)


def _state(call: Call, quiz: Quiz) -> str:
    return standing_of(quiz.published_at, quiz.retired_at, quiz.opens_at, quiz.closes_at, call.now)


def _names(call: Call) -> dict[str, str]:
    return category_names(call.tx, str(get_locale()))


def _worth(call: Call, quiz: Quiz) -> list[tuple[int, int]]:
    count = quiz.draw_count or own_question_counts(call.tx, [quiz.id]).get(quiz.id, 0)
    return worth_of(call.tx, count, call.now, mall_zone()).tiers if count else []


def _again(call: Call, quiz: Quiz | None, error: MallError, given: dict[str, Any]) -> Response:
    form = {**request.form, "shuffle": given["shuffle"], "hold_results": given["hold_results"]}
    errors = messages_of(at_fields(error, given["draw"]), FORM_ERROR)
    return make_response(_form(call, quiz, form, errors), STATUS[error.kind])


def _form(call: Call, quiz: Quiz | None, form: dict[str, Any], errors: dict[str, list[str]]) -> str:
    told: dict[str, Any] = {"quiz": None, "state": "draft", "figures": None, "worth": []}
    if quiz is not None:
        told = {
            "quiz": quiz, "title": worded(quiz.title), "state": _state(call, quiz), "worth": _worth(call, quiz),
            "figures": figures_of(call.tx, [quiz.id])[quiz.id],
            "own": own_question_counts(call.tx, [quiz.id]).get(quiz.id, 0),
        }  # fmt: skip
    return render_template(
        "admin/quiz.html", form=form, errors=errors, may_edit=EDITORS.opens_for(call.staff), categories=_names(call),
        there=question_counts(call.tx), periods=[(period, period_name(period)) for period in PERIODS], **told,
    )  # fmt: skip
