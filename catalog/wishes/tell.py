"""Telling members that a wish can come true: once for each time that it can, however often it is looked."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from catalog.wishes.standings import STANDINGS, standing_values
from mall.db import cursor
from mall.ids import new_id

AT_ONCE = 2000
"""Wishes that change in one transaction."""

# What turned true is told, what turned false only noted; a wish that is taken back meanwhile is neither.
_TURN = f"""WITH turned AS (SELECT * FROM ({STANDINGS}) AS n
  WHERE (n.affordable, n.in_stock) IS DISTINCT FROM (n.was_affordable, n.was_in_stock)
  ORDER BY n.member_id, n.gift_id LIMIT %(most)s)
 UPDATE wishes AS w SET affordable = t.affordable, in_stock = t.in_stock FROM turned AS t
 WHERE w.member_id = t.member_id AND w.gift_id = t.gift_id
 RETURNING t.member_id, t.gift_id,
  CASE WHEN t.in_stock AND t.affordable AND NOT t.was_affordable THEN 'wish.affordable'
   WHEN t.in_stock AND NOT t.was_in_stock THEN 'wish.in_stock' END"""
_TELL = """INSERT INTO notifications (id, member_id, kind, gift_id, detail, created_at)
 SELECT id, member_id, kind, gift_id, '{}', %s FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[])
 AS n (id, member_id, kind, gift_id)
 WHERE NOT EXISTS (SELECT FROM notice_preferences AS p WHERE p.member_id = n.member_id AND 'wishes' = ANY (p.off))"""


def tell_of_wishes(tx: Session, now: datetime) -> tuple[int, int]:
    """Look at every wish, note what has turned, and write the notices; returns how many turned and were told."""
    cur = cursor(tx)
    turned = cur.execute(_TURN, {**standing_values(now), "most": AT_ONCE}).fetchall()
    told = [row for row in turned if row[2] is not None]
    if told:
        members, gifts, kinds = (list(column) for column in zip(*told, strict=True))
        cur.execute(_TELL, (now, [new_id("ntc") for _ in told], members, kinds, gifts))
    return len(turned), len(told)
