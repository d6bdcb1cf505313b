"""Quizzes over the API. No answer leaves the server before it was given."""

from __future__ import annotations

from typing import Any, ClassVar

from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from marshmallow import fields

from mall.db import Login
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Instant, StrictSchema, Text
from mall.http.pagination import PageQuery, decode_cursor, list_schema, page_of
from mall.http.principals import MEMBER
from points.earning.book_events import mall_zone
from points.quizzes.attempts import start_attempt, submit_answers
from points.quizzes.documents import MAX_QUESTIONS
from points.quizzes.grading import percent_of
from points.quizzes.queries import list_quizzes, questions_of_attempt, quiz_by_id, quiz_overview
from points.quizzes.questions import OPTION_IDS
from points.quizzes.views import graded_view, question_view, quiz_view
from points.viewer import require_active

blp = api_blueprint("quizzes", __name__, description="Quizzes: questions, attempts, results")


class QuizBestSchema(StrictSchema):
    """A member's best result in a quiz."""

    score = fields.Integer(required=True)
    max_score = fields.Integer(required=True)
    percent = fields.Integer(required=True)


class QuizSchema(StrictSchema):
    """A quiz, without its questions. ``state``: soon, open or closed; ``attempts_left`` null: any number."""

    id = fields.String(required=True)
    code = fields.String(required=True)
    category = fields.String(required=True)
    title = fields.String(required=True)
    summary = fields.String(required=True)
    question_count = fields.Integer(required=True)
    state = fields.String(required=True)
    opens_at = Instant(required=True, allow_none=True)
    closes_at = Instant(required=True, allow_none=True)
    time_limit_seconds = fields.Integer(required=True, allow_none=True)
    attempts_left = fields.Integer(required=True, allow_none=True)
    best = fields.Nested(QuizBestSchema, required=True, allow_none=True)


class OptionSchema(StrictSchema):
    """An option of a question."""

    id = fields.String(required=True)
    text = fields.String(required=True)


class QuestionSchema(StrictSchema):
    """A question, without its answer. ``kind``: single, multiple (every right option is asked for) or true_false."""

    id = fields.String(required=True)
    kind = fields.String(required=True)
    text = fields.String(required=True)
    options = fields.List(fields.Nested(OptionSchema), required=True)


class AttemptSchema(StrictSchema):
    """An attempt that has begun."""

    id = fields.String(required=True)
    quiz = fields.String(required=True)
    questions = fields.List(fields.Nested(QuestionSchema), required=True)
    started_at = Instant(required=True)
    due_at = Instant(required=True, allow_none=True)


class ChoiceField(Text):
    """The id of an option, or a list of them where several may be right; read as their letters in order."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if isinstance(value, list):
            if not 1 <= len(value) <= len(OPTION_IDS) or not all(isinstance(one, str) for one in value):
                raise self.make_error("invalid")
            if any(len(one) != 1 for one in value):
                raise self.make_error("pattern")
            value = "".join(sorted(value))
        read: str = super()._deserialize(value, attr, data, **kwargs)
        return read


class AnswersField(fields.Dict):
    """Question id → option id, or a list of them."""

    default_error_messages: ClassVar = {
        "invalid": _l("Must be an object."),
        "long": _l("Has too many members."),
    }

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dict[str, str]:
        if not isinstance(value, dict):
            raise self.make_error("invalid")
        if len(value) > MAX_QUESTIONS:
            raise self.make_error("long")
        read: dict[str, str] = super()._deserialize(value, attr, data, **kwargs)
        return read


class AnswersSchema(StrictSchema):
    """What a member hands in; a question left out counts as wrong."""

    answers = AnswersField(keys=fields.String(), values=ChoiceField(1, 100), required=True)


class ResultSchema(StrictSchema):
    """The mark of one question, its right answer and why. Several options stand together: ``"ac"``."""

    question = fields.String(required=True)
    choice = fields.String(required=True, allow_none=True)
    correct = fields.Boolean(required=True)
    answer = fields.String(required=True)
    explanation = fields.String(required=True)


class GradeSchema(StrictSchema):
    """A graded attempt. ``points``: the change it made; 0 when the member had done as well before."""

    id = fields.String(required=True)
    quiz = fields.String(required=True)
    score = fields.Integer(required=True)
    max_score = fields.Integer(required=True)
    percent = fields.Integer(required=True)
    points = fields.Integer(required=True)
    submitted_at = Instant(required=True)
    results = fields.List(fields.Nested(ResultSchema), required=True)


@endpoint(blp, "GET", "/quizzes", auth=MEMBER, login=Login.EARNING, query=PageQuery, response=list_schema(QuizSchema))
def list_all_quizzes(call: Call) -> dict[str, Any]:
    """The quizzes there are, with the member's best result in each."""
    limit = call.query["limit"]
    after = decode_cursor(call.query.get("cursor"), str, str)
    rows = list_quizzes(
        call.tx,
        call.member.member_id,
        call.now,
        mall_zone(),
        limit=limit + 1,
        after=after,  # type: ignore[arg-type]
    )
    page = page_of(rows, limit, lambda row: (row.quiz.category, row.quiz.id))
    return {**page, "items": [quiz_view(row, str(get_locale())) for row in page["items"]]}


@endpoint(blp, "GET", "/quizzes/<quiz_id>", auth=MEMBER, login=Login.EARNING, response=QuizSchema)
def get_quiz(call: Call, quiz_id: str) -> dict[str, Any]:
    """One quiz with the member's best result."""
    return quiz_view(quiz_overview(call.tx, quiz_id, call.member.member_id, call.now, mall_zone()), str(get_locale()))


@endpoint(
    blp, "POST", "/quizzes/<quiz_id>/attempts", auth=MEMBER, login=Login.EARNING, response=AttemptSchema, status=201,
    idempotency="accepted", errors=("quiz_not_open", "no_attempts_left"),
)  # fmt: skip
def begin_attempt(call: Call, quiz_id: str) -> dict[str, Any]:
    """Begin an attempt: its questions, without answers."""
    require_active(call.member)
    attempt = start_attempt(call.tx, call.member.member_id, quiz_id, call.now)
    quiz, locale = quiz_by_id(call.tx, quiz_id), str(get_locale())
    questions = [question_view(question, quiz, attempt, locale) for question in questions_of_attempt(call.tx, attempt)]
    return {
        "id": attempt.id,
        "quiz": attempt.quiz_id,
        "questions": questions,
        "started_at": attempt.started_at,
        "due_at": attempt.due_at,
    }


@endpoint(
    blp, "POST", "/attempts/<attempt_id>/answers", auth=MEMBER, login=Login.EARNING, body=AnswersSchema,
    response=GradeSchema, idempotency="required", errors=("attempt_submitted", "attempt_late"),
)  # fmt: skip
def hand_in_answers(call: Call, body: dict[str, Any], attempt_id: str) -> dict[str, Any]:
    """Hand in an attempt: its grade, the explanations and the points."""
    require_active(call.member)
    graded = submit_answers(call.tx, call.member.member_id, attempt_id, body["answers"], call.now)
    view = graded_view(graded, str(get_locale()))
    return {
        "id": graded.attempt.id,
        "quiz": graded.attempt.quiz_id,
        "score": graded.grade.score,
        "max_score": graded.grade.max_score,
        "percent": percent_of(graded.grade.score, graded.grade.max_score),
        "points": graded.points,
        "submitted_at": graded.attempt.submitted_at,
        "results": view,
    }
