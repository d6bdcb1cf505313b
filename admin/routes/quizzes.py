"""Quizzes and the bank of questions, for the back office."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import marshmallow as ma
from marshmallow import fields

from mall.db import Login
from mall.errors import Invalid
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Choice, Flag, Instant, StrictSchema, Text, Whole
from mall.http.pagination import PageQuery, decode_cursor, list_schema, page_of
from mall.http.principals import staff
from points.earning.periods import PERIODS
from points.quizzes.bank import flagged_attempts, own_question_counts, quizzes_for_staff
from points.quizzes.documents import MAX_DRAWS, MAX_QUESTIONS, MAX_SECONDS
from points.quizzes.models import Quiz
from points.quizzes.publish import change_quiz, publish_quiz, rules_document
from points.quizzes.queries import quiz_by_id
from points.quizzes.questions import CODE_PATTERN, MAX_TEXT
from points.quizzes.taking import standing_of

blp = api_blueprint("admin-quizzes", __name__, description="Quizzes and the bank of questions, for the back office")
READERS = staff("rules", "catalog", "auditor")
EDITORS = staff("rules", "catalog")


def any_document(**more: bool) -> fields.Dict:
    return fields.Dict(keys=fields.String(), metadata={"type": "object", "additionalProperties": True}, **more)


class NewQuizSchema(StrictSchema):
    """A quiz as one document (points/quizzes/documents.py says its form). ``draft``: no member sees it yet."""

    document = any_document(required=True)
    draft = Flag(load_default=False)


class AttemptsSchema(StrictSchema):
    """How many attempts in each period."""

    count = Whole(1, 100, required=True)
    period = Choice(PERIODS, required=True)


class BothSchema(StrictSchema):
    """A text in both languages."""

    zh = Text(1, MAX_TEXT, required=True)
    en = Text(1, MAX_TEXT, required=True)


class QuizDrawSchema(StrictSchema):
    """How many questions of a category an attempt draws."""

    category = Text(1, 60, pattern=CODE_PATTERN, required=True)
    count = Whole(1, MAX_QUESTIONS, required=True)


class QuizChangeSchema(StrictSchema):
    """How a quiz is taken; ``retired`` takes it off the list. ``draw``: of a draft only. ``published``: true, once.

    ``version``: the one that was looked at; when it has changed meanwhile, nothing is overwritten.
    """

    version = Whole(1, 2_000_000_000)
    title = fields.Nested(BothSchema)
    summary = fields.Nested(BothSchema)
    category = Text(1, 60, pattern=CODE_PATTERN)
    draw = fields.List(fields.Nested(QuizDrawSchema), validate=ma.validate.Length(min=1, max=MAX_DRAWS))
    published = Flag()
    hold_results = Flag()
    time_limit_seconds = Whole(10, MAX_SECONDS, allow_none=True)
    attempts = fields.Nested(AttemptsSchema, allow_none=True)
    pass_percent = Whole(1, 100, allow_none=True)
    shuffle = Flag()
    opens_at = Instant(allow_none=True)
    closes_at = Instant(allow_none=True)
    retired = Flag()


class StaffQuizSchema(StrictSchema):
    """A quiz in both languages. ``draw``: what it takes from the bank, null when its questions are its own."""

    id = fields.String(required=True)
    code = fields.String(required=True)
    category = fields.String(required=True)
    title = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    summary = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    draw = fields.List(fields.Dict(keys=fields.String()), allow_none=True, required=True)
    state = fields.String(required=True)
    version = fields.Integer(required=True)
    hold_results = fields.Boolean(required=True)
    published_at = Instant(required=True, allow_none=True)
    question_count = fields.Integer(required=True)
    time_limit_seconds = fields.Integer(required=True, allow_none=True)
    attempts = fields.Dict(keys=fields.String(), allow_none=True, required=True)
    pass_percent = fields.Integer(required=True, allow_none=True)
    shuffle = fields.Boolean(required=True)
    opens_at = Instant(required=True, allow_none=True)
    closes_at = Instant(required=True, allow_none=True)
    retired_at = Instant(required=True, allow_none=True)
    created_at = Instant(required=True)


class FlaggedSchema(StrictSchema):
    """An attempt that somebody should look at. ``seconds``: from its beginning to its handing in."""

    id = fields.String(required=True)
    member = fields.String(required=True)
    flag = fields.String(required=True)
    score = fields.Integer(required=True)
    max_score = fields.Integer(required=True)
    points = fields.Integer(required=True)
    seconds = fields.Integer(required=True)
    submitted_at = Instant(required=True)


def quiz_wire(quiz: Quiz, own_questions: int, now: datetime) -> dict[str, Any]:
    """A quiz as staff see it."""
    return {
        "id": quiz.id,
        "code": quiz.code,
        "category": quiz.category,
        "title": quiz.title,
        "summary": quiz.summary,
        "draw": quiz.draws or None,
        "question_count": quiz.draw_count or own_questions,
        "state": standing_of(quiz.published_at, quiz.retired_at, quiz.opens_at, quiz.closes_at, now),
        "version": quiz.version,
        **rules_document(quiz),
        "published_at": quiz.published_at,
        "opens_at": quiz.opens_at,
        "closes_at": quiz.closes_at,
        "retired_at": quiz.retired_at,
        "created_at": quiz.created_at,
    }


def _one(call: Call, quiz: Quiz) -> dict[str, Any]:
    return quiz_wire(quiz, own_question_counts(call.tx, [quiz.id]).get(quiz.id, 0), call.now)


def before(call: Call) -> str | None:
    """The last id or code of the page before."""
    cursor = decode_cursor(call.query.get("cursor"), str)
    return None if cursor is None else str(cursor[0])


@endpoint(
    blp, "GET", "/admin/quizzes", auth=READERS, login=Login.BACKOFFICE, query=PageQuery,
    response=list_schema(StaffQuizSchema),
)  # fmt: skip
def list_staff_quizzes(call: Call) -> dict[str, Any]:
    """Every quiz, the newest first, retired ones too."""
    limit = call.query["limit"]
    found = quizzes_for_staff(call.tx, limit=limit + 1, now=call.now, before=before(call))
    page = page_of(found, limit, lambda quiz: (quiz.id,))
    counts = own_question_counts(call.tx, [quiz.id for quiz in page["items"]])
    return {**page, "items": [quiz_wire(quiz, counts.get(quiz.id, 0), call.now) for quiz in page["items"]]}


@endpoint(
    blp, "POST", "/admin/quizzes", auth=EDITORS, login=Login.BACKOFFICE, body=NewQuizSchema,
    response=StaffQuizSchema, status=201, errors=("quiz_exists",),
)  # fmt: skip
def post_quiz(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """Publish a quiz, or keep it as a draft; its questions never change once it is published."""
    try:
        quiz = publish_quiz(call.tx, body["document"], call.now, call.staff.name, call.request_id, draft=body["draft"])
    except Invalid as error:
        raise Invalid({f"document.{path}": reasons for path, reasons in (error.errors or {}).items()}) from error
    return _one(call, quiz)


@endpoint(
    blp, "PATCH", "/admin/quizzes/<quiz_id>", auth=EDITORS, login=Login.BACKOFFICE, body=QuizChangeSchema,
    response=StaffQuizSchema, errors=("changed_meanwhile", "quiz_published"),
)  # fmt: skip
def patch_quiz(call: Call, body: dict[str, Any], quiz_id: str) -> dict[str, Any]:
    """Change how a quiz is taken, publish it, or retire it."""
    seen = body.pop("version", None)
    for name in ("opens_at", "closes_at"):
        if body.get(name) is not None:
            body[name] = body[name].isoformat()
    return _one(call, change_quiz(call.tx, quiz_id, body, call.now, call.staff.name, call.request_id, seen=seen))


@endpoint(
    blp, "GET", "/admin/quizzes/<quiz_id>/flagged", auth=READERS, login=Login.BACKOFFICE, query=PageQuery,
    response=list_schema(FlaggedSchema),
)  # fmt: skip
def list_flagged(call: Call, quiz_id: str) -> dict[str, Any]:
    """Attempts whose speed is hard to believe, the newest first."""
    quiz_by_id(call.tx, quiz_id)
    limit = call.query["limit"]
    rows = flagged_attempts(call.tx, quiz_id, limit=limit + 1, before=before(call))
    page = page_of(rows, limit, lambda attempt: (attempt.id,))
    items = [
        {
            "id": attempt.id, "member": attempt.member_id, "flag": attempt.flag, "score": attempt.score,
            "max_score": attempt.max_score, "points": attempt.points or 0, "submitted_at": attempt.submitted_at,
            "seconds": int((attempt.submitted_at - attempt.started_at).total_seconds()),
        }
        for attempt in page["items"] if attempt.submitted_at is not None
    ]  # fmt: skip
    return {**page, "items": items}
