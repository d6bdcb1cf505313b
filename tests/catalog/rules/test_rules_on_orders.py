"""Redemption rules on orders and quotes: what they refuse, that a refusal changes nothing, and races."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest
import time_machine
from sqlalchemy import event, text
from sqlalchemy.exc import ProgrammingError

from catalog.account.leave import leave
from catalog.rules.judge import Asked
from catalog.rules.weigh import counted, standing_refusals
from mall.db import Login, engine

EVENING = datetime(2026, 11, 30, 15, 0, tzinfo=UTC)
DECEMBER = "2026-11-30T16:00:00+00:00"
ONE_A_MONTH = {"kind": "limit", "per": "member", "unit": "quantity", "period": "month", "amount": 1}


def _rule(shop, **fields):
    body = {"name": {"zh": "测试规则", "en": "Test rule"}, **fields}
    answer = shop.post("/admin/redemption-rules", shop.owner, body)
    assert answer.status_code == 201, answer.json
    return answer.json["id"]


def _house(shop, who, tag):
    answer = shop.post(f"/admin/members/{who.id}/household", shop.owner, {"household": tag}, method="PUT")
    assert answer.status_code == 200, answer.json


def _tips(shop, source, who, stage):
    """Four tips of a member, told of by a source that knows the member by another name."""
    for number in range(4):
        told = {
            "id": f"{who.id}/{number}", "type": "tip.outcome", "member": who.id, "occurred_at": "2026-11-20T10:00:00Z",
            "data": {"case": f"{who.id}/{number}", "stage": stage, "grade": 1},
        }  # fmt: skip
        assert shop.post("/credit-events", source, told).status_code in (200, 201)
    shop.write("UPDATE sources.cases SET member_id = :own WHERE member_id NOT IN (SELECT :own UNION"
               " SELECT id FROM members WHERE username IS NOT NULL)", own=who.id)  # fmt: skip


def _refused(shop, who, gift, quantity=1, **more):
    """The refusal of an order, which changed nothing and which the quote tells too."""
    before = shop.snapshot()
    answer = shop.order(who, gift, quantity, **more)
    assert (answer.status_code, answer.json["code"]) == (409, "redemption_rule"), answer.json
    assert shop.snapshot() == before
    told = shop.post("/quotes", who, {"gift": gift, "quantity": quantity}).json["refusals"]
    same = next(one for one in told if one.get("rule") == answer.json["rule"])
    assert same["lifts_at"] == answer.json["lifts_at"] and same["text"] == answer.json["detail"]
    return answer.json


def _taken(shop, who, gift, quantity=1):
    answer = shop.order(who, gift, quantity)
    assert answer.status_code == 201, answer.json
    return answer.json["id"]


def test_a_limit_refuses_by_name_until_its_month_ends_and_a_cancelled_order_gives_it_back(shop):
    with time_machine.travel(EVENING, tick=False) as clock:
        shop.owner = shop.staff("owner")
        member, gift = shop.member(1000), shop.gift(100)
        rule = _rule(shop, **ONE_A_MONTH)
        order = _taken(shop, member, gift)
        refused = _refused(shop, member, gift)
        assert {key: refused[key] for key in ("rule", "title", "kind", "lifts_at", "amount", "left")} == {
            "rule": rule, "title": "Test rule", "kind": "limit", "lifts_at": DECEMBER, "amount": 1, "left": 0,
        }  # fmt: skip
        assert refused["detail"].startswith("At most 1 a month for each member. Possible again from ")
        assert refused["detail"].endswith("(Rule: Test rule)") and "Dec" in refused["detail"]
        assert shop.post(f"/orders/{order}/cancel", member).status_code == 200
        _taken(shop, member, gift)
        _refused(shop, member, gift)
        clock.move_to(datetime(2026, 11, 30, 15, 59, 59, tzinfo=UTC))
        _refused(shop, member, gift)
        clock.move_to(datetime(2026, 11, 30, 16, 0, tzinfo=UTC))
        _taken(shop, member, gift)


def test_limits_of_points_count_points_and_a_refund_frees_them(shop):
    member, gift, other = shop.member(1000), shop.gift(100), shop.gift(50)
    _rule(shop, kind="limit", per="member", unit="points", period="total", amount=200)
    order = _taken(shop, member, gift)
    shop.advance(order, "completed")
    assert shop.post("/quotes", member, {"gift": other, "quantity": 1}).json["max_quantity"] == 2
    _refused(shop, member, other, 3)
    _taken(shop, member, other, 2)
    assert _refused(shop, member, other)["lifts_at"] is None
    body = {"points": 50, "reason": "a scratch"}
    assert shop.post(f"/admin/orders/{order}/refunds", shop.owner, body).status_code in (200, 201)
    _taken(shop, member, other)
    _refused(shop, member, other)


def test_rules_of_a_gift_and_of_a_category_and_of_dear_gifts_bind_nothing_else(shop):
    member = shop.member(10_000)
    shelf = shop.post("/admin/categories", shop.owner, {"name": "Phone"}).json["id"]
    here, there = shop.gift(100, category=shelf), shop.gift(100, category=shelf)
    dear, free = shop.gift(2001), shop.gift(2000)
    _rule(shop, **ONE_A_MONTH, category=shelf)
    _rule(shop, kind="level", min_level=3, above_points=2000)
    _rule(shop, kind="blackout", hours=[[0, 24]], gift=free)
    _taken(shop, member, here)
    _refused(shop, member, there)
    assert _refused(shop, member, dear)["min_level"] == 3
    assert _refused(shop, member, free)["kind"] == "blackout"
    assert shop.post(f"/admin/categories/{shelf}", shop.owner, method="DELETE").json["code"] == "category_in_use"
    _taken(shop, member, shop.gift(100), 3)


def test_a_quote_gives_every_reason_at_once_and_a_rule_switched_off_none(shop):
    member, gift = shop.member(10), shop.gift(100, stock=0)
    for fields in ({"kind": "membership", "min_days": 1}, {"kind": "level", "min_level": 2},
                   {"kind": "blackout", "hours": [[0, 24]]}, {**ONE_A_MONTH}):  # fmt: skip
        rule = _rule(shop, **fields)
    told = shop.post("/quotes", member, {"gift": gift, "quantity": 2}).json["refusals"]
    kinds = [one.get("kind", one["code"]) for one in told]
    assert kinds == ["sold_out", "membership", "level", "blackout", "limit", "insufficient_points"]
    off = shop.post(f"/admin/redemption-rules/{rule}", shop.owner, {"version": 1, "active": False}, method="PATCH")
    assert off.status_code == 200
    told = shop.post("/quotes", member, {"gift": gift, "quantity": 2}).json["refusals"]
    assert "limit" not in [one.get("kind") for one in told]


def test_tips_count_by_a_yes_or_no_and_the_login_that_places_orders_reads_none(shop, make_client):
    good, bad, gift = shop.member(1000), shop.member(1000), shop.gift(100)
    source = make_client(["credits:write"])
    _tips(shop, source, good, "solved")  # (2 + 4) / (4 + 4) = 75 %
    _tips(shop, source, bad, "rejected")
    rule = _rule(shop, kind="effectiveness", min_percent=75)
    assert _refused(shop, bad, gift)["min_percent"] == 75
    _taken(shop, good, gift)
    more = shop.post(f"/admin/redemption-rules/{rule}", shop.owner, {"version": 1, "min_percent": 76}, method="PATCH")
    assert more.status_code == 200
    _refused(shop, good, gift)
    for login, query in (
        (Login.REDEMPTION, "SELECT count(*) FROM sources.cases"),
        (Login.BACKOFFICE, "SELECT tip_record_within('x', now(), '{}', '{}', 2, 4, 0, 100, 0, 9)"),
    ):
        with pytest.raises(ProgrammingError, match="permission denied"):
            shop.run(login, lambda tx, query=query: tx.execute(text(query)))


def test_a_segment_in_use_stays_and_lets_in_whom_it_finds(shop):
    inside, outside, gift = shop.member(100), shop.member(100), shop.gift(50)
    _house(shop, inside, "block 3")
    body = {"name": "Block 3", "filter": {"households": ["block 3"], "level_to": 2}}
    segment = shop.post("/admin/segments", shop.owner, body).json["id"]
    _rule(shop, kind="segment", segment=segment, members="only")
    _taken(shop, inside, gift)
    assert _refused(shop, outside, gift)["kind"] == "segment"
    gone = shop.post(f"/admin/segments/{segment}", shop.owner, method="DELETE")
    assert (gone.status_code, gone.json["code"]) == (409, "segment_in_use")


def test_a_debt_of_one_blocks_a_household_and_no_stranger(shop):
    owing, near, far, gift = shop.member(10), shop.member(100), shop.member(100), shop.gift(50)
    for who in (owing, near):
        _house(shop, who, "block 3")
    shop.claw_back(owing, 20)
    _rule(shop, kind="debt", per="household")
    assert _refused(shop, near, gift)["lifts_at"] is None
    _taken(shop, far, gift)
    shop.credit(owing, 10)
    _taken(shop, near, gift)


def test_twenty_orders_at_once_of_one_member_are_one(shop):
    member, gift = shop.member(1000), shop.gift(1, stock=100)
    _rule(shop, **ONE_A_MONTH)
    answers = shop.at_once([lambda: shop.order(member, gift)] * 20)
    assert Counter(one.json.get("code", one.status_code) for one in answers) == {201: 1, "redemption_rule": 19}
    assert (shop.stock(gift), shop.sql("SELECT count(*) FROM orders")) == (99, 1)


def test_orders_at_once_of_a_household_are_one_while_staff_move_somebody_in(shop):
    members, gifts = [shop.member(100) for _ in range(4)], [shop.gift(1, stock=100) for _ in range(2)]
    for who in members[:3]:
        _house(shop, who, "block 3")
    _rule(shop, **{**ONE_A_MONTH, "per": "household"})
    late = members[3]
    calls = [lambda w=who, g=gift: shop.order(w, g) for who in members[:3] for gift in gifts for _ in range(3)]
    answers = shop.at_once([*calls, lambda: _house(shop, late, "block 3")])[:-1]
    assert Counter(one.json.get("code", one.status_code) for one in answers) == {201: 1, "redemption_rule": 17}
    assert _refused(shop, late, gifts[0])["per"] == "household"
    _house(shop, late, None)
    _taken(shop, late, gifts[0])
    _house(shop, late, "block 3")
    assert shop.sql("SELECT count(*) FROM orders") == 2


def test_who_leaves_is_in_no_household_any_more(shop):
    member = shop.member(0)
    _house(shop, member, "block 3")
    assert shop.get(f"/admin/members/{member.id}", shop.owner).json["household"] == "block 3"
    shop.run(Login.REDEMPTION, lambda tx: leave(tx, member.id, datetime.now(UTC), "r"))
    assert shop.sql("SELECT count(*) FROM member_households") == 0


def test_a_mall_without_rules_reads_nothing_more(shop):
    member, gift = shop.member(100), shop.gift(1)
    seen = []
    with shop.app.app_context():
        bound = engine(Login.REDEMPTION)
        event.listen(bound, "before_cursor_execute", lambda *call: seen.append(call[2]))
    now = datetime.now(UTC)
    shop.run(Login.REDEMPTION, lambda tx: (standing_refusals(tx, (), member.id, Asked(1, 1), now),
                                           counted(tx, (), member.id, Asked(1, 1), now, lock=True)))  # fmt: skip
    assert seen == []
    _taken(shop, member, gift)


def test_the_gift_page_says_which_rule_and_until_when_and_offers_no_order(shop):
    member, gift = shop.member(100), shop.gift(50)
    rule = _rule(shop, kind="blackout", first_day="2020-01-01", last_day="2099-12-31", gift=gift)
    page = shop.app.test_client().get(f"/gifts/{gift}", headers=member.auth).text
    assert "(Rule: Test rule)" in page and "2100" in page and 'form="choose">' not in page
    shop.post(f"/admin/redemption-rules/{rule}", shop.owner, method="DELETE")
    page = shop.app.test_client().get(f"/gifts/{gift}", headers=member.auth).text
    assert "Test rule" not in page and 'form="choose">' in page
