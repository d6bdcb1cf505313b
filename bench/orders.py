"""Orders: a member's history of ten and of a hundred thousand, read page by page over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from bench.load import Result
from mall.db import Login, run_tx

FEW, MANY = 10, 100_000
_ORDERS = """INSERT INTO orders (id, number, member_id, gift_id, item_id, kind, status, quantity, points, gift_name,
  history_seq, placed_at, moved_at)
 SELECT 'ord_bench' || :salt || lpad(n::text, 9, '0'), 'B' || :salt || n, :member, 'gft_bench', 'gft_bench', 'pickup',
  'completed', 1, 10, '{"zh": "雨伞"}', 1, now() - n * interval '1 minute', now() - n * interval '1 minute'
 FROM generate_series(1, :count) AS n"""


@dataclass(frozen=True, slots=True)
class HistoryTimes:
    """Median milliseconds of the first page of a history of ``FEW`` and of ``MANY`` orders."""

    few: float
    many: float

    @property
    def ratio(self) -> float:
        """The long history ÷ the short one."""
        return self.many / self.few


def measure_history(app: Flask, member_ids: tuple[str, str], load: Callable[[int], Result]) -> HistoryTimes:
    """``member_ids``: who has few and who many; ``load(i)`` reads the i-th one's first page again and again."""

    def fill(tx: Session) -> None:
        for salt, (member, count) in enumerate(zip(member_ids, (FEW, MANY), strict=True)):
            tx.execute(text(_ORDERS), {"salt": salt, "member": member, "count": count})
        tx.execute(text("ANALYZE orders"))

    with app.app_context():
        run_tx(Login.OWNER, fill)
    return HistoryTimes(*(load(index).percentile(0.5) for index in (0, 1)))
