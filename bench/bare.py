"""The measure to hold the app against: a bare Flask app whose one route asks PostgreSQL for ``SELECT 1``.

Served as the app is: ``python -m bench.bare PORT FOLDER`` runs two worker processes, each on a core of its own where
the app's are.
"""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path

import psycopg_pool
from flask import Flask
from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from mall.http_server import take_core

WORKERS = 2


def load_app(folder: Path) -> Flask:
    """In a worker process: the app."""
    app = Flask(__name__)
    pool = psycopg_pool.ConnectionPool(os.environ["BENCH_DSN"], min_size=1, max_size=8, open=True)

    @app.get("/select-1")
    def select_1() -> dict[str, int]:
        with pool.connection() as connection:
            row = connection.execute("SELECT 1").fetchone()
        assert row is not None
        return {"value": row[0]}

    take_core(folder, WORKERS)
    return app


if __name__ == "__main__":
    Granian(
        "bench.bare:app", port=int(sys.argv[1]), interface=Interfaces.WSGI, workers=WORKERS, blocking_threads=8,
        http=HTTPModes.http1, websockets=False, log_level=LogLevels.error,
    ).serve(target_loader=partial(load_app, Path(sys.argv[2])), wrap_loader=False)  # fmt: skip
