"""The form of a gift: its part in cash, the cause of a donation, and its variants."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

from tests.catalog.payment.conftest import till

__all__ = ["till"]
FORM = {"name.zh": "杯子", "name.en": "Cup", "kind": "pickup", "status": "active", "points": "300"}


def _make(browser: Any, **more: str) -> Any:
    return browser.post("/admin/new-gift", data={**FORM, **more})


def _seen(page: str) -> str:
    return re.search(r'name="seen" value="([^"]*)"', page)[1]


def test_a_gift_with_cash_is_made_changed_and_freed_of_it(till: Any, desk: Any) -> None:
    browser = desk("catalog")
    path = _make(browser, cash="19.9").headers["Location"]
    cents = "SELECT cash_cents FROM gifts"
    assert till.shop.sql(cents) == 1990
    page = browser.get(path).text
    assert 'value="19.90"' in page and "cannot be paid" not in page
    assert "cannot be paid" not in browser.get("/admin/gifts").text
    for cash, status, kept in (("20", 303, 2000), ("20.005", 422, 2000), ("free", 422, 2000), ("", 303, None)):
        seen = _seen(browser.get(path).text)
        answer = browser.post(path, data={**FORM, "seen": seen, "cash": cash})
        assert (answer.status_code, till.shop.sql(cents)) == (status, kept)
        assert status == 303 or (f'value="{cash}"' in answer.text and "Must be an amount such as 19.90." in answer.text)


def test_without_a_stripe_key_the_desk_says_that_nobody_can_order_it(shop: Any, desk: Any) -> None:
    browser = desk("catalog")
    assert "Without a Stripe key" in browser.get("/admin/new-gift").text
    path = _make(browser, cash="5").headers["Location"]
    assert "Members see this gift as not available" in browser.get(path).text
    assert "cannot be paid" in browser.get("/admin/gifts").text
    assert "cannot be paid" in browser.get("/admin/gifts?view=grid").text


def test_a_donation_has_its_cause_and_nothing_else_has(shop: Any, desk: Any) -> None:
    cause = shop.post("/admin/causes", shop.owner, {"name": "Trees"}).json["id"]
    browser = desk("catalog")
    refused = _make(browser, cause=cause)
    assert (refused.status_code, "Only a donation goes to a cause." in refused.text) == (422, True)
    path = _make(browser, cause=cause, kind="donation").headers["Location"]
    assert shop.sql("SELECT cause_id FROM gifts") == cause
    assert re.search(rf'<option value="{cause}" selected>Trees<', browser.get(path).text)


def test_variants_are_added_priced_put_in_order_and_taken_off(shop: Any, desk: Any) -> None:
    browser = desk("catalog")
    path = _make(browser).headers["Location"]
    for name, points, stock in (("小", "", "3"), ("大", "400", "2")):
        sent = {"name.zh": name, "points": points, "stock": stock, "_key": uuid4().hex}
        for _ in range(2):  # pressed twice
            assert browser.post(f"{path}/variants", data=sent).headers["Location"] == f"{path}#variants"
    small, large = shop.sql("SELECT array_agg(id ORDER BY position) FROM gift_variants")
    assert (shop.stock(small), shop.stock(large)) == (3, 2)
    up = browser.post(f"{path}/variants/{large}", data={"act": "up"})
    assert (up.status_code, shop.sql("SELECT array_agg(id ORDER BY position) FROM gift_variants")) == (
        303,
        [large, small],
    )
    changed = {"name.zh": "特大", "name.en": "XL", "points": "450"}
    assert browser.post(f"{path}/variants/{large}", data=changed).status_code == 303
    row = "SELECT name->>'en' || points || active::text FROM gift_variants WHERE id = :id"
    assert shop.sql(row, id=large) == "XL450false"
    for wrong in ({"points": "dear"}, {"name.zh": "", "name.en": ""}, {"name.zh": "x" * 81}):
        answer = browser.post(f"{path}/variants/{large}", data={**changed, **wrong})
        assert answer.headers["Location"] == path
    assert shop.sql(row, id=large) == "XL450false"
    assert "taken off" in browser.get(path).text
    assert browser.post(f"{path}/variants/var_nope", data=changed).status_code in (303, 404)
