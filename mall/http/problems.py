"""Refusals as answers: one table from kinds to status codes, problem+json for programs, a page for people.

Titles of codes are registered by the package that raises them (``mall``'s own below); the roof collects
``points.codes.TITLES`` and ``catalog.codes.TITLES``. ``docs/errors.md`` lists them all (a guard test compares).
"""

from __future__ import annotations

from functools import cache
from typing import Any

import structlog
from flask import Flask, Response, g, render_template, request
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from mall.errors import MallError
from mall.http.json_answer import JsonAnswer
from mall.i18n import language
from mall.identity.staff_cookie import in_back_office
from mall.json_text import ascii_only

log = structlog.get_logger("mall.http")

STATUS = {
    "malformed": 400,
    "unauthenticated": 401,
    "forbidden": 403,
    "not_found": 404,
    "conflict": 409,
    "too_large": 413,
    "unsupported": 415,
    "invalid": 422,
    "too_many": 429,
    "unavailable": 503,
}

TITLES: dict[str, Any] = {
    "malformed_request": _l("The request cannot be read."),
    "malformed_json": _l("The body is not valid JSON in UTF-8."),
    "csrf_failed": _l("This page has expired. Please load it again."),
    "idempotency_key_missing": _l("This call needs an Idempotency-Key header."),
    "idempotency_key_invalid": _l("The Idempotency-Key must be 1 to 255 visible ASCII characters."),
    "idempotency_key_reused": _l("This Idempotency-Key was used with another request."),
    "request_in_progress": _l("The first request with this Idempotency-Key is still running."),
    "authentication_required": _l("Please sign in."),
    "invalid_credentials": _l("The name or the password is wrong."),
    "key_invalid": _l("This key or token is not valid."),
    "forbidden": _l("You may not do this."),
    "member_required": _l("Only members can do this."),
    "staff_required": _l("Only staff can do this."),
    "client_required": _l("Only reporting systems can do this."),
    "role_missing": _l("Your role does not allow this."),
    "scope_missing": _l("This key lacks the scope for this call."),
    "not_found": _l("Not found."),
    "method_not_allowed": _l("This method is not allowed here."),
    "not_acceptable": _l("This cannot be given in the form asked for."),
    "body_too_large": _l("The request is too large."),
    "unsupported_media_type": _l("Send JSON: Content-Type must be application/json."),
    "invalid_fields": _l("Some fields are not valid."),
    "too_many_requests": _l("Too many requests. Please wait a little."),
    "database_unavailable": _l("The service is busy. Please try again in a moment."),
    "try_again": _l("The service is busy. Please try again in a moment."),
    "internal_error": _l("Something went wrong on our side."),
    "http_error": _l("The request was refused."),
}

_HTTP_CODES = {
    400: "malformed_request",
    401: "authentication_required",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    408: "malformed_request",
    411: "malformed_request",
    413: "body_too_large",
    414: "malformed_request",
    415: "unsupported_media_type",
    422: "invalid_fields",
    429: "too_many_requests",
    503: "database_unavailable",
}


def register_titles(titles: dict[str, Any]) -> None:
    """Add a package's codes and their titles. Raises ValueError for a code that has another title already: there is
    one list for the whole house, and each code means one thing."""
    taken = sorted(code for code, title in titles.items() if code in TITLES and TITLES[code] is not title)
    if taken:
        raise ValueError(f"error codes that have a title already: {', '.join(taken)}")
    TITLES.update(titles)


def wants_json() -> bool:
    """Programs live under /api; everything else is for people."""
    return request.path.startswith("/api/")


@cache
def _title(code: str, _language: str) -> str:
    """The title of a code in the language that is spoken now: Flask-Babel takes as long for one as all else that a
    refusal needs."""
    return str(TITLES[code])


def problem_body(status: int, code: str, detail: str = "", errors: Any = None, extra: Any = None) -> dict[str, Any]:
    """The members of a problem document (RFC 9457)."""
    title = _title(code if code in TITLES else "http_error", language())
    body: dict[str, Any] = {
        "type": f"/api/docs/errors#{code}",
        "title": title,
        "status": status,
        "detail": detail or title,
        "instance": request.path,
        "code": code,
        "request_id": getattr(g, "request_id", ""),
    }
    if errors is not None:
        body["errors"] = errors
    body.update(extra or {})
    return body


def problem_of(error: MallError) -> dict[str, Any]:
    """The problem document of a refusal, for answers that hold several (batches)."""
    errors = plain_errors(error.errors) if error.errors is not None else None
    return problem_body(STATUS[error.kind], error.code, str(error.detail or ""), errors, error.extra)


def sentence_of(error: MallError) -> str:
    """A refusal for people, where no field can show it: what is wrong with each field, else what happened."""
    problem = problem_of(error)
    found = [sentence for sentences in (problem.get("errors") or {}).values() for sentence in sentences]
    return " ".join(dict.fromkeys(found)) or str(problem["detail"])


def plain_errors(messages: Any, prefix: str = "") -> dict[str, list[str]]:
    """Marshmallow's nested messages as ``{"field.sub": [sentence]}``."""
    flat: dict[str, list[str]] = {}
    if isinstance(messages, dict):
        for key, value in messages.items():
            name = "body" if key == "_schema" else str(key).encode("utf-8", "replace").decode()[:100]
            path = f"{prefix}.{name}" if prefix and key != "_schema" else (prefix or name)
            for inner, texts in plain_errors(value, path).items():
                flat.setdefault(inner, []).extend(texts)
    elif isinstance(messages, list):
        flat[prefix or "body"] = [str(item) for item in messages]
    else:
        flat[prefix or "body"] = [str(messages)]
    return flat


def problem_response(body: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    """A problem document as a response."""
    response = JsonAnswer(ascii_only(body), status=body["status"], content_type="application/problem+json")
    response.headers.update(headers or {})
    return response


def _answer(body: dict[str, Any], headers: dict[str, str]) -> Response:
    if wants_json():
        return problem_response(body, headers)
    template = "admin/error.html" if in_back_office(request) else "errors/error.html"
    page = render_template(template, problem=body, status=body["status"], code=body["code"])
    response = Response(page, status=body["status"], content_type="text/html; charset=utf-8")
    response.headers.update(headers)
    return response


def on_mall_error(error: MallError) -> Response:
    """Answer a refusal of the domain."""
    headers = {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(max(1, error.retry_after))
    if error.kind == "unauthenticated":
        headers["WWW-Authenticate"] = 'Bearer realm="mall"'
    return _answer(problem_of(error), headers)


def on_http_exception(error: HTTPException) -> Response | HTTPException:
    """Answer a refusal of the framework, keeping the headers that belong to it."""
    if isinstance(error, RequestRedirect) or error.code is None:
        return error
    ours = ("Allow", "Retry-After", "WWW-Authenticate")
    kept = {name: value for name, value in error.get_headers(request.environ) if name in ours}
    code = "csrf_failed" if isinstance(error, CSRFError) else _HTTP_CODES.get(error.code, "http_error")
    return _answer(problem_body(error.code, code), kept)


def on_crash(error: Exception) -> Response:
    """Answer a defect: say nothing of its inside, log it whole."""
    log.exception("unhandled", request_id=getattr(g, "request_id", ""), route=str(request.url_rule))
    if wants_json():
        return problem_response(problem_body(500, "internal_error"))
    try:
        return _answer(problem_body(500, "internal_error"), {})
    except Exception:
        log.exception("error page failed", request_id=getattr(g, "request_id", ""))
        return Response(gettext("Something went wrong on our side."), status=500, content_type="text/plain")


def init_app(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(MallError, on_mall_error)
    app.register_error_handler(HTTPException, on_http_exception)
    app.register_error_handler(Exception, on_crash)
