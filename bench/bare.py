"""The measure to hold the app against: a bare Flask app whose one route asks PostgreSQL for ``SELECT 1``."""

from __future__ import annotations

import os

import psycopg_pool
from flask import Flask

app = Flask(__name__)
pool = psycopg_pool.ConnectionPool(os.environ["BENCH_DSN"], min_size=1, max_size=8, open=True)


@app.get("/select-1")
def select_1() -> dict[str, int]:
    """The answer of ``SELECT 1`` as JSON."""
    with pool.connection() as connection:
        row = connection.execute("SELECT 1").fetchone()
    assert row is not None
    return {"value": row[0]}
