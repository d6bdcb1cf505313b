"""Variants: each with a price and stock of its own, changed, ordered and taken off; chosen by members."""

from __future__ import annotations

import pytest
from browsing import Browser
from sqlalchemy import text

from mall.db import Login

KEPT = ("gifts", "gift_variants", "stock_items", "audit_entries")


def _held(shop):
    def read(tx):
        return {name: tx.execute(text(f"SELECT t::text FROM {name} AS t ORDER BY 1")).scalars().all() for name in KEPT}

    return shop.run(Login.OWNER, read)


def _variant(shop, gift, name, **more):
    answer = shop.post(f"/admin/gifts/{gift}/variants", shop.owner, {"name": name, **more})
    assert answer.status_code == 201, answer.json
    return answer.json["id"]


def _shirt(shop):
    gift = shop.gift(100, stock=7)
    return gift, _variant(shop, gift, "S", stock=3), _variant(shop, gift, "M", points=150, stock=0)


def _change(shop, gift, variant, who=None, **fields):
    return shop.post(f"/admin/gifts/{gift}/variants/{variant}", who or shop.owner, fields, method="PATCH")


def test_a_gift_costs_what_its_variants_cost_and_has_what_they_have(shop):
    gift, small, medium = _shirt(shop)
    seen = shop.get(f"/gifts/{gift}").json
    assert (seen["points"], seen["from_points"], seen["stock"]) == (100, 100, 3)
    assert [(one["id"], one["points"], one["stock"]) for one in seen["variants"]] == [(small, 100, 3), (medium, 150, 0)]
    assert _change(shop, gift, small, points=80).json["points"] == 80
    assert shop.get(f"/gifts/{gift}").json["from_points"] == 80
    assert _change(shop, gift, small, points=None).json["points"] is None
    shop.post(f"/admin/gifts/{gift}", shop.owner, {"points": 60}, method="PATCH")
    assert shop.get(f"/gifts/{gift}").json["from_points"] == 60


def test_the_variants_of_one_gift_say_nothing_of_the_stock_of_another(shop):
    shirt, _, _ = _shirt(shop)
    cup = shop.gift(100, stock=4)
    listed = {one["id"]: one["stock"] for one in shop.get("/gifts").json["items"]}
    assert listed == {shirt: 3, cup: 4}
    staff = {one["id"]: one["stock"] for one in shop.get("/admin/gifts", shop.owner).json["items"]}
    assert staff == {shirt: 3, cup: 4}


def test_one_taken_off_is_neither_shown_nor_sold_nor_counted(shop):
    gift, small, medium = _shirt(shop)
    member = shop.member(1000)
    assert _change(shop, gift, small, active=False).json["active"] is False
    seen = shop.get(f"/gifts/{gift}").json
    assert [one["id"] for one in seen["variants"]] == [medium]
    assert (seen["from_points"], seen["stock"], seen["state"]) == (150, 0, "sold_out")
    assert shop.order(member, gift, variant=small).status_code == 404
    kept = shop.get(f"/admin/gifts/{gift}/variants", shop.owner).json["variants"]
    assert [(one["id"], one["active"], one["stock"]) for one in kept] == [(small, False, 3), (medium, True, 0)]
    _change(shop, gift, small, active=True)
    assert shop.order(member, gift, variant=small).status_code == 201
    assert shop.stock(small) == 2


def test_without_variants_on_offer_the_gift_itself_is_sold_and_stocked(shop):
    gift, small, medium = _shirt(shop)
    refused = shop.post(f"/admin/gifts/{gift}/stock", shop.owner, {"change": 1})
    assert (refused.status_code, refused.json["code"]) == (409, "variant_exists")
    for variant in (small, medium):
        _change(shop, gift, variant, active=False)
    seen = shop.get(f"/gifts/{gift}").json
    assert (seen["variants"], seen["points"], seen["from_points"], seen["stock"]) == ([], 100, 100, 7)
    assert shop.post(f"/admin/gifts/{gift}/stock", shop.owner, {"change": 1}).json == {"stock": 8}
    assert shop.order(shop.member(100), gift).status_code == 201
    assert shop.stock(gift) == 7


def test_variants_are_put_in_order(shop):
    gift, small, medium = _shirt(shop)
    path = f"/admin/gifts/{gift}/variants"
    answer = shop.post(path, shop.owner, {"variants": [medium, small]}, method="PUT")
    assert [one["id"] for one in answer.json["variants"]] == [medium, small]
    before = _held(shop)
    for wrong in ([small], [small, small], [small, medium, medium], ["x", "y"], [], "x", [1]):
        refused = shop.post(path, shop.owner, {"variants": wrong}, method="PUT")
        assert refused.status_code == 422, wrong
        assert any(name.startswith("variants") for name in refused.json["errors"])
    assert _held(shop) == before


def test_a_wrong_change_changes_nothing(shop):
    gift, small, _ = _shirt(shop)
    other = shop.gift(100)
    others = [shop.staff(role) for role in ("rules", "fulfilment", "auditor")]
    before = _held(shop)
    for wrong in ({"points": 0}, {"points": "5"}, {"name": ""}, {"active": 1}, {"stock": 5}, {"name": {"fr": "x"}}):
        refused = _change(shop, gift, small, **wrong)
        assert refused.status_code == 422, wrong
        assert list(refused.json["errors"]) == list(wrong)
    assert _change(shop, other, small, points=5).status_code == 404
    assert _change(shop, gift, "var_00000000000000000000000000", points=5).status_code == 404
    for who in others:
        assert _change(shop, gift, small, who=who, points=5).status_code == 403
    assert _held(shop) == before


def test_changes_are_in_the_audit_trail(shop):
    gift, small, medium = _shirt(shop)
    _change(shop, gift, small, points=90)
    shop.post(f"/admin/gifts/{gift}/variants", shop.owner, {"variants": [medium, small]}, method="PUT")
    actions = "SELECT string_agg(action, ' ' ORDER BY id) FROM audit_entries WHERE subject = :gift"
    told = shop.sql(actions, gift=f"gift:{gift}")
    assert told.split()[-2:] == ["gift.variant_changed", "gift.variants_ordered"]


@pytest.mark.parametrize(
    ("sort", "order"),
    [("points", ["cheap", "middle", "dear"]), ("points_down", ["dear", "middle", "cheap"])],
)
def test_lists_are_sorted_by_what_the_cheapest_variant_costs(shop, sort, order):
    shop.gift(100, name="middle")
    shop.gift(300, name="dear")
    varied = shop.gift(500, name="cheap")
    _variant(shop, varied, "small", points=50, stock=1)
    seen, cursor = [], ""
    while cursor is not None:
        page = shop.get(f"/gifts?sort={sort}&limit=1{cursor and '&cursor=' + cursor}").json
        seen, cursor = seen + [one["name"] for one in page["items"]], page["next_cursor"]
    assert seen == order


def test_the_page_offers_each_variant_with_its_price_and_stock_and_the_order_carries_it(shop):
    gift, small, medium = _shirt(shop)
    large = _variant(shop, gift, {"zh": "大号", "en": "Large"}, points=120, stock=9)
    who = Browser(shop, 1000)
    page = who.get(f"/gifts/{gift}?variant={large}")
    assert f'value="{large}" checked' in page
    assert f'value="{medium}" disabled' in page
    assert "120" in page and "9 left" in page and "Sold out" in page
    confirm = who.get(f"/gifts/{gift}/redeem?variant={large}&quantity=2")
    assert "Large" in confirm and "240" in confirm and f"variant={large}&amp;quantity=3" in confirm
    answer = who.submit(confirm, f"/gifts/{gift}/redeem")
    assert answer.status_code == 303
    assert "Large" in who.get(answer.location)
    assert (shop.stock(large), shop.stock(small)) == (7, 3)
    assert shop.sql("SELECT points FROM orders") == 240


def test_a_form_without_a_choice_is_shown_again(shop):
    gift, _, _ = _shirt(shop)
    who = Browser(shop, 1000)
    confirm = who.get(f"/gifts/{gift}/redeem")
    answer = who.submit(confirm, f"/gifts/{gift}/redeem", variant="")
    assert answer.status_code == 422
    assert shop.sql("SELECT count(*) FROM orders") == 0
