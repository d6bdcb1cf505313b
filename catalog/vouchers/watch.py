"""How full the pools of codes are, and a word to staff when one runs low."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from catalog.notices.for_staff import resolve_others, tell_staff
from mall.db import cursor
from mall.outbox import publish

LOW = "stock.low"
LOW_POOL = 10
"""Unused codes below which staff are told, unless the gift says another number."""
_POOLS = """SELECT g.id, count(v.id) FILTER (WHERE v.order_id IS NULL),
  count(v.id) FILTER (WHERE v.order_id IS NOT NULL), count(v.id) FILTER (WHERE v.revealed_at IS NOT NULL),
  coalesce(g.low_pool, %(low)s)
 FROM gifts AS g JOIN stock_items AS s ON s.gift_id = g.id LEFT JOIN voucher_codes AS v ON v.item_id = s.item_id
 WHERE g.kind = 'voucher' AND g.id = ANY(%(gifts)s) GROUP BY g.id"""
# What is on hand of a voucher gift are its unused codes: no need to count the pool of every gift.
_LOW = """SELECT g.id, s.left_now, coalesce(g.low_pool, %(low)s) FROM gifts AS g
 JOIN (SELECT gift_id, sum(on_hand)::int8 AS left_now FROM stock_items GROUP BY gift_id) AS s ON s.gift_id = g.id
 WHERE g.kind = 'voucher' AND g.status = 'active' AND s.left_now < coalesce(g.low_pool, %(low)s)
 AND (g.on_sale_until IS NULL OR g.on_sale_until > %(now)s) ORDER BY g.id"""


@dataclass(frozen=True, slots=True)
class Pool:
    """Codes of a gift: unused, given to orders, of those seen by their members; ``low``: staff should import more."""

    free: int
    given: int
    revealed: int
    warn_below: int

    @property
    def low(self) -> bool:
        return self.free < self.warn_below


def pools_of(tx: Session, gift_ids: Sequence[str]) -> dict[str, Pool]:
    """The pools of those gifts that have one, all variants together."""
    rows: list[Any] = cursor(tx).execute(_POOLS, {"gifts": list(gift_ids), "low": LOW_POOL}).fetchall()
    return {row[0]: Pool(*row[1:]) for row in rows}


def watch_pools(tx: Session, now: datetime) -> int:
    """Tell staff of each pool that has run low, once until it is filled again; returns how many are news."""
    rows: list[Any] = cursor(tx).execute(_LOW, {"low": LOW_POOL, "now": now}).fetchall()
    news = 0
    for gift_id, left, below in rows:
        if tell_staff(tx, LOW, f"gift:{gift_id}", {"left": left, "below": below}, now):
            publish(tx, LOW, {"gift": gift_id, "left": left, "at": now.isoformat()}, now)
            news += 1
    resolve_others(tx, LOW, {f"gift:{gift_id}" for gift_id, _, _ in rows}, now)
    return news
