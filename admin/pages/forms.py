"""What the back office's forms share: a refusal shows the form again, with what was typed and the reasons."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from flask import Response, make_response, render_template, request
from sqlalchemy.orm import Session

from catalog.wording import LANGUAGES
from mall.db import Login, run_tx
from mall.errors import Conflict, FieldErrors, Forbidden, Invalid, MallError
from mall.http import idempotency
from mall.http.call import Call
from mall.http.problems import STATUS, plain_errors
from mall.identity.forms import messages_of
from points.earning.book_events import mall_zone

T = TypeVar("T")
FORM_ERROR = "form"
"""Where a reason stands that names no field."""


def attempt(tx: Session, work: Callable[[], T]) -> tuple[T | None, MallError | None]:
    """What ``work`` gives, or its refusal with everything undone that it had changed (a savepoint)."""
    point = tx.begin_nested()
    try:
        with point:
            return work(), None
    except MallError as error:
        return None, error


def done_once(call: Call, effect: Callable[[Call], object]) -> MallError | None:
    """Do what a form asks, once for each hidden ``_key`` of it; the refusal of it, with everything undone and the key
    still free, for the form to be shown again. The route has opened no transaction (``login=None``)."""
    key = idempotency.check_form(request.form.get("_key"), required=True)
    assert key is not None
    sent = {name: request.form.getlist(name) for name in sorted(request.form) if name != "csrf_token"}
    asked = idempotency.fingerprint("POST", request.path, sent)

    def work(tx: Session) -> Response:
        def done() -> Response:
            effect(replace(call, _tx=tx))
            return Response("done", content_type="text/plain")

        return idempotency.once(tx, call.principal.name, key, asked, call.now, done)

    try:
        run_tx(Login.BACKOFFICE, work)
    except (Conflict, Forbidden, Invalid) as error:
        return error
    return None


def page_again(call: Call, error: MallError, show: Callable[[Call], str]) -> Response:
    """The page that a refused form stands on, once more, with the status of the refusal."""
    return Response(run_tx(Login.BACKOFFICE, lambda tx: show(replace(call, _tx=tx))), STATUS[error.kind])


def shown_again(template: str, error: MallError, **values: Any) -> Response:
    """The form once more: status of the refusal, ``errors`` by field, ``form`` as it was sent."""
    errors: FieldErrors = messages_of(error, FORM_ERROR)
    body = render_template(template, errors=errors, form=request.form, **values)
    return make_response(body, STATUS[error.kind])


def wording_typed(name: str) -> dict[str, str]:
    """A text as it was typed in each language, ``name.zh`` and ``name.en``; those left empty are left out."""
    typed = {lang: request.form.get(f"{name}.{lang}", "").replace("\r\n", "\n").strip() for lang in LANGUAGES}
    return {lang: text for lang, text in typed.items() if text}


def whole_typed(text: str, digits: int = 18) -> int | str:
    """A whole number as it was typed; what is none, or has more ``digits``, stays as it is for the schema to refuse."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits else text


def figure_typed(text: str) -> int | str:
    """The same, its thousands set apart by commas or not."""
    return whole_typed(text.strip().replace(",", ""))


def optional_figure(text: str) -> int | str | None:
    """The same; None for a field that was left empty."""
    figure = figure_typed(text)
    return None if figure == "" else figure


def number_of(text: str) -> int | str:
    """A whole number as it was typed, with the signs that the form shows (+100, −5); what is none stays as it is, for
    the schema to refuse."""
    plain = text.strip().replace("−", "-").replace("＋", "+")
    bare = plain[1:] if plain[:1] in ("-", "+") else plain
    return int(plain) if bare.isascii() and bare.isdigit() and len(bare) < 16 else text


def moment_of(text: str) -> str | None:
    """A moment of the form, in the mall's zone, as the API writes it; what is none stays for the API to refuse."""
    if not text.strip():
        return None
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=mall_zone()).isoformat()
    except (ValueError, OverflowError):
        return text


def moment_shown(moment: datetime | None) -> str:
    """A moment as a field of a form has it, in the mall's zone."""
    return moment.astimezone(mall_zone()).strftime("%Y-%m-%dT%H:%M") if moment else ""


def at_fields(error: MallError, texts: Collection[str], within: str = "") -> MallError:
    """The reasons of a refusal at the form's own fields: those of a text in Chinese; ``opening.mon.0`` at ``mon``."""
    if not isinstance(error, Invalid):
        return error
    moved: FieldErrors = {}
    for name, why in plain_errors(error.errors).items():
        parts = name.split(".")
        if within and parts[0] == within and len(parts) > 1:
            parts = parts[1:]
        field = f"{parts[0]}.zh" if parts[0] in texts else parts[0]
        moved[field] = [*moved.get(field, []), *why]
    return Invalid(moved)
