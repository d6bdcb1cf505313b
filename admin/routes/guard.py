"""Anything under ``/api/v1/admin/`` answers 401 or 403 before 404 and 405, also where there is nothing."""

from __future__ import annotations

from flask import request
from flask_smorest import Blueprint

from mall.http.blueprint import API_PREFIX
from mall.http.endpoint import identify
from mall.http.principals import staff

PREFIX = f"{API_PREFIX}/admin"
ANY_STAFF = staff()


def refuse_strangers() -> None:
    """Before a request that matched no route: who is not staff learns nothing of what is here."""
    if request.routing_exception is None:
        return
    path = request.path.rstrip("/")
    if path == PREFIX or path.startswith(PREFIX + "/"):
        ANY_STAFF.check(identify())


def add_guard(blp: Blueprint) -> None:
    """Put the guard in front of every request of the app that ``blp`` is registered with."""
    blp.before_app_request(refuse_strangers)
