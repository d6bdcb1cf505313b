"""``make bench-office``: the back office and the members' pages on a town's years (issue 6: speed).

430,000 members, 2,000,000 orders and 10,000,000 postings are loaded into a mall of its own; then the jobs run, each
list's first page is asked for 20 times, and lists are exported, the first million lines of each. Times are of this
process, the database's included, without a network; the processor's time is what both computed, whoever else is busy.
The last lines say what was met and what was missed.

``BENCH_MEMBERS`` (430000): everything else is in proportion; 20000 take a minute. ``BENCH_VAR``: a folder to keep the
mall in, and to find it again. ``BENCH_ONLY``: only paths with this text in them, and no jobs.
"""

from __future__ import annotations

import gc
import logging
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import flask_migrate
from flask import Flask

from bench.figure import Figure
from bench.office_cpu import cpu_clock
from bench.office_jobs import run_jobs
from bench.office_load import fill, is_loaded
from bench.office_paths import EXPORTS
from bench.office_visit import Visitor
from mall.app import create_app
from mall.settings import Settings

SIZE = int(os.environ.get("BENCH_MEMBERS", "430000"))
ROUNDS = 20
EXPORT_GOAL = 300.0
"""MB that a process needs while it sends a million lines (issue 6: speed)."""
EXPORTED = 1_000_000


def main() -> None:
    """Load, measure and print; or, as the process whose memory is measured, export."""
    kept = os.environ.get("BENCH_VAR")
    folder = Path(kept) if kept else Path(tempfile.mkdtemp(prefix="mall-office-"))
    environment = {**os.environ, "MALL_VAR": str(folder), "RATELIMIT_ENABLED": "0"}
    environment.pop("DATABASE_URL", None)
    try:
        app = create_app(Settings.from_env(environment))
        gc.freeze()  # as wsgi.py does: else one answer in twenty waits 0.2 s while what imports made is looked through
        logging.disable(logging.INFO)
        if sys.argv[1:2] == ["export"]:
            _export(app, sys.argv[2])
            return
        with app.app_context():
            flask_migrate.upgrade()
        if not is_loaded(app):
            _say(f"Loading {SIZE:,} members with all that belongs to them")
            fill(app, SIZE)
        _measure(app, environment)
    finally:
        if not kept:
            shutil.rmtree(folder, ignore_errors=True)


def _measure(app: Flask, environment: dict[str, str]) -> None:
    figures = []
    for figure in _figures(app, environment, os.environ.get("BENCH_ONLY")):
        figures.append(figure)
        _say(figure.line())
    missed = [figure for figure in figures if not figure.met]
    _say(f"{len(figures)} figures, {len(figures) - len(missed)} met their goal, {len(missed)} missed it")
    for figure in missed:
        _say(figure.line())


def _figures(app: Flask, environment: dict[str, str], only: str | None) -> Iterator[Figure]:
    if only is None:
        _say("Jobs: seconds, the first time, again, and what is done once a day")
        yield from run_jobs(app)
    cpu = cpu_clock(Path(environment["MALL_VAR"]))
    for title, goal, asked in Visitor(app).groups():
        chosen = [one for one in asked if only is None or only in one[0]]
        if chosen:
            _say(f"{title}: milliseconds, p50, processor's time and p95 of {ROUNDS}; load {os.getloadavg()[0]:.1f}")
        for name, get in chosen:
            yield _timed(name, goal, get, cpu)
    exports = [path for path in EXPORTS if only is None or only in path]
    if exports:
        _say(f"Files, up to {EXPORTED:,} lines: the most memory of the process that sends them")
    for path in exports:
        yield _exported(path, environment)


def _say(words: str) -> None:
    print(words, flush=True)


def _timed(name: str, goal: float, get: Callable[[], int], cpu: Callable[[], float]) -> Figure:
    times, spent = [], 0.0
    for number in range(ROUNDS + 2):  # the first two: templates are compiled, statements prepared
        if number == 2:
            spent = cpu()
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
    spent = (cpu() - spent) * 1000 / len(times)
    times.sort()
    p50, p95 = times[len(times) // 2], times[int(len(times) * 0.95)] if len(times) > 1 else times[0]
    return Figure(f"{name}  (p50 {p50:.0f}, cpu {spent:.0f})", p95, goal, "ms", under=True)


def _exported(path: str, environment: dict[str, str]) -> Figure:
    """Export in a process of its own, so that nothing else is in its memory."""
    command = [sys.executable, "-m", "bench.office", "export", path]
    variables = {**environment, "BENCH_VAR": environment["MALL_VAR"]}
    done = subprocess.run(command, env=variables, capture_output=True, text=True)
    if done.returncode:
        return Figure(f"{path}: {done.stderr.strip()[-200:]}", float("inf"), EXPORT_GOAL, "MB", under=True)
    status, lines, size, seconds, before, most = (float(part) for part in done.stdout.split()[-6:])
    if status != 200:
        return Figure(f"{path}: answered {status:.0f}", float("inf"), EXPORT_GOAL, "MB", under=True)
    whole = f"{lines:,.0f} lines" if "csv" in path else f"a workbook of {size:.1f} MB"
    told = f"{whole} in {seconds:.0f} s, {before:.0f} MB before"
    return Figure(f"{path}: {told}", most, EXPORT_GOAL, "MB", under=True)


def _export(app: Flask, path: str) -> None:
    """Read a file as the owner; print the status, lines, MB, seconds, and the MB of memory before and at most."""
    visitor = Visitor(app)
    before = _most_megabytes()
    began, lines, size = time.perf_counter(), 0, 0
    answer = visitor.file(path)
    for chunk in answer.iter_encoded():
        lines, size = lines + chunk.count(b"\n"), size + len(chunk)
        if lines > EXPORTED:
            break
    print(answer.status_code, lines, size / 1e6, time.perf_counter() - began, before, _most_megabytes())


def _most_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


if __name__ == "__main__":
    main()
