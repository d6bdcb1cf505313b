"""``make bench``: the figures of issue and design, as ratios of one run on one machine.

Everything runs on stores of its own in a temporary folder, with rate limits off and everything else on.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import flask_migrate
import psutil
from flask import Flask

from bench.catalog import measure_catalog
from bench.figure import Figure
from bench.load import Result, request, run, wait_for
from bench.orders import MANY, measure_history
from bench.people import enter_crowd
from bench.pgbench import bare_credits, bare_orders
from bench.requests import (
    CONNECTIONS,
    HOT_CONNECTIONS,
    PORT,
    balances,
    batches,
    credits,
    histories,
    new_gift,
    orders,
    rush,
    stream,
)
from bench.rules import RULES, evaluation_milliseconds, measure_backtest
from mall.app import create_app
from mall.embedded import PG_BIN
from mall.settings import Settings

SECONDS = int(os.environ.get("BENCH_SECONDS", "8"))
MEMBERS = 5_000
BARE_PORT = 8452


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
    bare_order = bare_orders(dsn, PG_BIN / "pgbench", SECONDS, folder)
    say(f"      pgbench, minimal order of one hot gift, 16 clients: {bare_order:,.0f} orders/s")
    with _server(app, environment) as supervisor, _bare_server(dsn, environment):
        single = _load("(b) POST /credit-events", credits(crowd))
        batch = _load("(c) batches of 100", batches(crowd))
        balance = _load("(d) GET /me/balance", balances(crowd))
        probe = run(BARE_PORT, CONNECTIONS, lambda *_: request("GET", "/select-1"), SECONDS)
        gift = new_gift(crowd, 10_000_000)
        winning = _load("(e) winning order", orders(crowd, gift), expect=201)
        sold_out = _load("    sold-out order", orders(crowd, new_gift(crowd, 0)), expect=409)
        hot = rush(crowd, new_gift(crowd, MEMBERS))
        history = measure_history(
            app, (crowd.member_ids[0], crowd.member_ids[1]), lambda index: histories(crowd, index)
        )
        memory = _worker_memory(supervisor.pid)
        backtest = measure_backtest(app, supervisor.pid, lambda seconds: stream(crowd, seconds))
    for name, result, each in (
        ("(b) POST /credit-events, 16 connections", single, 1),
        ("(c) POST /credit-events/batch of 100", batch, 100),
        ("(d) GET /me/balance", balance, 1),
        ("    bare route with SELECT 1", probe, 1),
        ("(e) POST /orders, winning", winning, 1),
        ("    POST /orders, sold out", sold_out, 1),
        (f"    {MEMBERS:,} members after one gift, {HOT_CONNECTIONS} connections", hot, 1),
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
    say(f"      order history, first page of 10 orders {history.few:.1f} ms, of {MANY:,} {history.many:.1f} ms (p50)")
    evaluation = evaluation_milliseconds()
    say(f"  (g) one event against {RULES} published rules: {evaluation:.2f} ms of CPU")
    say(
        f"  (h) back-test of {backtest.events:,} events beside a load: {backtest.seconds:.0f} s, worker "
        f"{backtest.megabytes:.0f} MB; credits {backtest.quiet:,.0f}/s without it, {backtest.beside:,.0f}/s beside it"
    )
    say("Ratios of this run")
    for figure in (
        Figure("b ÷ a  single credits over HTTP ÷ bare statement", single.rate / bare, 0.12),
        Figure("c ÷ a  batched credits over HTTP ÷ bare statement", batch.rate * 100 / bare, 1.0),
        Figure("balance ÷ bare SELECT 1 route", balance.rate / probe.rate, 0.6),
        Figure("sold-out ÷ winning orders", sold_out.rate / winning.rate, 4.0),
        Figure("winning orders of one hot gift ÷ bare order transaction", hot.rate / bare_order, 0.4),
        Figure("sold-out ÷ bare SELECT 1 route", sold_out.rate / probe.rate, 0.5),
        Figure("order history of 100,000 ÷ of 10", history.ratio, 1.5, under=True),
        Figure("g  one event against 50 rules, ms of CPU", evaluation, 1.0, "ms", under=True),
        Figure("h  back-test of a million events, minutes", backtest.minutes_for_a_million, 5.0, "min", under=True),
        Figure("h  credits beside a back-test ÷ without", backtest.beside / backtest.quiet, 0.8),
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


@contextmanager
def _server(app: Flask, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "serve"]
    log = (app.extensions["settings"].var / "serve.log").open("wb")
    process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        wait_for(f"http://127.0.0.1:{PORT}/readyz")
        yield process
    finally:
        process.terminate()
        process.wait(60)
        log.close()


@contextmanager
def _bare_server(dsn: str, environment: dict[str, str]) -> Iterator[None]:
    with tempfile.TemporaryDirectory(prefix="mall-bare-") as folder:
        command = [sys.executable, "-m", "bench.bare", str(BARE_PORT), folder]
        process = subprocess.Popen(command, env={**environment, "BENCH_DSN": dsn})
        try:
            wait_for(f"http://127.0.0.1:{BARE_PORT}/select-1")
            yield
        finally:
            process.terminate()
            process.wait(30)


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
