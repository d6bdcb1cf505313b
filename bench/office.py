"""``make bench-office``: the back office and the members' pages on a town's years (issue 6: speed).

430,000 members, 2,000,000 orders and 10,000,000 postings are loaded into a mall of its own; then the jobs run, each
list's first page is asked for 20 times, and a million lines are exported. Times are of this process, the database's
included, without a network.

``BENCH_MEMBERS`` (430000): everything else is in proportion; 20000 take a minute. ``BENCH_VAR``: a folder to keep the
mall in, and to find it again. ``BENCH_ONLY``: only paths with this text in them.
"""

from __future__ import annotations

import logging
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import flask_migrate
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from bench.figure import Figure
from bench.office_load import fill, is_loaded
from bench.office_paths import CLIENT_API, DASHBOARD, MEMBERS, MEMBERS_API, OFFICE, OFFICE_API, plain_paths
from mall import clock
from mall.app import create_app
from mall.db import Login, run_tx
from mall.identity.api_clients import add_key
from mall.identity.authenticate import COOKIE_TOKEN
from mall.identity.sessions import API, BROWSER, open_session
from mall.identity.staff_cookie import STAFF_COOKIE
from mall.jobs import JOBS, run_job
from mall.settings import Settings

SIZE = int(os.environ.get("BENCH_MEMBERS", "430000"))
ROUNDS = 20
LIST_GOAL, DASHBOARD_GOAL, EXPORT_GOAL = 300.0, 1000.0, 300.0
"""Milliseconds, milliseconds and MB (issue 6: speed)."""
NOT_RUN = {"run-backtests", "payments", "send-top-ups"}
"""Jobs that speak to the network or have nothing to do here."""


def main() -> None:
    """Load, measure and print; or, as the process whose memory is measured, export."""
    kept = os.environ.get("BENCH_VAR")
    folder = Path(kept) if kept else Path(tempfile.mkdtemp(prefix="mall-office-"))
    environment = {**os.environ, "MALL_VAR": str(folder), "RATELIMIT_ENABLED": "0"}
    environment.pop("DATABASE_URL", None)
    try:
        app = create_app(Settings.from_env(environment))
        logging.disable(logging.INFO)
        if sys.argv[1:2] == ["export"]:
            _export(app, sys.argv[2])
            return
        with app.app_context():
            flask_migrate.upgrade()
        if not is_loaded(app):
            fill(app, SIZE)
        _measure(app, environment)
    finally:
        if not kept:
            shutil.rmtree(folder, ignore_errors=True)


def _measure(app: Flask, environment: dict[str, str]) -> None:
    only = os.environ.get("BENCH_ONLY")
    visit = Visitor(app)
    if only is None:
        _say("Jobs, each once: seconds")
        for name in sorted(set(JOBS) - NOT_RUN):
            _say(_job(app, name))
    figures = []
    for title, goal, asked in visit.groups():
        chosen = [one for one in asked if only is None or only in one[0]]
        if chosen:
            _say(f"{title}: milliseconds, p50 and p95 of {ROUNDS}")
        for name, get in chosen:
            figure = _timed(name, goal, get)
            figures.append(figure)
            _say(figure.line())
    if only is None:
        for path in ("/admin/audit/file?format=csv", "/admin/orders-file?format=csv"):
            command = [sys.executable, "-m", "bench.office", "export", path]
            done = subprocess.run(command, env={**environment, "BENCH_VAR": environment["MALL_VAR"]}, check=True,
                                  capture_output=True, text=True)  # fmt: skip
            lines, seconds, megabytes = done.stdout.split()
            figure = Figure(f"{path}: {int(lines):,} lines in {float(seconds):.0f} s", float(megabytes), EXPORT_GOAL,
                            "MB", under=True)  # fmt: skip
            figures.append(figure)
            _say(figure.line())
    missed = [figure for figure in figures if not figure.met]
    _say(f"{len(figures)} figures, {len(missed)} missed")
    for figure in missed:
        _say(figure.line())


def _say(words: str) -> None:
    print(words, flush=True)


def _job(app: Flask, name: str) -> str:
    began = time.perf_counter()
    try:
        with app.app_context():
            summary = str(run_job(name, clock.now()))
    except Exception as error:  # a job that cannot be done at this size is a finding
        summary = f"FAILED {type(error).__name__}: {str(error)[:200]}"
    return f"  {name:<32}{time.perf_counter() - began:>9.2f} s   {summary}"


def _timed(name: str, goal: float, get: Callable[[], int]) -> Figure:
    times = []
    for number in range(ROUNDS + 2):  # the first two: templates are compiled, statements prepared
        began = time.perf_counter()
        status = get()
        took = (time.perf_counter() - began) * 1000
        if status != 200:
            return Figure(f"{name}: answered {status}", float("inf"), goal, "ms", under=True)
        if number == 2 and took > goal * 10:
            times = [took]
            break
        if number >= 2:
            times.append(took)
    times.sort()
    p50, p95 = times[len(times) // 2], times[int(len(times) * 0.95)] if len(times) > 1 else times[0]
    return Figure(f"{name}  (p50 {p50:.0f})", p95, goal, "ms", under=True)


class Visitor:
    """The owner, a member with an average book, one with the longest, and a reporting system."""

    def __init__(self, app: Flask) -> None:
        self._app, self._dice = app, random.Random(6)
        now = clock.now()
        with app.app_context():
            self._ids = run_tx(Login.OWNER, _ids)
            for name in ("day", "week", "month", "year"):
                days = {"day": 0, "week": 7, "month": 30, "year": 365}[name]
                key = "today" if name == "day" else f"{name}_ago"
                self._ids[key] = [(now - timedelta(days=days)).date().isoformat()]

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

    def groups(self) -> Iterator[tuple[str, float, list[tuple[str, Callable[[], int]]]]]:
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

    def _pages(self, who: str, paths: object) -> list[tuple[str, Callable[[], int]]]:
        client = self._app.test_client()
        token = self._tokens[who][0]
        if who == "owner":
            client.set_cookie(STAFF_COOKIE, token, path="/admin")
        else:
            with client.session_transaction() as kept:
                kept[COOKIE_TOKEN] = token
        return [(path, self._asking(client, path, {})) for path in paths]  # type: ignore[attr-defined]

    def _api(self, who: str, paths: object) -> list[tuple[str, Callable[[], int]]]:
        token = self._key if who == "client" else self._tokens[who][1]
        client, headers = self._app.test_client(), {"Authorization": f"Bearer {token}"}
        return [(path, self._asking(client, path, headers)) for path in paths]  # type: ignore[attr-defined]

    def _asking(self, client: FlaskClient, path: str, headers: dict[str, str]) -> Callable[[], int]:
        def ask() -> int:
            chosen = {name: self._dice.choice(ids) for name, ids in self._ids.items()}
            return client.get(path.format(**chosen), headers=headers).status_code

        return ask


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
            "point": "SELECT id FROM pickup_points",
            "client": "SELECT id FROM api_clients LIMIT 1",
        }.items()
    }


def _export(app: Flask, path: str) -> None:
    """Read a file as the owner and print its lines, the seconds, and the most memory this process had in MB."""
    client = app.test_client()
    with app.app_context():
        owner = run_tx(Login.OWNER, lambda tx: _ids(tx)["owner"][0])
        token = run_tx(Login.OWNER, lambda tx: open_session(tx, clock.now(), kind=BROWSER, staff_id=owner).token)
    client.set_cookie(STAFF_COOKIE, token, path="/admin")
    began, lines = time.perf_counter(), 0
    answer = client.get(path, buffered=False)
    assert answer.status_code == 200, answer.status_code
    for chunk in answer.iter_encoded():
        lines += chunk.count(b"\n")
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    print(lines, time.perf_counter() - began, megabytes)


if __name__ == "__main__":
    main()
