"""What stands behind Flask's proxies: each look through one is four calls, which a hot path makes once."""

from __future__ import annotations

from flask import Flask, Request, current_app, request


def this_request() -> Request:
    """The request that is being served."""
    found: Request = request._get_current_object()  # type: ignore[attr-defined]
    return found


def this_app() -> Flask:
    """The running app."""
    found: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return found
