"""Browsers of staff: ``desk("catalog")`` is a client signed in to the back office with that role."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from mall import clock
from mall.db import Login, run_tx
from mall.identity.sessions import BROWSER, open_session
from mall.identity.staff_cookie import STAFF_COOKIE
from tests.catalog.conftest import Shop


@pytest.fixture
def desk(app: Any, make_staff: Any, unguarded: None) -> Callable[..., FlaskClient]:
    """``desk(role)``: a signed-in browser whose forms need no CSRF token; ``.person`` says who it is."""

    def enter(role: str = "owner", person: Any = None, lang: str = "en") -> FlaskClient:
        who = person or make_staff(role)
        with app.app_context():
            opened = run_tx(
                Login.BACKOFFICE, lambda tx: open_session(tx, clock.now(), kind=BROWSER, staff_id=who.id)
            )  # fmt: skip
        client: FlaskClient = app.test_client()
        client.set_cookie(STAFF_COOKIE, opened.token, path="/admin")
        client.set_cookie("lang", lang)
        client.person = who  # type: ignore[attr-defined]
        return client

    return enter


@pytest.fixture
def shop(app: Any, run: Any) -> Shop:
    """The mall as members and its staff use it through the API."""
    return Shop(app, run)
