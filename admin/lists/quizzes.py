"""Lists of the quiz desk: quizzes with what came of them, and the results of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from admin.lists.declare import AT_ONCE, Errors, Lines, OfficeList
from admin.pages.lists import list_query
from admin.pages.quizzes import QuizListQuery
from admin.people import nicknames_of
from admin.routes.quiz_results import ResultsQuery, result_wire
from admin.routes.quizzes import READERS
from mall.http.call import Call
from mall.http.ids import checked_id
from points.quizzes.bank import quizzes_for_staff, results
from points.quizzes.figures import figures_of
from points.quizzes.queries import quiz_by_id
from points.quizzes.taking import TOO_FAST


def _quizzes(call: Call, errors: Errors) -> Lines:
    query, wrong = list_query(QuizListQuery())
    errors.update(wrong)

    def portion(tx: Session, cursor: str | None) -> tuple[Sequence[Any], str | None]:
        found = quizzes_for_staff(
            tx, limit=AT_ONCE + 1, before=cursor, state=query.get("state") or "", now=call.now
        )  # fmt: skip
        shown, more = found[:AT_ONCE], len(found) > AT_ONCE
        figures = figures_of(tx, [quiz.id for quiz in shown])
        return [(quiz, figures[quiz.id]) for quiz in shown], shown[-1].id if more else None

    columns = {
        _("Id"): lambda row: row[0].id, _("Quiz"): lambda row: row[0].title, _("Category"): lambda row: row[0].category,
        _("From"): lambda row: row[0].opens_at, _("Until"): lambda row: row[0].closes_at,
        _("Handed in"): lambda row: row[1].submitted, _("Passed"): lambda row: row[1].passed,
        _("Points in all"): lambda row: row[1].points, _("To be checked"): lambda row: row[1].waiting,
    }  # fmt: skip
    return Lines(columns, portion, query)


def _results(call: Call, errors: Errors, quiz_id: str) -> Lines:
    known = quiz_by_id(call.tx, checked_id(quiz_id)).id
    query, wrong = list_query(ResultsQuery())
    errors.update(wrong)
    wanted = query.get("state") or ""
    review = {"waiting": _("waiting"), "confirmed": _("confirmed"), "void": _("void")}

    def portion(tx: Session, cursor: str | None) -> tuple[Sequence[Any], str | None]:
        found = results(tx, known, limit=AT_ONCE + 1, wanted=wanted, before=cursor)
        shown, more = found[:AT_ONCE], len(found) > AT_ONCE
        nicknames = nicknames_of(tx, [one.member_id for one in shown])
        rows = [{**result_wire(one), "nickname": nicknames.get(one.member_id)} for one in shown]
        return rows, shown[-1].id if more else None

    columns = {
        _("Result"): lambda one: one["id"], _("Member"): lambda one: one["member"],
        _("Nickname"): lambda one: one["nickname"], _("Handed in"): lambda one: one["submitted_at"],
        _("Seconds"): lambda one: one["seconds"], _("Score"): lambda one: one["score"],
        _("Of"): lambda one: one["max_score"], _("Passed"): lambda one: one["passed"],
        _("Points"): lambda one: one["points"],
        _("Flag"): lambda one: _("too quick") if one["flag"] == TOO_FAST else one["flag"],
        _("Review"): lambda one: review.get(one["review"], ""),
        _("Why"): lambda one: one["decision_reason"],
    }  # fmt: skip
    return Lines(columns, portion, query)


LISTS = (
    OfficeList("desk-quizzes.quiz_list", "/quizzes", _l("Quizzes"), READERS, _quizzes),
    OfficeList("desk-quiz-results.result_list", "/quizzes/<quiz_id>/results", _l("Results"), READERS, _results),
)
