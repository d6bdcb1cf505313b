"""Worker processes of the HTTP server: each has a core of its own where there is one for each."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WORKER = """
import os, sys
from pathlib import Path
kept = []
os.sched_getaffinity = lambda pid: {4, 7}
os.sched_setaffinity = lambda pid, cores: kept.append((pid, cores))
from mall.http_server import take_core
core = take_core(Path(sys.argv[1]), int(sys.argv[2]))
assert kept == ([] if core is None else [(0, {core})]), kept
print(core, flush=True)
sys.stdin.read()
"""
Start = Callable[..., tuple[str, subprocess.Popen[str]]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a process on a machine whose cores are the fourth and the seventh; what it says of its core, and it."""
    running = []

    def work(workers: int = 2) -> tuple[str, subprocess.Popen[str]]:
        process = subprocess.Popen(
            [sys.executable, "-c", WORKER, str(tmp_path), str(workers)], cwd=ROOT, text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )  # fmt: skip
        running.append(process)
        assert process.stdout is not None
        return process.stdout.readline().strip(), process

    yield work
    for process in running:
        process.kill()
        process.communicate()


def test_each_worker_takes_a_core_and_one_that_is_started_again_takes_the_core_that_became_free(start: Start) -> None:
    first, killed = start()
    assert (first, start()[0]) == ("4", "7")
    killed.kill()
    killed.wait()
    assert start()[0] == "4"
    assert start()[0] == "None"  # both are taken: the scheduler decides


@pytest.mark.parametrize("workers", [1, 3, 8])
def test_with_fewer_or_more_workers_than_cores_the_scheduler_decides(start: Start, workers: int) -> None:
    assert start(workers)[0] == "None"
