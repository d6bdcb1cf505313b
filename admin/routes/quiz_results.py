"""Results of quizzes for the back office: seen, confirmed, made void, one by one or together; categories."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields

from admin.acting import acting
from admin.routes.awards import EDITORS as DECIDERS
from admin.routes.awards import ReasonSchema
from admin.routes.quizzes import EDITORS, READERS, BothSchema
from mall.db import Login
from mall.errors import MallError
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Choice, Flag, Instant, StrictSchema, Text, Whole
from mall.http.pagination import PageQuery, decode_cursor, list_schema, page_in_memory, page_of
from mall.http.problems import problem_of
from points.quizzes.bank import results
from points.quizzes.categories import categories, checked_code, remove_category, save_category
from points.quizzes.models import QuizAttempt, QuizCategory, QuizRelease
from points.quizzes.queries import quiz_by_id
from points.quizzes.questions import CODE_PATTERN
from points.quizzes.releases import ask_release, latest_releases
from points.quizzes.review import ACTIONS, decide_results

blp = api_blueprint("admin-quiz-results", __name__, description="Results of quizzes, and the categories of questions")
MOST_AT_ONCE = 100
WANTED = ("waiting", "flagged", "void")


class ResultsQuery(PageQuery):
    """``state``: results that wait, that look too quick, or that were made void; all without."""

    state = Choice(WANTED)


class QuizResultSchema(StrictSchema):
    """A result. ``review``: waiting, confirmed or void; null: paid at once. ``seconds``: from beginning to end."""

    id = fields.String(required=True)
    member = fields.String(required=True)
    score = fields.Integer(required=True)
    max_score = fields.Integer(required=True)
    passed = fields.Boolean(required=True)
    points = fields.Integer(required=True)
    seconds = fields.Integer(required=True)
    flag = fields.String(required=True, allow_none=True)
    review = fields.String(required=True, allow_none=True)
    decision_reason = fields.String(required=True, allow_none=True)
    submitted_at = Instant(required=True)


class ResultDecisionsSchema(ReasonSchema):
    """Confirm results that wait, or make results void; each stands alone."""

    action = Choice(ACTIONS, required=True)
    results = fields.List(Text(1, 60), required=True, validate=ma.validate.Length(min=1, max=MOST_AT_ONCE))


class ResultDecidedSchema(StrictSchema):
    """What became of one."""

    id = fields.String(required=True)
    status = fields.Integer(required=True)
    problem = fields.Dict(keys=fields.String(), metadata={"type": "object", "additionalProperties": True})


class ResultsDecidedSchema(StrictSchema):
    """In the order given."""

    results = fields.List(fields.Nested(ResultDecidedSchema), required=True)


class NewQuizReleaseSchema(ReasonSchema):
    """All that wait now: those without a flag, or with ``flagged_too`` all."""

    action = Choice(ACTIONS, required=True)
    flagged_too = Flag(load_default=False)


class QuizReleaseSchema(StrictSchema):
    """Many results decided on together; ``done`` of ``total`` so far, finished once ``finished_at`` is set."""

    id = fields.String(required=True)
    action = fields.String(required=True)
    flagged_too = fields.Boolean(required=True)
    reason = fields.String(required=True)
    asked_at = Instant(required=True)
    total = fields.Integer(required=True)
    done = fields.Integer(required=True)
    finished_at = Instant(required=True, allow_none=True)


class QuizCategorySchema(StrictSchema):
    """A category of questions."""

    code = fields.String(required=True)
    name = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    version = fields.Integer(required=True)


class NewQuizCategorySchema(StrictSchema):
    """A new one."""

    code = Text(1, 60, pattern=CODE_PATTERN, required=True)
    name = fields.Nested(BothSchema, required=True)


class QuizCategoryChangeSchema(StrictSchema):
    """Another name; ``version`` is the one that was looked at."""

    name = fields.Nested(BothSchema, required=True)
    version = Whole(1, 2_000_000_000, required=True)


def result_wire(attempt: QuizAttempt) -> dict[str, Any]:
    """A result as staff see it: what was scored and how quickly, never what was answered."""
    assert attempt.submitted_at is not None
    return {
        "id": attempt.id,
        "member": attempt.member_id,
        "score": attempt.score,
        "max_score": attempt.max_score,
        "passed": bool(attempt.passed),
        "points": attempt.points or 0,
        "seconds": int((attempt.submitted_at - attempt.started_at).total_seconds()),
        "flag": attempt.flag,
        "review": attempt.review,
        "decision_reason": attempt.decision_reason,
        "submitted_at": attempt.submitted_at,
    }


def release_wire(release: QuizRelease) -> dict[str, Any]:
    """A release as staff see it."""
    names = ("id", "action", "flagged_too", "reason", "asked_at", "total", "done", "finished_at")
    return {name: getattr(release, name) for name in names}


@endpoint(
    blp, "GET", "/admin/quizzes/<quiz_id>/results", auth=READERS, login=Login.BACKOFFICE, query=ResultsQuery,
    response=list_schema(QuizResultSchema),
)  # fmt: skip
def list_quiz_results(call: Call, quiz_id: str) -> dict[str, Any]:
    """Results of a quiz, the newest first."""
    quiz_by_id(call.tx, quiz_id)
    limit, cursor = call.query["limit"], decode_cursor(call.query.get("cursor"), str)
    before = None if cursor is None else str(cursor[0])
    rows = results(call.tx, quiz_id, limit=limit + 1, wanted=call.query.get("state") or "", before=before)
    page = page_of(rows, limit, lambda attempt: (attempt.id,))
    return {**page, "items": [result_wire(attempt) for attempt in page["items"]]}


@endpoint(
    blp, "POST", "/admin/quizzes/<quiz_id>/results/decisions", auth=DECIDERS, login=Login.EARNING,
    body=ResultDecisionsSchema, response=ResultsDecidedSchema,
)  # fmt: skip
def post_result_decisions(call: Call, body: dict[str, Any], quiz_id: str) -> dict[str, Any]:
    """Confirm results that wait, or make results void, at most 100 in one call."""
    quiz_by_id(call.tx, quiz_id)
    ids = list(dict.fromkeys(body["results"]))
    told: list[dict[str, Any]] = []
    outcomes = decide_results(call.tx, ids, body["action"], body["reason"], acting(call), quiz_id=quiz_id)
    for attempt_id, outcome in zip(ids, outcomes, strict=True):
        if isinstance(outcome, MallError):
            problem = problem_of(outcome)
            told.append({"id": attempt_id, "status": problem["status"], "problem": problem})
        else:
            told.append({"id": attempt_id, "status": 200})
    return {"results": told}


@endpoint(
    blp, "POST", "/admin/quizzes/<quiz_id>/releases", auth=DECIDERS, login=Login.EARNING, body=NewQuizReleaseSchema,
    response=QuizReleaseSchema, status=201, errors=("release_running", "nothing_waits"),
)  # fmt: skip
def post_quiz_release(call: Call, body: dict[str, Any], quiz_id: str) -> dict[str, Any]:
    """Decide on all results that wait; a job does it in batches."""
    made = ask_release(
        call.tx, quiz_id, body["action"], body["reason"], acting(call), flagged_too=body["flagged_too"]
    )  # fmt: skip
    return release_wire(made)


@endpoint(
    blp, "GET", "/admin/quizzes/<quiz_id>/releases", auth=READERS, login=Login.BACKOFFICE, query=PageQuery,
    response=list_schema(QuizReleaseSchema),
)  # fmt: skip
def list_quiz_releases(call: Call, quiz_id: str) -> dict[str, Any]:
    """How far releases have come."""
    quiz_by_id(call.tx, quiz_id)
    shown = [release_wire(release) for release in latest_releases(call.tx, quiz_id)]
    return page_in_memory(shown, call.query, lambda one: str(one["id"]))


def _category(one: QuizCategory) -> dict[str, Any]:
    return {"code": one.code, "name": one.name, "version": one.version}


@endpoint(
    blp, "GET", "/admin/quiz-categories", auth=READERS, login=Login.BACKOFFICE, query=PageQuery,
    response=list_schema(QuizCategorySchema),
)  # fmt: skip
def list_quiz_categories(call: Call) -> dict[str, Any]:
    """The categories of questions."""
    return page_in_memory([_category(one) for one in categories(call.tx)], call.query, lambda one: str(one["code"]))


@endpoint(
    blp, "POST", "/admin/quiz-categories", auth=EDITORS, login=Login.BACKOFFICE, body=NewQuizCategorySchema,
    response=QuizCategorySchema, status=201, errors=("quiz_category_exists",),
)  # fmt: skip
def post_quiz_category(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """Make a category."""
    return _category(save_category(call.tx, body["code"], body["name"], None, acting(call)))


@endpoint(
    blp, "PATCH", "/admin/quiz-categories/<category_code>", auth=EDITORS, login=Login.BACKOFFICE,
    body=QuizCategoryChangeSchema, response=QuizCategorySchema, errors=("changed_meanwhile",),
)  # fmt: skip
def patch_quiz_category(call: Call, body: dict[str, Any], category_code: str) -> dict[str, Any]:
    """Give a category another name."""
    return _category(save_category(call.tx, checked_code(category_code), body["name"], body["version"], acting(call)))


@endpoint(
    blp, "DELETE", "/admin/quiz-categories/<category_code>", auth=EDITORS, login=Login.BACKOFFICE, status=204,
    errors=("quiz_category_in_use",),
)  # fmt: skip
def delete_quiz_category(call: Call, category_code: str) -> None:
    """Remove a category that nothing uses."""
    remove_category(call.tx, checked_code(category_code), acting(call))
