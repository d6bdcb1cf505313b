"""The CSRF check: a browser's cookie is sent by any page, so what it may change needs a token of ours too."""

from __future__ import annotations

from flask import current_app, request
from flask_wtf.csrf import validate_csrf
from wtforms.validators import ValidationError

from mall.errors import Malformed


def check_csrf() -> None:
    """Raise Malformed ``csrf_failed`` (400) unless the form or the header ``X-CSRFToken`` carries the token."""
    if not current_app.config["WTF_CSRF_ENABLED"]:
        return
    try:
        validate_csrf(request.headers.get("X-CSRFToken") or request.form.get("csrf_token"))
    except ValidationError as error:
        raise Malformed("csrf_failed") from error
