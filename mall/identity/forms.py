"""What the forms of identity share: fields read as text, the visitor, the browser's session."""

from __future__ import annotations

from flask import request, session
from flask_babel import gettext as _

from mall.errors import FieldErrors, Invalid, MallError
from mall.http.page import safe_path
from mall.http.problems import problem_of
from mall.identity.authenticate import COOKIE_TOKEN
from mall.identity.devices import device_name
from mall.identity.sessions import BROWSER
from mall.identity.signing_in import Visitor

TYPED = 256
"""Characters read of a form's field."""


def typed(name: str) -> str:
    """A field of the form as one line of text. Raises Invalid naming it when it is too long or not text."""
    text = request.form.get(name, "")
    if len(text) > TYPED or any(char < " " or "\ud800" <= char <= "\udfff" for char in text):
        raise Invalid({name: [_("Contains a character that is not allowed.")]})
    return text


def next_path(default: str = "/") -> str:
    """Where to go afterwards, always inside the mall: from the form, else from the address."""
    return safe_path(request.form.get("next") or request.args.get("next"), default)


def visitor() -> Visitor:
    """Who is at the browser."""
    return Visitor(request.remote_addr, device_name(request.headers.get("User-Agent")), BROWSER)


def keep_session(token: str) -> None:
    """Make ``token`` this browser's session. Whatever the cookie held before is dropped: a cookie that
    somebody else planted (fixation) is worth nothing afterwards."""
    session.clear()
    session[COOKIE_TOKEN] = token
    session.permanent = True


def messages_of(error: MallError, field: str) -> FieldErrors:
    """A refusal as sentences by field; what names no field stands at ``field``."""
    problem = problem_of(error)
    return problem.get("errors") or {field: [problem["detail"]]}
