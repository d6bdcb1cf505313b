"""Who asks in ``bench.office``, and for what: each asking is a function that returns the answer's status."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from bench.office_paths import CLIENT_API, DASHBOARD, MEMBERS, MEMBERS_API, OFFICE, OFFICE_API, plain_paths
from mall import clock
from mall.db import Login, run_tx
from mall.identity.api_clients import add_key
from mall.identity.authenticate import COOKIE_TOKEN
from mall.identity.sessions import API, BROWSER, open_session
from mall.identity.staff_cookie import STAFF_COOKIE
from mall.jobs import run_job

LIST_GOAL, DASHBOARD_GOAL = 300.0, 1000.0
"""Milliseconds (issue 6: speed)."""
DAYS_AGO = {"today": 0, "days_ago": 6, "week_ago": 7, "month_ago": 30, "year_ago": 365}
"""What stands in a path for a day."""
Asking = tuple[str, Callable[[], int]]


class Visitor:
    """The owner, a member with an average book, one with the longest, and a reporting system."""

    def __init__(self, app: Flask) -> None:
        self._app, self._dice = app, random.Random(6)
        now = clock.now()
        with app.app_context():
            self._ids = run_tx(Login.OWNER, _ids)
            for name, days in DAYS_AGO.items():
                self._ids[name] = [(now - timedelta(days=days)).date().isoformat()]

            def tokens(tx: Session) -> dict[str, tuple[str, str]]:
                found, owner = {}, self._ids["owner"][0]
                for who, member in (
                    ("owner", None),
                    ("average", self._ids["member"][0]),
                    ("heavy", self._ids["heavy"][0]),
                ):
                    page, api = (
                        open_session(tx, now, kind=kind, member_id=member, staff_id=None if member else owner).token
                        for kind in (BROWSER, API)
                    )
                    found[who] = (page, api)
                return found

            self._tokens = run_tx(Login.OWNER, tokens)
            self._key = run_tx(Login.OWNER, lambda tx: _new_key(tx, self._ids["client"][0]))

    def groups(self) -> Iterator[tuple[str, float, list[Asking]]]:
        """Titles, goals in milliseconds, and what is asked for under each: its name and the asking."""
        app, members = self._app, ("member", "optional_member")
        office = [path for path in plain_paths(app, "/admin", ("staff",)) if path != "/admin"]
        yield "Dashboard", DASHBOARD_GOAL, self._pages("owner", DASHBOARD)
        yield "Back office", LIST_GOAL, self._pages("owner", [*office, *OFFICE])
        yield (
            "API of staff",
            LIST_GOAL,
            self._api("owner", [*plain_paths(app, "/api/v1/admin", ("staff",)), *OFFICE_API]),
        )
        pages = [path for path in plain_paths(app, "/", members) if not path.startswith("/api")]
        for who in ("average", "heavy"):
            yield f"Pages of a member, {who}", LIST_GOAL, self._pages(who, [*pages, *MEMBERS])
            yield (f"API of a member, {who}", LIST_GOAL,
                   self._api(who, [*plain_paths(app, "/api/v1", members), *MEMBERS_API]))  # fmt: skip
        yield "API of a reporting system", LIST_GOAL, self._api("client", CLIENT_API)

    def _pages(self, who: str, paths: Iterable[str]) -> list[Asking]:
        client = self._app.test_client()
        token = self._tokens[who][0]
        if who == "owner":
            client.set_cookie(STAFF_COOKIE, token, path="/admin")
        else:
            with client.session_transaction() as kept:
                kept[COOKIE_TOKEN] = token
        return [(path, self._asking(client, path, {})) for path in paths]

    def _api(self, who: str, paths: Iterable[str]) -> list[Asking]:
        token = self._key if who == "client" else self._tokens[who][1]
        client, headers = self._app.test_client(), {"Authorization": f"Bearer {token}"}
        return [(path, self._asking(client, path, headers)) for path in paths]

    def _asking(self, client: FlaskClient, path: str, headers: dict[str, str]) -> Callable[[], int]:
        return lambda: client.get(self._filled(path), headers=headers).status_code

    def file(self, path: str) -> TestResponse:
        """The answer to the owner who asks for a file; the body is read by whoever iterates over it.

        A workbook that the mall leaves to its worker is made by its job first.
        """
        client, filled = self._app.test_client(), self._filled(path)
        client.set_cookie(STAFF_COOKIE, self._tokens["owner"][0], path="/admin")
        answer = client.get(filled, buffered=False)
        if answer.mimetype != "text/html":
            return answer
        self._app.config["WTF_CSRF_ENABLED"] = False
        place = client.post("/admin/works", data={"path": filled}).headers["Location"]
        with self._app.app_context():
            run_job("long-work", clock.now())
        return client.get(f"{place}/file", buffered=False)

    def _filled(self, path: str) -> str:
        return path.format(**{name: self._dice.choice(ids) for name, ids in self._ids.items()})


def _new_key(tx: Session, client_id: str) -> str:
    """A key in the place of those of earlier runs: a client has two at most."""
    tx.execute(text("DELETE FROM api_keys WHERE client_id = :client"), {"client": client_id})
    return add_key(tx, client_id, clock.now(), "bench").secret


def _ids(tx: Session) -> dict[str, list[str]]:
    return {
        name: list(tx.scalars(text(query)))
        for name, query in {
            "owner": "SELECT id FROM staff WHERE role = 'owner' LIMIT 1",
            "member": """SELECT id FROM members JOIN ledger.wallets ON member_id = id WHERE username_key LIKE 'bench%5'
 AND version BETWEEN 20 AND 26 LIMIT 200""",
            "heavy": "SELECT id FROM members WHERE username_key = 'bench_1'",
            "order": "SELECT id FROM orders TABLESAMPLE system (1) LIMIT 200",
            "gift": "SELECT DISTINCT gift_id FROM (SELECT gift_id FROM orders ORDER BY id DESC LIMIT 1000) AS o",
            "plain_gift": "SELECT id FROM gifts WHERE id NOT IN (SELECT gift_id FROM gift_variants)",
            "point": "SELECT id FROM pickup_points",
            "client": "SELECT id FROM api_clients LIMIT 1",
        }.items()
    }
