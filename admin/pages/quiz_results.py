"""Results of a quiz in the back office: looked at, confirmed or made void, as a file, and how the questions fared."""

from __future__ import annotations

from flask import flash, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select
from werkzeug.wrappers import Response as Redirect

from admin.acting import acting
from admin.pages.addresses import address_with
from admin.pages.blueprint import desk
from admin.pages.lists import back_to, list_query
from admin.people import names_of_staff, nicknames_of
from admin.routes.awards import EDITORS as DECIDERS
from admin.routes.awards import ReasonSchema
from admin.routes.quiz_results import MOST_AT_ONCE, WANTED, ResultsQuery, result_wire
from admin.routes.quizzes import READERS
from mall.db import Login
from mall.errors import Invalid, MallError
from mall.http.call import Call, load
from mall.http.ids import checked_id
from mall.http.page import page
from mall.http.pagination import decode_cursor, page_of
from points.quizzes.bank import results
from points.quizzes.figures import figures_by_question, figures_of
from points.quizzes.models import QuizQuestion
from points.quizzes.queries import quiz_by_id
from points.quizzes.releases import ask_release, latest_releases
from points.quizzes.review import decide_results
from points.standing.levels import worded

pages = desk("quiz-results", __name__)
ONE = "/quizzes/<quiz_id>"
BACK = "/admin/quizzes/{quiz_id}/results"


@page(pages, "GET", f"{ONE}/results", auth=READERS, login=Login.BACKOFFICE)
def result_list(call: Call, quiz_id: str) -> str:
    """The newest first: all, those that wait, those that look too quick."""
    quiz = quiz_by_id(call.tx, checked_id(quiz_id))
    query, _errors = list_query(ResultsQuery())
    limit, cursor, wanted = query["limit"], decode_cursor(query.get("cursor"), str), query.get("state") or ""
    rows = results(call.tx, quiz.id, limit=limit + 1, wanted=wanted, before=str(cursor[0]) if cursor else None)
    found = page_of(rows, limit, lambda attempt: (attempt.id,))
    nicknames = nicknames_of(call.tx, [one.member_id for one in found["items"]])
    return render_template(
        "admin/quiz_results.html", quiz=quiz, title=worded(quiz.title), query=query, wanted=WANTED,
        results=[{**result_wire(one), "name": nicknames.get(one.member_id, one.member_id)} for one in found["items"]],
        figures=figures_of(call.tx, [quiz.id])[quiz.id], releases=latest_releases(call.tx, quiz.id),
        names=names_of_staff(call.tx), may_decide=DECIDERS.opens_for(call.staff),
        next_url=address_with(cursor=found["next_cursor"]) if found["next_cursor"] else None,
    )  # fmt: skip


@page(
    pages, "POST", f"{ONE}/results/decide", auth=DECIDERS, login=Login.EARNING, idempotent=True, on_error=BACK
)  # fmt: skip
def decide(call: Call, quiz_id: str) -> Redirect:
    """Confirm those that are ticked, or make them void; each stands alone."""
    reason = load(ReasonSchema(), {"reason": request.form.get("reason", "").strip()})["reason"]
    ticked = list(dict.fromkeys(checked_id(one) for one in request.form.getlist("result")))
    if not 1 <= len(ticked) <= MOST_AT_ONCE:
        raise Invalid(detail=_("Tick at least one result, and at most %(most)s.", most=MOST_AT_ONCE))
    action = "void" if request.form.get("act") == "void" else "confirm"
    outcomes = decide_results(call.tx, ticked, action, reason, acting(call), quiz_id=checked_id(quiz_id))
    done = sum(not isinstance(outcome, MallError) for outcome in outcomes)
    told = (
        ngettext("%(num)s result made void.", "%(num)s results made void.", done)
        if action == "void"
        else ngettext("%(num)s result confirmed.", "%(num)s results confirmed.", done)
    )
    if refused := len(outcomes) - done:
        told += " " + ngettext("%(num)s did not wait any more.", "%(num)s did not wait any more.", refused)
    flash(told, "success" if done else "error")
    return redirect(back_to(BACK.format(quiz_id=quiz_id)), 303)


@page(
    pages, "POST", f"{ONE}/results/release", auth=DECIDERS, login=Login.EARNING, idempotent=True, on_error=BACK
)  # fmt: skip
def release(call: Call, quiz_id: str) -> Redirect:
    """Decide on all that wait; the worker does it, a hundred at a time."""
    reason = load(ReasonSchema(), {"reason": request.form.get("reason", "").strip()})["reason"]
    act = request.form.get("act", "")
    action, flagged_too = ("void" if act == "void" else "confirm"), act != "unflagged"
    made = ask_release(call.tx, checked_id(quiz_id), action, reason, acting(call), flagged_too=flagged_too)
    flash(
        ngettext(
            "%(num)s result is being decided on. This page shows how far it is.",
            "%(num)s results are being decided on. This page shows how far they are.", made.total,
        ),
        "success",
    )  # fmt: skip
    return redirect(BACK.format(quiz_id=quiz_id), 303)


@page(pages, "GET", f"{ONE}/questions", auth=READERS, login=Login.BACKOFFICE)
def question_figures_page(call: Call, quiz_id: str) -> str:
    """How each question fared, the hardest first."""
    quiz = quiz_by_id(call.tx, checked_id(quiz_id))
    figures = figures_by_question(call.tx, quiz.id)
    questions = call.tx.scalars(select(QuizQuestion).where(QuizQuestion.id.in_(figures))).all()
    rows = [{"question": one, "text": worded(one.text), "figures": figures[one.id]} for one in questions]
    rows.sort(key=lambda row: (row["figures"].correct_percent, -row["figures"].shown))  # type: ignore[attr-defined]
    return render_template("admin/quiz_question_figures.html", quiz=quiz, title=worded(quiz.title), rows=rows)
