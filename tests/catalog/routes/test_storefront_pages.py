"""Pages of the storefront, as a browser gets them."""

from __future__ import annotations

import re

from browsing import Browser

from catalog.gifts import queries
from catalog.routes import pages

HOME = {"name": "张三", "phone": "138 0000 0000", "address": "北京市海淀区某路 1 号"}


def test_home_is_there_for_everybody_without_a_redirect(shop, client):
    shop.gift(100, name={"zh": "杯子", "en": "Mug"}, featured=True)
    answer = client.get("/")
    assert answer.status_code == 200
    assert "杯子" in answer.get_data(as_text=True)
    page = Browser(shop, 1234).get("/")
    assert "1,234" in page and "Mug" in page and "/check-in" in page


def test_the_mall_lists_searches_and_pages(shop):
    for number in range(25):
        shop.gift(10 + number, name=f"gift-{number:02d}")
    browser = Browser(shop, 15)
    page = browser.get("/mall")
    assert page.count('href="/gifts/gft_') == 4 + 20  # the shelf of new gifts stands above the list
    following = re.search(r'href="(/mall\?[^"]*cursor=[^"]+)"', page).group(1).replace("&amp;", "&")
    assert browser.get(following).count('href="/gifts/gft_') == 5
    assert browser.get("/mall?q=gift-07").count('href="/gifts/gft_') == 1
    for odd in ("/mall?q=%00%FF", "/mall?sort=nonsense", "/mall?category=%27", "/mall?q=" + "x" * 5000):
        browser.get(odd)


def test_a_search_says_how_many_gifts_it_found_up_to_a_bound(shop, monkeypatch):
    gifts = [shop.gift(name={"zh": "雨伞", "en": "Umbrella"}) for _ in range(4)]
    browser = Browser(shop)
    assert "4 gifts for “umbrella”" in browser.get("/mall?q=umbrella")  # all on one page
    monkeypatch.setattr(pages, "GIFTS_SHOWN", 3)
    page = browser.get("/mall?q=umbrella")
    assert "4 gifts for “umbrella”" in page
    further = re.search(r'href="(/mall\?[^"]*cursor=[^"]+)"', page)[1].replace("&amp;", "&")
    page = browser.get(further)
    assert "4 gifts for “umbrella”" in page and page.count('class="gift__link"') == 1 and gifts[0] in page
    shop.write("UPDATE gifts SET status = 'archived' WHERE id = :id", id=gifts[0])
    assert "3 gifts for “umbrella”" in browser.get(further)  # nothing is left after the cursor
    shop.write("UPDATE gifts SET status = 'active' WHERE id = :id", id=gifts[0])
    for module in (queries, pages):
        monkeypatch.setattr(module, "MOST_COUNTED", 3)
    assert "More than 3 gifts for “umbrella”" in browser.get("/mall?q=umbrella")
    assert "0 gifts for “4711”" in browser.get("/mall?q=4711")


def test_a_gift_page_says_what_is_missing_and_why(shop, client):
    gift = shop.gift(100, limits=[{"per": "member", "period": "week", "quantity": 2}], min_level=3)
    assert "70" in Browser(shop, 30).get(f"/gifts/{gift}")
    assert "level 3" in Browser(shop, 100).get(f"/gifts/{gift}")
    assert client.get(f"/gifts/{gift}").status_code == 200
    assert client.get("/gifts/gft_nope").status_code == 404
    assert client.get("/gifts/%00").status_code == 404


def test_the_button_of_a_gift_leads_on_and_never_into_a_refusal(shop):
    browser = Browser(shop, 50)
    once = shop.gift(1, limits=[{"per": "member", "period": "total", "quantity": 1}])
    assert shop.order(browser.member, once).status_code == 201
    sizes = shop.gift(10, stock=0)
    small, large = (
        shop.post(f"/admin/gifts/{sizes}/variants", shop.owner, {"name": name, "points": points, "stock": 2}).json["id"]
        for name, points in (("S", 10), ("L", 900))
    )
    redeem = r'weui-btn_primary" type="submit" form="choose">Redeem<'
    for path, button in (
        (once, r'weui-btn_default" href="/mall">Limit reached<'),
        (shop.gift(1, min_level=4), r'weui-btn_default" href="/me/growth">How to level up<'),
        (shop.gift(900), r'weui-btn_primary" href="/tasks">Earn more points<'),
        (f"{sizes}?variant={large}", r'weui-btn_default" type="submit" form="choose">Choose another<'),
        (f"{sizes}?variant={small}", redeem),
        (shop.gift(10), redeem),
    ):
        bar = browser.get(f"/gifts/{path}").partition('id="act"')[2]
        assert re.findall(r'weui-btn_(?:primary|default)"[^>]*>[^<]+<', bar) == [button]


def test_a_variant_that_is_sold_out_is_not_offered_to_be_redeemed(shop, client):
    gift, browser = shop.gift(10, stock=0), Browser(shop, 50)
    gone, there = (
        shop.post(f"/admin/gifts/{gift}/variants", shop.owner, {"name": name, "stock": stock}).json["id"]
        for name, stock in (("S", 0), ("L", 2))
    )
    another = f'weui-btn_default" href="/gifts/{gift}">'
    for page in (browser.get(f"/gifts/{gift}?variant={gone}"), client.get(f"/gifts/{gift}?variant={gone}").text):
        assert another in page and 'type="submit" form="choose"' not in page.partition('id="act"')[2]
    assert 'type="submit" form="choose">Redeem<' in browser.get(f"/gifts/{gift}?variant={there}")


def test_what_is_gone_while_a_form_is_open_is_said_and_never_swapped_for_something_else(shop):
    gift, browser = shop.gift(10, stock=0), Browser(shop, 50)
    gone, _there = (
        shop.post(f"/admin/gifts/{gift}/variants", shop.owner, {"name": name, "stock": 2}).json["id"] for name in "SL"
    )
    confirm = browser.get(f"/gifts/{gift}/redeem?variant={gone}")
    shop.post(f"/admin/gifts/{gift}/variants/{gone}", shop.owner, {"active": False}, method="PATCH")
    before = shop.snapshot()
    for answer in (
        browser.submit(confirm, f"/gifts/{gift}/redeem"),
        browser.client.get(f"/gifts/{gift}/redeem?variant={gone}", headers={"Accept-Language": "en"}),
    ):
        assert (answer.status_code, answer.location) == (303, f"/gifts/{gift}")
    assert browser.get(f"/gifts/{gift}").count("no longer offered") == 2  # said to each
    assert shop.snapshot() == before
    point = shop.post("/admin/pickup-points", shop.owner, {"name": "North", "address": "1 North Road"}).json["id"]
    confirm = browser.get(f"/gifts/{gift}/redeem?quantity=2")
    shop.post(f"/admin/pickup-points/{point}", shop.owner, {"active": False}, method="PATCH")
    before = shop.snapshot()
    answer = browser.submit(confirm, f"/gifts/{gift}/redeem", pickup_point=point, quantity="2")
    assert answer.status_code == 409 and "This pickup point is closed" in answer.text
    assert answer.text.count('name="pickup_point"') == 1 and 'value="2"' in answer.text and " checked" in answer.text
    parcel = shop.gift(10, kind="delivery")
    saved = shop.post("/me/addresses", browser.member, HOME).json["id"]
    confirm = browser.get(f"/gifts/{parcel}/redeem")
    shop.post(f"/me/addresses/{saved}", browser.member, method="DELETE")
    before = shop.snapshot()
    answer = browser.submit(confirm, f"/gifts/{parcel}/redeem", address_id=saved)
    assert answer.status_code == 409 and "no longer in your book" in answer.text
    assert shop.snapshot() == before


def test_a_gift_is_redeemed_without_javascript_and_its_code_shown(shop):
    gift = shop.gift(100, stock=5)
    browser = Browser(shop, 250)
    confirm = browser.get(f"/gifts/{gift}/redeem?quantity=2")
    answer = browser.submit(confirm, f"/gifts/{gift}/redeem")
    assert answer.status_code == 303
    again = browser.submit(confirm, f"/gifts/{gift}/redeem")
    assert (again.status_code, again.location) == (303, answer.location)
    assert shop.wallet(browser.member)["available"] == 50
    assert shop.stock(gift) == 3
    order = shop.get(f"/orders/{answer.location.rsplit('/')[-1]}", browser.member).json
    page = browser.get(answer.location)
    code = order["pickup_code"]
    assert order["number"] in page and code[:4] in page and code[4:] in page
    assert "<svg" in page and "viewBox" in page
    assert order["number"] and browser.get("/orders").count(f"/orders/{order['id']}") == 1
    cancelled = browser.submit(page, f"/orders/{order['id']}/cancel")
    assert cancelled.status_code == 303
    assert shop.wallet(browser.member)["available"] == 250
    assert f"/orders/{order['id']}/cancel" not in browser.get(f"/orders/{order['id']}")
    assert order["id"] not in browser.get("/orders?status=open")


def test_what_was_typed_stays_when_an_address_is_refused(shop):
    gift = shop.gift(100, kind="delivery")
    browser = Browser(shop, 100)
    confirm = browser.get(f"/gifts/{gift}/redeem")
    refused = browser.submit(confirm, f"/gifts/{gift}/redeem", **{**HOME, "phone": "x"})
    page = refused.get_data(as_text=True)
    assert refused.status_code == 422
    assert "张三" in page and 'aria-invalid="true"' in page
    assert shop.wallet(browser.member)["available"] == 100
    done = browser.submit(page, f"/gifts/{gift}/redeem", **HOME)
    assert done.status_code == 303
    assert "某路 1 号" in browser.get(done.location)


def test_a_refused_order_says_why_on_the_page(shop):
    gift = shop.gift(100, stock=1)
    browser = Browser(shop, 100)
    confirm = browser.get(f"/gifts/{gift}/redeem")
    assert shop.order(shop.member(100), gift).status_code == 201
    refused = browser.submit(confirm, f"/gifts/{gift}/redeem")
    assert refused.status_code == 409
    assert "sold out" in refused.get_data(as_text=True)
    assert shop.wallet(browser.member)["available"] == 100


def test_nobody_pays_a_price_that_their_page_did_not_show(shop):
    gift = shop.gift(100, stock=5)
    browser = Browser(shop, 500)
    confirm = browser.get(f"/gifts/{gift}/redeem?quantity=2")
    assert shop.post(f"/admin/gifts/{gift}", shop.owner, {"points": 101}, method="PATCH").status_code == 200
    before = shop.snapshot()
    refused = browser.submit(confirm, f"/gifts/{gift}/redeem")
    page = refused.get_data(as_text=True)
    assert (refused.status_code, "The price has changed" in page, "−202" in page) == (409, True, True)
    assert shop.snapshot() == before
    assert shop.post(f"/admin/gifts/{gift}", shop.owner, {"points": 90}, method="PATCH").status_code == 200
    assert browser.submit(page, f"/gifts/{gift}/redeem", keep="1").status_code == 303  # what costs less is no surprise
    assert shop.wallet(browser.member)["available"] == 500 - 180


def test_a_session_from_a_link_sees_no_codes_and_no_address(shop):
    browser = Browser(shop, 300, restricted=True)
    pickup = shop.order(browser.member, shop.gift(100)).json
    voucher = shop.gift(100, kind="voucher", needs_approval=True)
    shop.vouchers(voucher, "SECRET-CODE-1")
    order = shop.order(browser.member, voucher).json["id"]
    shop.advance(order, "confirmed")
    page = browser.get(f"/orders/{pickup['id']}")
    assert pickup["pickup_code"][:4] + "</span>" not in page and "/me/confirm" in page
    assert "SECRET-CODE-1" not in browser.get(f"/orders/{order}")
    assert shop.sql("SELECT revealed_at FROM voucher_codes") is None


def test_signed_out_one_is_sent_to_sign_in_and_back(shop, client):
    gift = shop.gift(100)
    answer = client.get(f"/gifts/{gift}/redeem")
    assert answer.status_code == 303
    assert answer.location == f"/sign-in?next=%2Fgifts%2F{gift}%2Fredeem"


def test_anothers_order_is_no_page(shop):
    order = shop.order(shop.member(100), shop.gift(100)).json["id"]
    browser = Browser(shop)
    assert browser.client.get(f"/orders/{order}").status_code == 404
