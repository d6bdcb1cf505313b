"""Jobs of quizzes: what was handed in is counted, and results that staff released together are let go."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from mall.db import Login, run_tx
from mall.jobs import job
from points.quizzes.figures import count_quiz, due_quizzes
from points.quizzes.releases import next_batch, open_releases


@job("quiz-figures", every=timedelta(minutes=1), aside=True)
def count_quizzes(now: datetime) -> dict[str, int]:
    """Count what was handed in since the last time, each quiz in a transaction of its own."""
    due = run_tx(Login.BACKOFFICE, lambda tx: due_quizzes(tx, now))
    for quiz_id in due:
        run_tx(Login.BACKOFFICE, partial(count_quiz, quiz_id=quiz_id, now=now))
    return {"quizzes": len(due)} if due else {}


@job("quiz-releases", every=timedelta(seconds=1), lane="large")
def release_results(now: datetime) -> dict[str, int]:
    """Go on with every release that is under way until it is done, a hundred results in each transaction."""
    done = 0
    for release_id in run_tx(Login.EARNING, open_releases):
        while batch := run_tx(Login.EARNING, partial(next_batch, release_id=release_id, now=now)):
            done += batch
    return {"results": done} if done else {}
