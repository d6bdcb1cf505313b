"""``python -m bench.lists``: the members desk with a million members, the search over them, and their list as a file.

In this process and without a network: first pages and searches in milliseconds, the file's lines a second and the most
memory it takes besides what the app has already. On stores of its own in a temporary folder.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import flask_migrate
import psutil
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from mall import clock
from mall.app import create_app
from mall.db import Login, run_tx
from mall.identity.passwords import hash_password
from mall.identity.sessions import BROWSER, open_session
from mall.identity.staff import NewStaff, create_staff
from mall.identity.staff_cookie import STAFF_COOKIE
from mall.settings import Settings

MEMBERS, AT_ONCE, ROUNDS = 1_000_000, 50_000, 40
MOST_MEGABYTES, MOST_MILLISECONDS = 300, 300
_MEMBERS = """INSERT INTO members (id, nickname, status, created_at)
 SELECT 'mem_bench' || lpad(n::text, 17, '0'), '网民' || n, 'active', now() FROM generate_series(:first, :last) AS n"""
PAGES = (
    "/members",
    "/members?q=网民42999",
    "/members?q=mem_bench00000000000000042",
    "/search?q=网民4",
    "/audit",
    "/search?q=zz",
)


def _enter(tx: Session, part: dict[str, int]) -> None:
    tx.execute(text(_MEMBERS), part)


def main() -> None:
    """Measure and print; the exit code is 1 when a goal is missed."""
    folder = Path(tempfile.mkdtemp(prefix="mall-bench-"))
    try:
        environment = {**os.environ, "MALL_VAR": str(folder), "RATELIMIT_ENABLED": "0"}
        environment.pop("DATABASE_URL", None)
        app = create_app(Settings.from_env(environment))
        with app.app_context():
            flask_migrate.upgrade()
            for first in range(1, MEMBERS, AT_ONCE):
                part = {"first": first, "last": first + AT_ONCE - 1}
                run_tx(Login.OWNER, partial(_enter, part=part))
            run_tx(Login.OWNER, lambda tx: tx.execute(text("ANALYZE")) and None)
        sys.exit(0 if _measure(_owner(app)) else 1)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _owner(app: Flask) -> FlaskClient:
    now = clock.now()
    entry = NewStaff("bench-owner", "bench-owner", hash_password("a long enough phrase"), "owner")
    with app.app_context():
        staff_id = run_tx(Login.BACKOFFICE, lambda tx: create_staff(tx, entry, now, "bench").id)
        token = run_tx(Login.BACKOFFICE, lambda tx: open_session(tx, now, kind=BROWSER, staff_id=staff_id).token)
    browser = app.test_client()
    browser.set_cookie(STAFF_COOKIE, token, path="/admin")
    return browser


def _measure(browser: FlaskClient) -> bool:
    good = True
    for path in PAGES:
        taken = sorted(_milliseconds(browser, f"/admin{path}") for _ in range(ROUNDS))
        p95 = taken[int(0.95 * ROUNDS)]
        good &= p95 <= MOST_MILLISECONDS
        print(f"  {path:<36} p50 {statistics.median(taken):6.1f} ms, p95 {p95:6.1f} ms", flush=True)
    process = psutil.Process()
    before, most, lines, begun = process.memory_info().rss, 0, 0, time.perf_counter()
    with browser.get("/admin/files/members", buffered=False) as answer:
        assert answer.status_code == 200
        for number, part in enumerate(answer.response):
            lines += part.count(b"\n")
            if number % 50 == 0:
                most = max(most, process.memory_info().rss - before)
    taken_s, megabytes = time.perf_counter() - begun, most / 2**20
    print(f"  a file of {lines:,} lines: {lines / taken_s:,.0f} lines/s, {megabytes:.0f} MB more than before")
    return good and lines > MEMBERS and megabytes < MOST_MEGABYTES


def _milliseconds(browser: FlaskClient, path: str) -> float:
    begun = time.perf_counter()
    assert browser.get(path).status_code == 200
    return (time.perf_counter() - begun) * 1000


if __name__ == "__main__":
    main()
