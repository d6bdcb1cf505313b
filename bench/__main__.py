"""``make bench``: the figures of issue and design, as ratios of one run on one machine.

Everything runs on stores of its own in a temporary folder, with rate limits off and everything else on.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import flask_migrate
import psutil
from flask import Flask

from bench.catalog import measure_catalog
from bench.load import Result, request, run
from bench.people import Crowd, enter_crowd
from bench.pgbench import bare_credits
from mall.app import create_app
from mall.embedded import PG_BIN
from mall.settings import Settings

SECONDS = int(os.environ.get("BENCH_SECONDS", "8"))
MEMBERS = 400
CONNECTIONS = 16
PORT, BARE_PORT = 8451, 8452
STAGES = ("received", "adopted", "solved")


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured figure: what, its value, and the goal it has (None: none): at least that, or ``under`` it."""

    name: str
    value: float
    goal: float | None = None
    unit: str = "×"
    under: bool = False

    def line(self) -> str:
        """One line of the report."""
        met = ""
        if self.goal is not None:
            good = self.value < self.goal if self.under else self.value >= self.goal
            met = f"   goal {'under ' * self.under}{self.goal:g}: " + ("met" if good else "MISSED")
        return f"  {self.name:<62}{self.value:>9.2f} {self.unit}{met}"


def main() -> None:
    """Measure and print."""
    folder = Path(tempfile.mkdtemp(prefix="mall-bench-"))
    try:
        _measure(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _measure(folder: Path) -> None:
    environment = {**os.environ, "MALL_VAR": str(folder), "PORT": str(PORT), "RATELIMIT_ENABLED": "0"}
    environment.pop("DATABASE_URL", None)
    app = create_app(Settings.from_env(environment))
    with app.app_context():
        flask_migrate.upgrade()
    crowd = enter_crowd(app, MEMBERS)
    dsn = app.config["SQLALCHEMY_BINDS"]["owner"]["url"].render_as_string(hide_password=False)
    dsn = dsn.replace("postgresql+psycopg", "postgresql")
    rows: list[str] = []

    def say(text: str) -> None:
        rows.append(text)
        print(text, flush=True)

    bare = bare_credits(dsn, PG_BIN / "pgbench", SECONDS, folder)
    say(f"  (a) pgbench, minimal credit as one statement, 16 clients: {bare:,.0f} credits/s")
    with _server(app, environment) as supervisor, _bare_server(dsn, environment):
        single = _load("(b) POST /credit-events", _credits(crowd))
        batch = _load("(c) batches of 100", _batches(crowd))
        balance = _load("(d) GET /me/balance", _balances(crowd))
        probe = run(BARE_PORT, CONNECTIONS, lambda *_: request("GET", "/select-1"), SECONDS)
        gift = _gift(crowd, 10_000_000)
        winning = _load("(e) winning order", _orders(crowd, gift), expect=201)
        sold_out = _load("    sold-out order", _orders(crowd, _gift(crowd, 0)), expect=409)
        memory = _worker_memory(supervisor.pid)
    for name, result, each in (
        ("(b) POST /credit-events, 16 connections", single, 1),
        ("(c) POST /credit-events/batch of 100", batch, 100),
        ("(d) GET /me/balance", balance, 1),
        ("    bare route with SELECT 1", probe, 1),
        ("(e) POST /orders, winning", winning, 1),
        ("    POST /orders, sold out", sold_out, 1),
    ):
        say(
            f"  {name}: {result.rate * each:,.0f}/s, p50 {result.percentile(0.5):.1f} ms, "
            f"p99 {result.percentile(0.99):.1f} ms, {dict(result.statuses)}"
        )
    catalog = measure_catalog(app)
    say(
        f"  (f) mall page from 5,000 gifts: p50 {catalog.p50:.1f} ms, p99 {catalog.p99:.1f} ms; "
        f"its bare template {catalog.bare:.1f} ms"
    )
    say("Ratios of this run")
    for figure in (
        Figure("b ÷ a  single credits over HTTP ÷ bare statement", single.rate / bare, 0.12),
        Figure("c ÷ a  batched credits over HTTP ÷ bare statement", batch.rate * 100 / bare, 1.0),
        Figure("balance ÷ bare SELECT 1 route", balance.rate / probe.rate, 0.6),
        Figure("sold-out ÷ winning orders", sold_out.rate / winning.rate, 4.0),
        Figure("f  mall page from 5,000 gifts, p99 ÷ bare template", catalog.ratio, 4.0, under=True),
    ):
        say(figure.line())
    say(f"  {'largest worker process':<62}{memory:>9.0f} MB   goal under 200: " + ("met" if memory < 200 else "MISSED"))


def _load(name: str, make: Any, expect: int | None = None) -> Result:
    run(PORT, 4, make(1_000_000), 1.0)
    result = run(PORT, CONNECTIONS, make(0), SECONDS)
    wrong = {status: number for status, number in result.statuses.items() if status >= 500 or status == 422}
    if wrong or result.errors or (expect is not None and set(result.statuses) != {expect}):
        print(f"  {name}: unexpected answers {dict(result.statuses)}, {result.errors} broken", file=sys.stderr)
    return result


def _credits(crowd: Crowd) -> Any:
    def start(salt: int) -> Any:
        def make(connection: int, number: int) -> bytes:
            case = f"{salt}-{connection}-{number // 3}"
            event = _event(f"{case}/{number % 3}", case, STAGES[number % 3])
            body = json.dumps(event).encode()
            return request(
                "POST", "/api/v1/credit-events", body, Authorization=f"Bearer {crowd.client}",
                Content_Type="application/json",
            )  # fmt: skip

        return make

    return start


def _event(event_id: str, case: str, stage: str) -> dict[str, Any]:
    return {
        "id": f"ev-{event_id}", "type": "tip.outcome", "member": f"u-{zlib.crc32(case.encode()) % 20_000}",
        "occurred_at": "2026-11-20T10:00:00+08:00", "data": {"case": f"tip-{case}", "stage": stage, "grade": 2},
    }  # fmt: skip


def _batches(crowd: Crowd) -> Any:
    def start(salt: int) -> Any:
        def make(connection: int, number: int) -> bytes:
            names = [f"b{salt}-{connection}-{number}-{index}" for index in range(100)]
            body = json.dumps({"events": [_event(name, name, "adopted") for name in names]}).encode()
            return request(
                "POST", "/api/v1/credit-events/batch", body, Authorization=f"Bearer {crowd.client}",
                Content_Type="application/json",
            )  # fmt: skip

        return make

    return start


def _balances(crowd: Crowd) -> Any:
    messages = [request("GET", "/api/v1/me/balance", Authorization=f"Bearer {token}") for token in crowd.members]
    return lambda salt: lambda connection, number: messages[(connection * 37 + number) % len(messages)]


def _gift(crowd: Crowd, stock: int) -> str:
    body = {"name": f"Bench {stock}", "kind": "pickup", "points": 1, "stock": stock}
    call = urllib.request.Request(
        f"http://127.0.0.1:{PORT}/api/v1/admin/gifts", json.dumps(body).encode(),
        {"Authorization": f"Bearer {crowd.admin}", "Content-Type": "application/json",
         "Idempotency-Key": uuid.uuid4().hex},
    )  # fmt: skip
    with urllib.request.urlopen(call) as response:
        return str(json.load(response)["id"])


def _orders(crowd: Crowd, gift: str) -> Any:
    body = json.dumps({"gift": gift, "quantity": 1}).encode()

    def start(salt: int) -> Any:
        def make(connection: int, number: int) -> bytes:
            token = crowd.members[(connection * 25 + number % 25) % len(crowd.members)]
            return request(
                "POST", "/api/v1/orders", body, Authorization=f"Bearer {token}", Content_Type="application/json",
                Idempotency_Key=f"{gift}-{salt}-{connection}-{number}",
            )  # fmt: skip

        return make

    return start


@contextmanager
def _server(app: Flask, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "serve"]
    log = (app.extensions["settings"].var / "serve.log").open("wb")
    process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        _wait(f"http://127.0.0.1:{PORT}/readyz")
        yield process
    finally:
        process.terminate()
        process.wait(60)
        log.close()


@contextmanager
def _bare_server(dsn: str, environment: dict[str, str]) -> Iterator[None]:
    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(BARE_PORT), "--workers", "2",
        "--blocking-threads", "8", "--no-ws", "--http", "1", "--log-level", "error", "bench.bare:app",
    ]  # fmt: skip
    process = subprocess.Popen(command, env={**environment, "BENCH_DSN": dsn})
    try:
        _wait(f"http://127.0.0.1:{BARE_PORT}/select-1")
        yield
    finally:
        process.terminate()
        process.wait(30)


def _wait(url: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"{url} does not answer")


def _worker_memory(pid: int) -> float:
    sizes = [
        process.memory_info().rss for process in psutil.Process(pid).children(recursive=True)
        if "mall.http_server" in " ".join(process.cmdline())
    ]  # fmt: skip
    if not sizes:
        raise SystemExit("no worker process found to measure")
    return float(max(sizes)) / 1_000_000


if __name__ == "__main__":
    main()
