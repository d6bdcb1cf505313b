"""The bank of questions, for the back office."""

from __future__ import annotations

import json
from typing import Any

import marshmallow as ma
from flask import Response, request
from flask_babel import gettext as _
from marshmallow import fields

from admin.routes.quizzes import EDITORS, READERS, any_document, before
from mall.db import Login
from mall.errors import Invalid
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Choice, Flag, StrictSchema, Text
from mall.http.pagination import PageQuery, list_schema, page_of
from mall.sheets import CSV_TYPE, XLSX_TYPE, BadSheet, read_sheet, write_csv, write_xlsx
from points.quizzes.bank import bank_questions, document_of
from points.quizzes.bank_keeping import Imported, import_questions, set_question_active
from points.quizzes.models import QuizQuestion
from points.quizzes.questions import CODE_PATTERN, KINDS
from points.quizzes.sheet import HEADINGS, documents_of, row_of

blp = api_blueprint("admin-quiz-bank", __name__, description="The bank of questions, for the back office")
MOST_QUESTIONS = 1000


class QuestionsSchema(StrictSchema):
    """Questions for the bank (points/quizzes/questions.py says their form)."""

    questions = fields.List(any_document(), required=True, validate=ma.validate.Length(min=1, max=MOST_QUESTIONS))


class QuestionsImportedSchema(StrictSchema):
    """Codes of what was added, changed, and there already."""

    added = fields.List(fields.String(), required=True)
    changed = fields.List(fields.String(), required=True)
    unchanged = fields.List(fields.String(), required=True)


class BankQuery(PageQuery):
    """Questions of one category, or all."""

    category = Text(1, 60, pattern=CODE_PATTERN)


class BankFileQuery(StrictSchema):
    """``format`` of the file."""

    format = Choice(("csv", "xlsx", "json"), load_default="xlsx")


class BankQuestionSchema(StrictSchema):
    """A question of the bank with its answer; ``document`` is what it could be imported from."""

    id = fields.String(required=True)
    code = fields.String(required=True)
    category = fields.String(required=True)
    kind = Choice(KINDS, required=True)
    active = fields.Boolean(required=True)
    document = any_document(required=True)


class QuestionChangeSchema(StrictSchema):
    """Whether quizzes draw the question."""

    active = Flag(required=True)


def _question_wire(question: QuizQuestion) -> dict[str, Any]:
    return {
        "id": question.id,
        "code": question.code,
        "category": question.category,
        "kind": question.kind,
        "active": question.active,
        "document": document_of(question),
    }


@endpoint(
    blp, "GET", "/admin/quiz-questions", auth=READERS, login=Login.BACKOFFICE, query=BankQuery,
    response=list_schema(BankQuestionSchema),
)  # fmt: skip
def list_bank_questions(call: Call) -> dict[str, Any]:
    """The bank, in order of codes."""
    limit = call.query["limit"]
    rows = bank_questions(call.tx, limit=limit + 1, category=call.query.get("category"), after=before(call))
    page = page_of(rows, limit, lambda question: (str(question.code),))
    return {**page, "items": [_question_wire(question) for question in page["items"]]}


@endpoint(
    blp, "POST", "/admin/quiz-questions", auth=EDITORS, login=Login.BACKOFFICE, body=QuestionsSchema,
    response=QuestionsImportedSchema,
)  # fmt: skip
def post_bank_questions(call: Call, body: dict[str, Any]) -> Imported:
    """Put questions into the bank, all or none; a code that is there takes the new wording."""
    return import_questions(call.tx, body["questions"], call.now, call.staff.name, call.request_id)


@endpoint(
    blp, "POST", "/admin/quiz-questions/file", auth=EDITORS, login=Login.BACKOFFICE, response=QuestionsImportedSchema,
    body_type=(CSV_TYPE, XLSX_TYPE),
)  # fmt: skip
def post_bank_file(call: Call) -> Imported:
    """The same from a CSV or XLSX file, in the columns of the file that can be fetched."""
    try:
        documents = documents_of(read_sheet(call.raw_body, request.mimetype))
    except BadSheet as error:
        raise Invalid({"body": [_("This file cannot be read as a table.")]}) from error
    if not 1 <= len(documents) <= MOST_QUESTIONS:
        raise Invalid({"questions": [_("Must be 1 to %(most)s questions.", most=MOST_QUESTIONS)]})
    return import_questions(call.tx, documents, call.now, call.staff.name, call.request_id)


@endpoint(blp, "GET", "/admin/quiz-questions/file", auth=READERS, login=Login.BACKOFFICE, query=BankFileQuery)
def get_bank_file(call: Call) -> Response:
    """The bank as a file that can be changed and sent back."""
    return bank_file(call, call.query["format"])


def bank_file(call: Call, kind: str) -> Response:
    """The bank as ``csv``, ``xlsx`` or ``json``."""
    documents = [document_of(question) for question in bank_questions(call.tx)]
    if kind == "json":
        content = json.dumps(documents, ensure_ascii=False, indent=1).encode()
    else:
        rows = [list(HEADINGS), *(row_of(document) for document in documents)]
        content = write_csv(rows) if kind == "csv" else write_xlsx(rows, _("Question bank"))
    kinds = {"json": "application/json", "csv": f"{CSV_TYPE}; charset=utf-8", "xlsx": XLSX_TYPE}
    response = Response(content, content_type=kinds[kind])
    response.headers["Content-Disposition"] = f'attachment; filename="question-bank.{kind}"'
    return response


@endpoint(
    blp, "PATCH", "/admin/quiz-questions/<question_id>", auth=EDITORS, login=Login.BACKOFFICE,
    body=QuestionChangeSchema, response=BankQuestionSchema, errors=("question_needed",),
)  # fmt: skip
def patch_bank_question(call: Call, body: dict[str, Any], question_id: str) -> dict[str, Any]:
    """Let quizzes draw a question, or no longer."""
    changed = set_question_active(call.tx, question_id, body["active"], call.now, call.staff.name, call.request_id)
    return _question_wire(changed)
