"""What the back office's forms share: a refusal shows the form again, with what was typed and the reasons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Response, make_response, render_template, request
from sqlalchemy.orm import Session

from mall.errors import FieldErrors, MallError
from mall.http.problems import STATUS
from mall.identity.forms import messages_of

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


def shown_again(template: str, error: MallError, **values: Any) -> Response:
    """The form once more: status of the refusal, ``errors`` by field, ``form`` as it was sent."""
    errors: FieldErrors = messages_of(error, FORM_ERROR)
    body = render_template(template, errors=errors, form=request.form, **values)
    return make_response(body, STATUS[error.kind])
