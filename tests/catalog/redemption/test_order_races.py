"""Many at once: never a point, a piece or a code too many."""

from __future__ import annotations

from collections import Counter


def _codes(answers):
    return Counter(answer.json.get("code", answer.status_code) for answer in answers)


def _books_balance(shop):
    sums = "SELECT item_id FROM stock_items WHERE on_hand <> (SELECT coalesce(sum(change), 0) FROM stock_movements AS m"
    assert shop.sql(f"{sums} WHERE m.item_id = stock_items.item_id)") is None
    paid = "SELECT coalesce(sum(points), 0) FROM orders WHERE status NOT IN ('cancelled', 'expired', 'refunded')"
    assert shop.sql("SELECT coalesce(sum(redeemed), 0) FROM ledger.wallets") == shop.sql(paid)


def test_fifty_orders_at_once_on_points_for_one_are_one_order(shop):
    member, gift = shop.member(100), shop.gift(100, stock=100)
    answers = shop.at_once([lambda: shop.order(member, gift)] * 50)
    assert _codes(answers) == {201: 1, "insufficient_points": 49}
    assert shop.wallet(member) == {"available": 0, "held": 0, "redeemed": 100, "debt": 0}
    assert shop.stock(gift) == 99
    _books_balance(shop)


def test_a_stock_of_a_hundred_is_exactly_a_hundred_orders(shop):
    gift = shop.gift(1, stock=100)
    members = [shop.member(10) for _ in range(40)]
    answers = shop.at_once([lambda m=m: [shop.order(m, gift) for _ in range(5)] for m in members])
    assert _codes(answer for some in answers for answer in some) == {201: 100, "sold_out": 100}
    assert shop.stock(gift) == 0
    assert shop.sql("SELECT count(*) FROM orders") == 100
    _books_balance(shop)


def test_fifty_members_after_the_last_piece_are_one_order(shop, pytestconfig):
    rounds = pytestconfig.getoption("--race-rounds")
    members = [shop.member(rounds) for _ in range(50)]
    for _ in range(rounds):
        gift = shop.gift(1, stock=1)
        answers = shop.at_once([lambda m=m, g=gift: shop.order(m, g) for m in members])
        assert _codes(answers) == {201: 1, "sold_out": 49}
        assert shop.stock(gift) == 0
    assert sum(shop.wallet(member)["available"] for member in members) == 49 * rounds
    _books_balance(shop)


def test_a_limit_is_exact_when_a_member_orders_many_times_at_once(shop):
    member = shop.member(1000)
    gift = shop.gift(1, stock=100, limits=[{"per": "member", "period": "day", "quantity": 3}])
    answers = shop.at_once([lambda: shop.order(member, gift)] * 20)
    assert _codes(answers) == {201: 3, "limit_reached": 17}
    assert shop.stock(gift) == 97
    _books_balance(shop)


def test_every_voucher_code_is_given_once(shop):
    gift = shop.gift(1, kind="voucher")
    shop.vouchers(gift, *(f"CODE-{number}" for number in range(20)))
    members = [shop.member(1) for _ in range(30)]
    answers = shop.at_once([lambda m=m: shop.order(m, gift) for m in members])
    assert _codes(answers) == {201: 20, "sold_out": 10}
    given = [code for answer in answers if answer.status_code == 201 for code in answer.json["voucher_codes"]]
    assert sorted(given) == sorted(f"CODE-{number}" for number in range(20))
    assert shop.stock(gift) == 0
    _books_balance(shop)


def test_cancelling_twice_at_once_refunds_once(shop):
    member, gift = shop.member(100), shop.gift(100)
    for _ in range(5):
        order = shop.order(member, gift).json["id"]
        answers = shop.at_once([lambda o=order: shop.post(f"/orders/{o}/cancel", member)] * 4)
        assert _codes(answers) == {200: 1, "illegal_transition": 3}
        assert shop.wallet(member) == {"available": 100, "held": 0, "redeemed": 0, "debt": 0}
        assert shop.stock(gift) == 10
    _books_balance(shop)


def test_cancelling_against_collecting_has_one_winner(shop):
    member, gift = shop.member(1000), shop.gift(100, stock=10)
    for _ in range(5):
        order = shop.order(member, gift).json
        cancelled, collected = shop.at_once(
            [
                lambda o=order: shop.post(f"/orders/{o['id']}/cancel", member),
                lambda o=order: shop.post("/admin/pickups", shop.owner, {"code": o["pickup_code"]}),
            ]
        )
        assert {cancelled.status_code, collected.status_code} in ({200, 404}, {409, 200})
    _books_balance(shop)


def test_one_key_used_by_many_threads_is_one_order(shop):
    member, gift = shop.member(1000), shop.gift(100, stock=10)
    answers = shop.at_once([lambda: shop.order(member, gift, key="one")] * 20)
    assert set(_codes(answers)) <= {201, "request_in_progress"}
    assert shop.wallet(member)["available"] == 900
    assert shop.stock(gift) == 9
