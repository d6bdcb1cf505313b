"""A member's orders page by page, however many others have."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import text

from catalog.redemption import views
from mall.db import Login

BESIDE = """INSERT INTO orders (id, number, member_id, gift_id, item_id, kind, status, quantity, points, gift_name,
  history_seq, placed_at, moved_at)
 SELECT 'ord_z' || lpad(n::text, 9, '0'), 'Z' || n, :member, :gift, :gift, 'pickup', 'completed', 1, 10,
  '{"zh": "雨伞"}', 1, now(), now() FROM generate_series(1, 20000) AS n"""


@pytest.mark.parametrize("statement", [views._LIST, views._LIST_OPEN])
def test_nobody_waits_for_the_orders_of_others_to_be_read(shop, statement):
    few, many, gift = shop.member(300), shop.member(), shop.gift(100)
    mine = [shop.order(few, gift).json["id"] for _ in range(3)]
    shop.write(BESIDE, member=many.id, gift=gift)
    shop.write("ANALYZE orders")
    places = {"member": "$1::text", "before": "$2::text", "most": "$3::int"}
    plan = "EXPLAIN (GENERIC_PLAN) " + re.sub(r"%\((\w+)\)s", lambda found: places[found[1]], statement)
    lines = shop.run(Login.OWNER, lambda tx: tx.execute(text(plan.replace(":", "\\:"))).scalars().all())
    assert [line for line in lines if " on orders" in line and "ix_orders_member_id" not in line] == []
    assert any(" on orders" in line for line in lines), lines
    assert [one["id"] for one in shop.get("/me/orders", few).json["items"]] == mine[::-1]


def test_orders_that_are_over_are_left_out_where_only_open_ones_are_asked_for(shop):
    member, gift = shop.member(300), shop.gift(100)
    first, second, third = (shop.order(member, gift).json["id"] for _ in range(3))
    assert shop.post(f"/orders/{second}/cancel", member).status_code == 200
    pages = [
        shop.run(Login.REDEMPTION, lambda tx, asked=asked: views.orders_page(tx, member.id, 20, None, only_open=asked))
        for asked in (False, True)
    ]
    assert [[order.id for order in page] for page, _cursor in pages] == [[third, second, first], [third, first]]
