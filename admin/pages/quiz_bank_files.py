"""The bank of questions as files: taken out, and brought in with a word on every line."""

from __future__ import annotations

import json
from typing import Any

from flask import Response, make_response, render_template, request
from flask_babel import gettext as _

from admin.pages.blueprint import desk
from admin.pages.forms import FORM_ERROR, attempt
from admin.routes.quiz_bank import MOST_QUESTIONS, bank_file
from admin.routes.quizzes import EDITORS, READERS
from mall.db import Login
from mall.errors import Invalid, MallError
from mall.http.call import Call
from mall.http.downloads import check_format
from mall.http.page import page
from mall.http.problems import STATUS
from mall.identity.forms import messages_of
from mall.sheets import CSV_TYPE, XLSX_TYPE, BadSheet, read_sheet
from points.quizzes.bank_keeping import Imported, import_questions
from points.quizzes.sheet import documents_of

pages = desk("quiz-bank-files", __name__)


@page(pages, "GET", "/quiz-questions-file", auth=READERS, login=Login.BACKOFFICE)
def download_bank(call: Call) -> Response:
    """The whole bank; ``format``: csv, xlsx or json."""
    kind = request.args.get("format", "xlsx")
    if kind != "json":
        check_format(kind)
    return bank_file(call, kind)


@page(pages, "GET", "/quiz-questions-import", auth=EDITORS, login=Login.BACKOFFICE)
def import_page(call: Call) -> str:
    """The form."""
    return render_template("admin/quiz_questions_import.html")


@page(pages, "POST", "/quiz-questions-import", auth=EDITORS, login=Login.BACKOFFICE)
def import_file(call: Call) -> Response:
    """Bring a file in, all of it or nothing, and say what became of every line. Sent twice it changes nothing more."""
    given = request.files.get("list")
    raw = given.read() if given is not None else b""
    try:
        documents = _documents(raw)
    except Invalid as refused:
        told = [sentence for sentences in messages_of(refused, "list").values() for sentence in sentences]
        return make_response(render_template("admin/quiz_questions_import.html", errors={"list": told}), 422)

    def work() -> Imported:
        return import_questions(call.tx, documents, call.now, call.staff.name, call.request_id)

    done, error = attempt(call.tx, work)
    lines = _lines(documents, done, error)
    body = render_template("admin/quiz_questions_import.html", lines=lines, done=done)
    return make_response(body, 200 if error is None else STATUS[error.kind])


def _documents(raw: bytes) -> list[Any]:
    if not raw:
        raise Invalid({"list": [_("Please choose a file.")]})
    if raw.lstrip()[:1] in (b"[", b"{"):
        try:
            read = json.loads(raw)
        except (ValueError, RecursionError) as error:
            raise Invalid({"list": [_("This file is no JSON document.")]}) from error
        documents = read.get("questions") if isinstance(read, dict) else read
    else:
        try:
            documents = documents_of(read_sheet(raw, XLSX_TYPE if raw.startswith(b"PK") else CSV_TYPE))
        except BadSheet as error:
            raise Invalid({"list": [_("This file cannot be read as a table.")]}) from error
    if not isinstance(documents, list) or not 1 <= len(documents) <= MOST_QUESTIONS:
        raise Invalid({"list": [_("Must be 1 to %(most)s questions.", most=MOST_QUESTIONS)]})
    return documents


def _lines(documents: list[Any], done: Imported | None, error: MallError | None) -> list[dict[str, Any]]:
    reasons: dict[int, list[str]] = {}
    for path, why in (messages_of(error, FORM_ERROR) if error is not None else {}).items():
        parts = path.split(".")
        place = int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 0
        reasons.setdefault(place, []).append(f"{'.'.join(parts[2:])}: {' '.join(why)}".removeprefix(": "))
    results = {}
    if done is not None:
        for name in ("added", "changed", "unchanged"):
            results.update(dict.fromkeys(getattr(done, name), name))
    lines = []
    for place, document in enumerate(documents):
        one = document if isinstance(document, dict) else {}
        text, code = one.get("text"), str(one.get("code", ""))[:60]
        words = str(text.get("zh") or text.get("en") or "")[:80] if isinstance(text, dict) else ""
        result = "bad" if place in reasons else results.get(code, "good")
        lines.append(
            {"line": place + 1, "code": code, "text": words, "result": result, "why": " ".join(reasons.get(place, []))}
        )
    return sorted(lines, key=lambda line: line["result"] != "bad")
