"""The bank of questions in the back office: searched, written, retired, and its categories."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request
from flask_babel import get_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from admin.acting import acting
from admin.pages.addresses import address_with
from admin.pages.blueprint import desk
from admin.pages.forms import FORM_ERROR, attempt
from admin.pages.lists import list_query
from admin.pages.question_form import LANGUAGES, SLOTS, at_fields, form_of, typed
from admin.routes.quiz_bank import BankQuery
from admin.routes.quizzes import EDITORS, READERS
from mall.db import Login
from mall.errors import MallError
from mall.http.call import Call
from mall.http.fields import Choice, Text
from mall.http.ids import checked_id
from mall.http.page import page
from mall.http.pagination import decode_cursor, page_of
from mall.http.problems import STATUS
from mall.identity.forms import messages_of
from mall.ids import new_id
from points.quizzes.bank import bank_question, bank_questions
from points.quizzes.bank_keeping import save_question, set_question_active
from points.quizzes.categories import (
    categories,
    category_names,
    checked_code,
    question_counts,
    remove_category,
    save_category,
)
from points.quizzes.figures import QuestionFigures, question_figures
from points.quizzes.models import QuizCategory, QuizQuestion
from points.quizzes.questions import KINDS
from points.standing.levels import worded

pages = desk("quiz-bank", __name__)
LIST = "/admin/quiz-questions"
CATEGORIES = "/admin/quiz-categories"
ONE = "/quiz-questions/<question_id>"


class BankPageQuery(BankQuery):
    """Of one category, with some words, drawn or retired."""

    q = Text(1, 60)
    state = Choice(("active", "retired"))


@page(pages, "GET", "/quiz-questions", auth=READERS, login=Login.BACKOFFICE)
def question_list(call: Call) -> str:
    """In order of codes, each with how often it was answered right."""
    query, _errors = list_query(BankPageQuery())
    limit, cursor, state = query["limit"], decode_cursor(query.get("cursor"), str), query.get("state")
    rows = bank_questions(
        call.tx, limit=limit + 1, category=query.get("category"), words=query.get("q"),
        after=str(cursor[0]) if cursor else None, active=None if state is None else state == "active",
    )  # fmt: skip
    found = page_of(rows, limit, lambda question: (str(question.code),))
    figures = question_figures(call.tx, [question.id for question in found["items"]])
    names = _names(call)
    return render_template(
        "admin/quiz_questions.html", query=query, categories=names, there=question_counts(call.tx),
        may_edit=EDITORS.opens_for(call.staff),
        next_url=address_with(cursor=found["next_cursor"]) if found["next_cursor"] else None,
        questions=[
            {"question": question, "text": worded(question.text), "figures": figures.get(question.id),
             "category": names.get(str(question.category), question.category)}
            for question in found["items"]
        ],
    )  # fmt: skip


@page(pages, "GET", "/new-quiz-question", auth=EDITORS, login=Login.BACKOFFICE)
def new_question_page(call: Call) -> str:
    """The form."""
    return _form(call, None, {"kind": "single", "category": request.args.get("category", "")[:60]}, {})


@page(pages, "POST", "/new-quiz-question", auth=EDITORS, login=Login.BACKOFFICE)
def new_question(call: Call) -> Response | Redirect:
    """Write a question into the bank."""
    document = {**typed(), "code": new_id("qst").replace("_", "-")}

    def work() -> QuizQuestion:
        return save_question(call.tx, document, None, call.now, call.staff.name, call.request_id)

    made, error = attempt(call.tx, work)
    if made is None:
        assert error is not None
        return _again(call, None, error)
    flash(_("The question is in the bank."), "success")
    again = request.form.get("then") == "another"
    return redirect(f"/admin/new-quiz-question?category={made.category}" if again else f"{LIST}/{made.id}", 303)


@page(pages, "GET", ONE, auth=READERS, login=Login.BACKOFFICE)
def question_page(call: Call, question_id: str) -> str:
    """The form, and how the question fared."""
    question = bank_question(call.tx, checked_id(question_id))
    return _form(call, question, form_of(question), {})


@page(pages, "POST", ONE, auth=EDITORS, login=Login.BACKOFFICE)
def save(call: Call, question_id: str) -> Response | Redirect:
    """Change a question; of two who do, the second is told."""
    question = bank_question(call.tx, checked_id(question_id))
    seen = request.form.get("version", "")
    version = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 10 else 0
    document = {**typed(), "code": question.code}

    def work() -> QuizQuestion:
        return save_question(call.tx, document, version, call.now, call.staff.name, call.request_id)

    saved, error = attempt(call.tx, work)
    if saved is None:
        assert error is not None
        call.tx.refresh(question)
        return _again(call, question, error)
    flash(_("Saved."), "success")
    return redirect(f"{LIST}/{saved.id}", 303)


@page(
    pages, "POST", f"{ONE}/active", auth=EDITORS, login=Login.BACKOFFICE, on_error="/admin/quiz-questions/{question_id}"
)
def set_active(call: Call, question_id: str) -> Redirect:
    """Retire a question, or let quizzes draw it again."""
    active = request.form.get("active") == "1"
    set_question_active(call.tx, checked_id(question_id), active, call.now, call.staff.name, call.request_id)
    flash(_("Quizzes draw this question again.") if active else _("Retired: no quiz draws it any more."), "success")
    return redirect(f"{LIST}/{question_id}", 303)


@page(pages, "GET", "/quiz-categories", auth=READERS, login=Login.BACKOFFICE)
def category_list(call: Call) -> str:
    """The categories of questions, and a form for another."""
    return _categories(call, {}, {}, "")


@page(pages, "POST", "/quiz-categories", auth=EDITORS, login=Login.BACKOFFICE)
def new_category(call: Call) -> Response | Redirect:
    """Make a category."""
    return _save_category(call, request.form.get("code", "").strip(), None)


@page(pages, "POST", "/quiz-categories/<category_code>", auth=EDITORS, login=Login.BACKOFFICE)
def rename_category(call: Call, category_code: str) -> Response | Redirect:
    """Give a category another name."""
    seen = request.form.get("version", "")
    version = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 10 else 0
    return _save_category(call, checked_code(category_code), version)


@page(
    pages, "POST", "/quiz-categories/<category_code>/remove", auth=EDITORS, login=Login.BACKOFFICE, on_error=CATEGORIES
)
def remove(call: Call, category_code: str) -> Redirect:
    """Remove a category that nothing uses."""
    remove_category(call.tx, checked_code(category_code), acting(call))
    flash(_("The category is removed."), "success")
    return redirect(CATEGORIES, 303)


def _save_category(call: Call, code: str, seen: int | None) -> Response | Redirect:
    name = {lang: request.form.get(f"name.{lang}", "").strip() for lang in LANGUAGES}

    def work() -> QuizCategory:
        return save_category(call.tx, code, name, seen, acting(call))

    saved, error = attempt(call.tx, work)
    if saved is None:
        assert error is not None
        told = messages_of(error, FORM_ERROR)
        return make_response(_categories(call, request.form, told, "" if seen is None else code), STATUS[error.kind])
    flash(_("Saved."), "success")
    return redirect(CATEGORIES, 303)


def _categories(call: Call, form: Any, errors: Any, at: str) -> str:
    return render_template(
        "admin/quiz_categories.html", categories=categories(call.tx), there=question_counts(call.tx),
        may_edit=EDITORS.opens_for(call.staff), form=form, errors=errors, at=at,
    )  # fmt: skip


def _names(call: Call) -> dict[str, str]:
    return category_names(call.tx, str(get_locale()))


def _again(call: Call, question: QuizQuestion | None, error: MallError) -> Response:
    form = {**request.form, "right": request.form.getlist("right")}
    body = _form(call, question, form, messages_of(at_fields(error), FORM_ERROR))
    return make_response(body, STATUS[error.kind])


def _form(call: Call, question: QuizQuestion | None, form: dict[str, Any], errors: dict[str, list[str]]) -> str:
    figures = question_figures(call.tx, [question.id]).get(question.id) if question is not None else None
    return render_template(
        "admin/quiz_question.html", question=question, form=form, errors=errors, categories=_names(call), kinds=KINDS,
        slots=SLOTS, figures=figures or QuestionFigures(), may_edit=EDITORS.opens_for(call.staff),
    )  # fmt: skip
