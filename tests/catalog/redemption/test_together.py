"""Orders that wait for one another are placed in one transaction, and each is judged as if it were alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy import text

from catalog.redemption import look
from mall.db import Login, run_tx

LIMIT = [{"per": "member", "period": "total", "quantity": 1}]


def _meet(
    shop: Any, gift: str, calls: Sequence[Callable[[], Any]], meanwhile: Callable[[], Any] = lambda: None
) -> list[Any]:
    """The answers of calls that wait in line while the first one's order waits for the stock row."""

    def stand_in_line(count: int) -> None:
        for _ in range(10_000):
            gathering = shop.app.extensions.get("orders_together")
            line = gathering and gathering._lines.get((gift, None))
            if line is not None and len(line) == count:
                return
            time.sleep(0.001)
        raise AssertionError(f"{count} never stood in line")

    with ThreadPoolExecutor(len(calls)) as pool, shop.app.app_context():

        def hold_up(tx: Any) -> list[Any]:
            tx.execute(text("SELECT 1 FROM stock_items WHERE item_id = :item FOR UPDATE"), {"item": gift})
            sent = []
            for place, call in enumerate(calls):
                sent.append(pool.submit(call))
                stand_in_line(place)
            meanwhile()
            return sent

        return [future.result(30) for future in run_tx(Login.OWNER, hold_up)]


def _transactions(shop: Any, gift: str) -> list[int]:
    """How many orders of the gift each transaction wrote, the largest first."""
    counts = "SELECT count(*) AS n FROM orders WHERE gift_id = :gift GROUP BY xmin ORDER BY n DESC"
    return list(shop.sql(f"SELECT array_agg(n) FROM ({counts}) AS c", gift=gift))


def test_orders_in_line_are_one_transaction_and_refusals_and_repeats_are_what_they_always_are(shop):
    gift = shop.gift(100, stock=50, limits=LIMIT)
    rich = [shop.member(250) for _ in range(6)]
    poor, had, other = shop.member(99), shop.member(500), shop.member(500)
    assert [shop.order(who, gift, key="had").status_code for who in (had, other)] == [201, 201]
    first, chinese, twice = rich[0], rich[1], rich[2]
    chinese.auth["Accept-Language"] = "zh"
    calls = [
        *(lambda m=m: shop.order(m, gift, key=f"key-{m.id}") for m in (first, chinese, twice)),
        lambda: shop.order(twice, gift, key="again"),
        lambda: shop.order(poor, gift),
        lambda: shop.order(had, gift, key="had"),
        lambda: shop.order(other, gift, 2, key="had"),
        *(lambda m=m: shop.order(m, gift) for m in rich[3:]),
    ]
    answers = _meet(shop, gift, calls)
    codes = [answer.json.get("code", answer.status_code) for answer in answers]
    assert codes == [
        201, 201, 201, "limit_reached", "insufficient_points", 201, "idempotency_key_reused", 201, 201, 201,
    ]  # fmt: skip
    assert answers[5].headers["Idempotency-Replayed"] == "true"
    assert _transactions(shop, gift) == [5, 1, 1, 1]
    assert [answers[place].json["gift_name"] for place in (1, 2)] == ["礼物", "Gift"]
    assert shop.stock(gift) == 50 - 8
    assert [shop.wallet(member)["available"] for member in (*rich, poor, had, other)] == [150] * 6 + [99, 400, 400]
    assert shop.sql("SELECT count(*) FROM outbox_messages WHERE topic = 'order.placed'") == 8
    assert shop.sql("SELECT count(DISTINCT code_hash) FROM pickup_codes") == 8
    again = shop.order(chinese, gift, key=f"key-{chinese.id}")
    assert (again.data, again.headers["Idempotency-Replayed"]) == (answers[1].data, "true")
    for answer, member in zip(answers[:3], rich, strict=False):
        assert shop.get(f"/orders/{answer.json['id']}", member).json == answer.json


def test_a_group_that_finds_too_few_pieces_is_taken_apart(shop):
    gift = shop.gift(10, stock=3)
    members = [shop.member(10) for _ in range(5)]
    answers = _meet(shop, gift, [lambda m=m: shop.order(m, gift) for m in members])
    assert sorted(str(answer.json.get("code", answer.status_code)) for answer in answers) == [
        "201", "201", "201", "sold_out", "sold_out",
    ]  # fmt: skip
    assert answers[0].status_code == 201
    assert shop.stock(gift) == 0
    assert sorted(shop.wallet(member)["available"] for member in members) == [0, 0, 0, 10, 10]


def test_members_of_one_household_are_counted_one_after_the_other(shop):
    members, gift = [shop.member(10) for _ in range(4)], shop.gift(1)
    for member in members:
        shop.post(f"/admin/members/{member.id}/household", shop.owner, {"household": "block 3"}, method="PUT")
    rule = {"kind": "limit", "per": "household", "unit": "quantity", "period": "month", "amount": 1}
    made = shop.post("/admin/redemption-rules", shop.owner, {"name": {"zh": "规则", "en": "Rule"}, **rule})
    assert made.status_code == 201
    answers = _meet(shop, gift, [lambda m=m: shop.order(m, gift) for m in members])
    codes = sorted(str(answer.json.get("code", answer.status_code)) for answer in answers)
    assert codes == ["201", "redemption_rule", "redemption_rule", "redemption_rule"]
    assert sorted(shop.wallet(member)["available"] for member in members) == [9, 10, 10, 10]


def test_who_waits_for_a_wallet_of_their_own_holds_up_nobody_in_line(shop):
    """Neither as the first in line nor among others: a booking of many members may hold wallets for seconds."""
    gift, members = shop.gift(10, stock=9), [shop.member(10) for _ in range(5)]
    held = [members[0], members[3]]
    lock = text("SELECT 1 FROM ledger.wallets WHERE member_id = ANY(:ids) FOR UPDATE")

    def ordered() -> int:
        return int(shop.sql("SELECT count(*) FROM orders WHERE gift_id = :gift", gift=gift))

    with ThreadPoolExecutor(5) as pool, shop.app.app_context():

        def hold_up(tx: Any) -> tuple[list[Any], list[Any]]:
            tx.execute(lock, {"ids": [who.id for who in held]})
            first = pool.submit(shop.order, members[0], gift)
            others = [pool.submit(shop.order, who, gift) for who in members[1:]]
            done = [future.result(8).status_code for future in (others[0], others[1], others[3])]
            assert (done, ordered()) == ([201] * 3, 3)
            assert not first.done() and not others[2].done()
            return [first, others[2]], done

        waiting, _done = run_tx(Login.OWNER, hold_up)
        assert [future.result(30).status_code for future in waiting] == [201, 201]
    assert (ordered(), shop.stock(gift)) == (5, 4)
    assert [shop.wallet(who)["available"] for who in members] == [0] * 5


def test_one_key_twice_in_a_group_is_one_order_and_a_gift_switched_off_meanwhile_is_refused_to_all(shop):
    gift, other = shop.gift(10, stock=9), shop.gift(10, stock=9)
    first, twice, third = (shop.member(50) for _ in range(3))
    calls = [lambda: shop.order(first, gift), *[lambda: shop.order(twice, gift, key="same")] * 3]
    answers = _meet(shop, gift, [*calls, lambda: shop.order(third, gift)])
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json["id"] for answer in answers}) == 3
    assert sorted("Idempotency-Replayed" in answer.headers for answer in answers) == [False] * 3 + [True] * 2
    assert [shop.wallet(who)["available"] for who in (first, twice, third)] == [40] * 3

    def off() -> Any:
        return shop.write("UPDATE gifts SET status = 'archived' WHERE id = :gift", gift=other)

    languages = {first.id: "zh", twice.id: "en", third.id: "zh"}
    for who in (first, twice, third):
        who.auth["Accept-Language"] = languages[who.id]
    answers = _meet(shop, other, [lambda who=who: shop.order(who, other) for who in (first, twice, third)], off)
    assert [answer.json.get("code", answer.status_code) for answer in answers] == [201, "not_on_sale", "not_on_sale"]
    assert [answer.json["detail"] for answer in answers[1:]] == [
        "This gift is not on sale now.", "此礼品当前不可兑换。",
    ]  # fmt: skip
    assert shop.stock(other) == 8


def test_who_is_suspended_or_leaves_while_in_line_gets_nothing_and_holds_up_nobody(shop):
    gift, members = shop.gift(10, stock=9), [shop.member(10) for _ in range(5)]
    _first, frozen, leaves, *_others = members

    def meanwhile():
        shop.write("UPDATE members SET status = 'suspended' WHERE id = :id", id=frozen.id)
        left = shop.app.test_client().delete("/api/v1/me", headers=leaves.auth, json={"password": "no password"})
        assert left.status_code == 204, left.text

    answers = _meet(shop, gift, [lambda who=who: shop.order(who, gift) for who in members], meanwhile)
    codes = [answer.json.get("code", answer.status_code) for answer in answers]
    assert codes == [201, "forbidden", "authentication_required", 201, 201]
    assert answers[1].json["detail"].startswith("This account is suspended")
    assert shop.stock(gift) == 6
    assert [shop.wallet(who)["available"] for who in members] == [0, 10, 10, 0, 0]


def test_a_new_price_is_what_those_pay_who_are_judged_after_it(shop):
    gift, members = shop.gift(10, stock=9), [shop.member(50) for _ in range(3)]

    def dearer():
        changed = shop.post(f"/admin/gifts/{gift}", shop.owner, {"points": 30}, method="PATCH")
        assert changed.status_code == 200, changed.text

    answers = _meet(shop, gift, [lambda who=who: shop.order(who, gift) for who in members], dearer)
    assert [answer.json["points"] for answer in answers] == [10, 30, 30]
    assert [shop.wallet(who)["available"] for who in members] == [40, 20, 20]
    assert _transactions(shop, gift) == [2, 1]


def test_variants_stand_in_lines_of_their_own_and_pay_their_own_price(shop):
    gift = shop.gift(10, stock=9)
    path = f"/admin/gifts/{gift}/variants"
    ids = [
        shop.post(path, shop.owner, {"name": name, "points": points, "stock": stock}).json["id"]
        for name, points, stock in (("S", 10, 3), ("L", 20, 2))
    ]
    members = [shop.member(20) for _ in range(12)]
    calls = [lambda who=who, one=ids[n % 2]: shop.order(who, gift, variant=one) for n, who in enumerate(members)]
    answers = shop.at_once(calls)
    won = [[a.json["points"] for a in answers[n::2] if a.status_code == 201] for n in (0, 1)]
    assert won == [[10] * 3, [20] * 2]
    assert {answer.json["code"] for answer in answers if answer.status_code != 201} == {"sold_out"}
    assert [shop.stock(one) for one in ids] == [0, 0]
    spent = [20 - shop.wallet(who)["available"] for who in members]
    assert sorted(spent) == [0] * 7 + [10] * 3 + [20] * 2


def test_who_need_not_look_because_there_was_plenty_is_refused_all_the_same_once_it_is_gone(shop, monkeypatch):
    monkeypatch.setattr(look, "PLENTY_SECONDS", 60.0)
    gift, member = shop.gift(100, stock=look.PLENTY), shop.member(500)
    assert shop.order(member, gift).status_code == 201
    assert look._plenty_until[gift] > time.monotonic()
    shop.write("UPDATE stock_items SET on_hand = 0 WHERE item_id = :item", item=gift)
    before = shop.snapshot()
    late = shop.order(member, gift)
    assert (late.status_code, late.json["code"], late.json["left"]) == (409, "sold_out", 0)
    assert shop.snapshot() == before
