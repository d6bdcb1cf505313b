"""One process of a race: reads its task as JSON from the arguments, books, prints what it did."""

from __future__ import annotations

import json
import random
import sys
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy.orm import Session

from mall.db import Login, db, run_tx
from mall.errors import Conflict
from points.ledger.books import open_books

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)


def child_app(url: str) -> Flask:
    """An app with nothing but the earning login."""
    app = Flask("race")
    app.config["SQLALCHEMY_BINDS"] = {
        Login.EARNING.value: {"url": url, "pool_size": 8, "connect_args": {"options": "-c timezone=UTC"}}
    }
    db.init_app(app)
    return app


def work(app: Flask, member_ids: list[str], name: str, rounds: int, done: dict[str, int]) -> None:
    """Credits and holds on all members at once, in an order of its own; counts what was done."""
    order = random.Random(name)
    for number in range(rounds):
        shuffled = order.sample(member_ids, len(member_ids))
        hold_id = f"hold_{name}_{number}"

        def in_tx(tx: Session, shuffled: list[str] = shuffled, hold_id: str = hold_id) -> None:
            with open_books(tx, shuffled, NOW) as books:
                for member_id in shuffled:
                    books[member_id].credit(3, expires_at=NOW + timedelta(days=9), occurred_at=NOW)
                books[shuffled[0]].hold(2, hold_id=hold_id)
                books[shuffled[0]].capture(hold_id, 1)

        with app.app_context():
            try:
                run_tx(Login.EARNING, in_tx)
                done["rounds"] = done.get("rounds", 0) + 1
            except Conflict as error:
                done[error.code] = done.get(error.code, 0) + 1


def main(task: dict[str, Any]) -> None:
    """Several threads in this process, each with a count of its own."""
    app = child_app(task["url"])
    counts: list[dict[str, int]] = [{} for _ in range(task["threads"])]
    threads = [
        threading.Thread(
            target=work, args=(app, task["member_ids"], f"{task['name']}_{index}", task["rounds"], counts[index])
        )
        for index in range(task["threads"])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with app.app_context():
        db.engines[Login.EARNING.value].dispose()
    sys.stdout.write(json.dumps(counts))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
