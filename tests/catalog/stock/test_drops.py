"""Drops: so many pieces at a time of day, once, by the mall's own clock; and being told when stock runs low."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine

from catalog.drops.release import release_due
from catalog.drops.schedule import Schedule
from catalog.jobs import watch_low_stock

BEIJING = ZoneInfo("Asia/Shanghai")
TEN = datetime(2026, 12, 7, 2, 0, tzinfo=UTC)  # Monday, 10:00 in Beijing
DROP = {"pieces": 50, "at": "10:00", "first_day": "2026-12-07", "reserve": 120}


def _drop(shop, gift, **more):
    answer = shop.post(f"/admin/gifts/{gift}/drops", shop.owner, {**DROP, **more})
    assert answer.status_code == 201, answer.json
    return answer.json["id"]


def _release(shop, moment):
    with shop.app.app_context():
        return release_due(moment, BEIJING)


def _reserve(shop, gift):
    return shop.get(f"/admin/gifts/{gift}/drops", shop.owner).json["items"][0]["reserve"]


def test_a_days_pieces_come_at_their_time_and_once(shop):
    gift = shop.gift(10, stock=0)
    _drop(shop, gift)
    assert _release(shop, TEN - timedelta(seconds=1)) == 0
    assert [_release(shop, TEN), _release(shop, TEN), _release(shop, TEN + timedelta(hours=5))] == [50, 0, 0]
    assert (shop.stock(gift), _reserve(shop, gift)) == (50, 70)
    days = [_release(shop, TEN + timedelta(days=number)) for number in (1, 2, 3)]
    assert days == [50, 20, 0]
    assert (shop.stock(gift), _reserve(shop, gift)) == (120, 0)
    moved = shop.sql("SELECT sum(change) FROM stock_movements WHERE item_id = :item", item=gift)
    assert moved == 120


def test_what_is_left_is_withdrawn_before_the_next_release_when_the_drop_says_so(shop):
    gift = shop.gift(10, stock=0)
    _drop(shop, gift, withdraws=True, reserve=60)
    _release(shop, TEN)
    member = shop.member(1000)
    assert shop.order(member, gift, 8).status_code == 201
    assert _release(shop, TEN + timedelta(days=1)) == 50
    assert (shop.stock(gift), _reserve(shop, gift)) == (50, 2)
    assert _release(shop, TEN + timedelta(days=2)) == 50
    assert (shop.stock(gift), _reserve(shop, gift)) == (50, 2)
    moved = shop.sql("SELECT sum(change) FROM stock_movements WHERE item_id = :item", item=gift)
    assert moved == 50


def test_before_its_time_nothing_can_be_ordered_and_afterwards_it_can(shop):
    gift, member = shop.gift(10, stock=0), shop.member(100)
    _drop(shop, gift)
    assert shop.order(member, gift).json["code"] == "sold_out"
    _release(shop, TEN)
    assert shop.order(member, gift).status_code == 201


def test_workers_at_once_release_a_day_once(shop):
    gift = shop.gift(10, stock=0)
    _drop(shop, gift)
    released = shop.at_once([lambda: _release(shop, TEN)] * 8)
    assert sorted(released) == [0] * 7 + [50]
    assert (shop.stock(gift), _reserve(shop, gift)) == (50, 70)


def test_orders_during_a_withdrawing_release_keep_stock_and_movements_equal(shop):
    gift = shop.gift(1, stock=0)
    _drop(shop, gift, withdraws=True, pieces=10, reserve=100)
    _release(shop, TEN)
    members = [shop.member(10) for _ in range(8)]
    orders = [lambda member=member: shop.order(member, gift).status_code for member in members]
    results = shop.at_once([*orders, lambda: _release(shop, TEN + timedelta(days=1))])
    taken = results[:8].count(201)
    moved = shop.sql("SELECT sum(change) FROM stock_movements WHERE item_id = :item", item=gift)
    assert shop.stock(gift) == moved
    assert shop.stock(gift) + _reserve(shop, gift) + taken == 100


def test_a_second_drop_of_the_same_item_and_drops_of_codes_are_refused(shop):
    gift = shop.gift(10, stock=0)
    first = _drop(shop, gift)
    again = shop.post(f"/admin/gifts/{gift}/drops", shop.owner, DROP)
    assert (again.status_code, again.json["code"]) == (409, "drop_exists")
    stopped = shop.post(f"/admin/drops/{first}", shop.owner, {"active": False}, method="PATCH")
    assert stopped.json["active"] is False
    assert _release(shop, TEN) == 0
    _drop(shop, gift)
    codes = shop.gift(10, kind="voucher")
    assert shop.post(f"/admin/gifts/{codes}/drops", shop.owner, DROP).json["code"] == "voucher_stock"
    assert shop.post(f"/admin/gifts/{gift}/drops", shop.staff("rules"), DROP).status_code == 403


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"at": "24:00"}, "at"), ({"at": 600}, "at"), ({"weekdays": [0]}, "weekdays.0"), ({"pieces": 0}, "pieces"),
        ({"first_day": "2026-02-30"}, "first_day"), ({"last_day": "2026-12-01"}, "last_day"),
    ],
)  # fmt: skip
def test_a_bad_drop_names_its_field_and_makes_none(shop, change, field):
    gift = shop.gift(10, stock=0)
    answer = shop.post(f"/admin/gifts/{gift}/drops", shop.owner, {**DROP, **change})
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])
    assert shop.sql("SELECT count(*) FROM drops") == 0


def test_the_next_release_goes_by_weekday_day_and_zone():
    every_weekend = Schedule(600, frozenset({6, 7}), date(2026, 12, 1), date(2026, 12, 13))
    assert every_weekend.next_after(TEN, BEIJING) == datetime(2026, 12, 12, 2, 0, tzinfo=UTC)
    assert every_weekend.next_after(datetime(2026, 12, 13, 2, 0, tzinfo=UTC), BEIJING) is None
    assert every_weekend.is_due(TEN, BEIJING) is None
    midnight = Schedule(0, frozenset(), date(2026, 12, 8), None)
    assert midnight.next_after(TEN, BEIJING) == datetime(2026, 12, 7, 16, 0, tzinfo=UTC)
    assert midnight.is_due(datetime(2026, 12, 7, 16, 0, tzinfo=UTC), BEIJING) == date(2026, 12, 8)


def test_a_gifts_page_and_the_api_say_when_the_next_pieces_come(shop, client):
    gift = shop.gift(10, stock=0)
    _drop(shop, gift)
    with time_machine.travel(TEN - timedelta(hours=1), tick=False):
        shown = shop.get(f"/gifts/{gift}").json["drops"]
        assert shown == [{"item": gift, "pieces": 50, "next_at": "2026-12-07T02:00:00+00:00", "waiting_room_at": None}]
        assert "今天 10:00" in client.get(f"/gifts/{gift}").text
    _release(shop, TEN)
    with time_machine.travel(TEN + timedelta(hours=1), tick=False):
        assert shop.get(f"/gifts/{gift}").json["drops"][0]["next_at"] == "2026-12-08T02:00:00+00:00"
        assert "明天 10:00" in client.get(f"/gifts/{gift}").text


def test_staff_are_told_once_each_time_stock_runs_low(shop):
    now = datetime.now(UTC)
    gift, member = shop.gift(1, stock=6), shop.member(100)
    path = f"/admin/gifts/{gift}/stock-alert"
    assert shop.post(path, shop.owner, {"low_at": 5}, method="PUT").status_code == 200
    looks = [watch_low_stock(now)["low"]]
    shop.order(member, gift, 2)
    looks += [watch_low_stock(now)["low"], watch_low_stock(now)["low"]]
    low = shop.get("/admin/stock/low", shop.owner).json["items"]
    assert [(one["item_id"], one["on_hand"], one["low_at"]) for one in low] == [(gift, 4, 5)]
    shop.post(f"/admin/gifts/{gift}/stock", shop.owner, {"change": 10})
    looks.append(watch_low_stock(now)["low"])
    assert shop.get("/admin/stock/low", shop.owner).json["items"] == []
    shop.order(member, gift, 9)
    looks.append(watch_low_stock(now)["low"])
    assert looks == [0, 1, 0, 0, 1]
    sent = shop.sql("SELECT array_agg(payload) FROM outbox_messages WHERE topic = 'stock.low'")
    assert [one.pop("at")[:10] for one in sent] == [f"{datetime.now(UTC):%Y-%m-%d}"] * 2
    assert sent == [{"item": gift, "gift": gift}] * 2
