"""What members want to be told, and points about to expire."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from catalog.notices.expiring import tell_of_expiry
from catalog.notices.handlers import notify_of_orders, notify_of_standing
from catalog.notices.kinds import GROUPS
from mall.db import Login
from mall.jobs import run_job
from mall.outbox import Message
from points.ledger.books import open_books

pytestmark = pytest.mark.usefixtures("unguarded")
URL = "/api/v1/me/notice-preferences"
NEW_YEAR = datetime(2026, 12, 31, 16, 0, tzinfo=UTC)
"""Where the year 2027 begins in the mall's zone."""


@pytest.fixture
def member(make_member):
    return make_member()


@pytest.fixture
def told(run, member):
    query = text("SELECT kind, detail FROM notifications WHERE member_id = :id ORDER BY id")
    return lambda: [tuple(row) for row in run(Login.BACKOFFICE, lambda tx: tx.execute(query, {"id": member.id}))]


@pytest.fixture
def credit(run, member):
    def book(points, expires_at, spend=0):
        def work(tx):
            with open_books(tx, [member.id], NEW_YEAR - timedelta(days=60)) as books:
                book = books[member.id]
                book.credit(points, expires_at=expires_at, occurred_at=NEW_YEAR - timedelta(days=60))
                if spend:
                    book.hold(spend, hold_id=f"h{points}")

        run(Login.EARNING, work)

    return book


@pytest.fixture
def tell(run):
    return lambda now: run(Login.BACKOFFICE, lambda tx: tell_of_expiry(tx, now)[:2])


def test_points_that_expire_are_told_of_thirty_and_seven_days_before(credit, tell, told):
    credit(100, NEW_YEAR, spend=30)
    credit(5, NEW_YEAR)
    credit(7, NEW_YEAR + timedelta(days=365))
    assert tell(NEW_YEAR - timedelta(days=30, seconds=1)) == (0, 0)
    assert tell(NEW_YEAR - timedelta(days=30)) == (1, 1)
    assert tell(NEW_YEAR - timedelta(days=8)) == (0, 0)
    assert tell(NEW_YEAR - timedelta(days=7)) == (1, 1)
    assert tell(NEW_YEAR - timedelta(seconds=1)) == (0, 0)
    assert told() == [("points.expiring", {"day": "2026-12-31", "points": 75})] * 2
    assert tell(NEW_YEAR) == (0, 0)


def test_who_comes_late_is_told_once(credit, tell, told):
    credit(100, NEW_YEAR)
    assert [tell(NEW_YEAR - timedelta(days=days)) for days in (3, 2)] == [(1, 1), (0, 0)]


def test_what_is_switched_off_is_not_told_and_what_is_needed_always(client, member, run, now, credit, tell, told):
    assert client.put(URL, json={"off": ["expiry", "standing"]}, headers=member.auth).status_code == 200
    credit(100, NEW_YEAR)
    assert tell(NEW_YEAR - timedelta(days=7)) == (1, 0)
    level = {"member": member.id, "kind": "level.up", "level": 2, "name": {"en": "B", "zh": "乙"}}
    run(Login.BACKOFFICE, lambda tx: notify_of_standing(tx, level, now))
    assert told() == []
    client.put(URL, json={"off": []}, headers=member.auth)
    run(Login.BACKOFFICE, lambda tx: notify_of_standing(tx, level, now))
    assert [kind for kind, _detail in told()] == ["level.up"]


@pytest.mark.parametrize(("status", "number"), [("preparing", 0), ("ready_for_pickup", 1), ("cancelled", 1)])
def test_only_steps_that_ask_nothing_of_the_member_can_be_left_out(shop, run, now, status, number):
    member = shop.member(500)
    shop.app.test_client().put(URL, json={"off": ["orders"]}, headers=member.auth)
    order = shop.order(member, shop.gift()).json["id"]
    payload = {"member": member.id, "order": order, "status": status, "last": True}
    run(Login.BACKOFFICE, lambda tx: notify_of_orders(tx, [Message(1, "order.advanced", payload)], now))
    query = "SELECT count(*) FROM notifications WHERE member_id = :id AND kind = :kind"
    assert shop.sql(query, id=member.id, kind=f"order.{status}") == number


@pytest.mark.parametrize("body", [{}, {"off": ["debits"]}, {"off": "orders"}, {"off": ["orders"] * 9}, {"on": []}])
def test_a_bad_choice_changes_nothing(client, member, body):
    client.put(URL, json={"off": ["wishes"]}, headers=member.auth)
    assert client.put(URL, json=body, headers=member.auth).status_code == 422
    groups = client.get(URL, headers=member.auth).json["groups"]
    assert [(group["name"], group["on"]) for group in groups] == [(name, name != "wishes") for name in GROUPS]


def test_the_page_ticks_what_is_wanted(client, member):
    answer = client.post("/notices/settings", data={"on": ["wishes", "nonsense"]}, headers=member.auth)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/notices/settings")
    groups = client.get(URL, headers=member.auth).json["groups"]
    assert [group["name"] for group in groups if group["on"]] == ["wishes"]
    assert client.get("/notices/settings", headers=member.auth).text.count("checked") == 1


def test_how_a_draw_ended_is_told_in_any_case(shop, run, now):
    member = shop.member(500)
    shop.app.test_client().put(URL, json={"off": ["orders"]}, headers=member.auth)
    order = shop.order(member, shop.gift()).json["id"]
    payload = {"member": member.id, "order": order, "status": "completed", "last": True}
    for kind, number in (("pickup", 0), ("draw", 1)):
        shop.write("UPDATE orders SET kind = :kind WHERE id = :id", kind=kind, id=order)
        run(Login.BACKOFFICE, lambda tx: notify_of_orders(tx, [Message(1, "order.advanced", payload)], now))
        assert shop.sql("SELECT count(*) FROM notifications WHERE kind = 'order.completed'") == number


def test_the_points_of_a_day_are_told_once_on_the_next_morning(client, member, run):
    """Booked by reporting systems, under one neutral word; less what was taken back on the same day."""

    def at(day, hour):
        return datetime(2026, 11, day, hour - 8, 0, tzinfo=UTC)

    def book(points, moment, **more):
        def work(tx):
            with open_books(tx, [member.id], moment) as books:
                books[member.id].credit(points, expires_at=NEW_YEAR, occurred_at=moment, **more)
                if points == 20:
                    books[member.id].clawback(5, occurred_at=moment)

        run(Login.EARNING, work)

    def tell(moment):
        return run_job("tell-of-booked-points", moment).get("told", 0)

    book(20, at(20, 10))
    book(2, at(20, 23))
    book(5, at(20, 11), label="check_in")
    book(100, at(21, 8))
    assert [tell(at(20, 23)), tell(at(21, 8)), tell(at(21, 9)), tell(at(21, 10))] == [0, 0, 1, 0]
    client.put(URL, json={"off": ["booked"]}, headers=member.auth)
    assert tell(at(22, 9)) == 0
    headers = {**member.auth, "Accept-Language": "en"}
    (notice,) = client.get("/api/v1/me/notifications", headers=headers).json["items"]
    assert notice["text"] == "17 points for taking part in the community came on 20 Nov 2026."
