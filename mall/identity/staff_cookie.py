"""The cookie of staff in a browser: apart from members', and sent to the back office only.

Somebody who is both a member and staff is the one on the storefront and the other in the back office; signing
in or out as one leaves the other alone. The value is the session's token: random, known hashed, ended by its row.
"""

from __future__ import annotations

from flask import Request, request
from werkzeug.wrappers import Response

STAFF_COOKIE = "mall_staff"
BACK_OFFICE = "/admin"
RENEWED = "renewed_staff_token"
"""Where ``flask.g`` keeps the session's new token during the request that gave the password again."""


def in_back_office(asked: Request) -> bool:
    """Whether the request is for a page of the back office, where the staff cookie counts and no other."""
    return asked.path == BACK_OFFICE or asked.path.startswith(BACK_OFFICE + "/")


def keep_staff_session(response: Response, token: str) -> None:
    """Make ``token`` this browser's session in the back office, until the browser closes at the latest."""
    response.set_cookie(
        STAFF_COOKIE, token, path=BACK_OFFICE, httponly=True, samesite="Lax", secure=request.is_secure
    )  # fmt: skip


def forget_staff_session(response: Response) -> None:
    """Take the cookie away."""
    response.delete_cookie(STAFF_COOKIE, path=BACK_OFFICE, httponly=True, samesite="Lax", secure=request.is_secure)
