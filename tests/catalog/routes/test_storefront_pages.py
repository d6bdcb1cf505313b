"""Pages of the storefront, as a browser gets them."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime

import pytest
from PIL import Image

from catalog.gifts.pictures import set_pictures, store_picture
from mall.db import Login
from mall.errors import Invalid
from mall.identity.sessions import BROWSER, open_session

HOME = {"name": "张三", "phone": "138 0000 0000", "address": "北京市海淀区某路 1 号"}


class Browser:
    """A member's browser: cookies, hidden fields and all."""

    def __init__(self, shop, points=0, restricted=False):
        self.member, self.client = shop.member(points), shop.app.test_client()
        now = datetime.now(UTC)
        opened = shop.run(
            Login.REDEMPTION,
            lambda tx: open_session(tx, now, kind=BROWSER, member_id=self.member.id, restricted=restricted),
        )
        with self.client.session_transaction() as session:
            session["token"] = opened.token

    def get(self, path):
        answer = self.client.get(path, headers={"Accept-Language": "en"})
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.get_data(as_text=True)

    def submit(self, page, action, **fields):
        """Post the form of ``page`` that goes to ``action``."""
        form = re.search(rf'<form[^>]*action="{re.escape(action)}".*?</form>', page, re.S).group()
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
        return self.client.post(action, data={**hidden, **fields}, headers={"Accept-Language": "en"})


def _webp(width=8, height=6):
    out = io.BytesIO()
    Image.new("RGB", (width, height), "green").save(out, "WEBP")
    return out.getvalue()


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
    assert page.count('href="/gifts/gft_') == 20
    following = re.search(r'href="(/mall\?[^"]*cursor=[^"]+)"', page).group(1).replace("&amp;", "&")
    assert browser.get(following).count('href="/gifts/gft_') == 5
    assert browser.get("/mall?q=gift-07").count('href="/gifts/gft_') == 1
    for odd in ("/mall?q=%00%FF", "/mall?sort=nonsense", "/mall?category=%27", "/mall?q=" + "x" * 5000):
        browser.get(odd)


def test_a_gift_page_says_what_is_missing_and_why(shop, client):
    gift = shop.gift(100, limits=[{"per": "member", "period": "week", "quantity": 2}], min_level=3)
    assert "70" in Browser(shop, 30).get(f"/gifts/{gift}")
    assert "level 3" in Browser(shop, 100).get(f"/gifts/{gift}")
    assert client.get(f"/gifts/{gift}").status_code == 200
    assert client.get("/gifts/gft_nope").status_code == 404
    assert client.get("/gifts/%00").status_code == 404


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


def test_a_picture_is_kept_for_ever(shop, client, run, now):
    content = _webp()
    gift = shop.gift(100)
    run(Login.BACKOFFICE, lambda tx: set_pictures(tx, gift, [content], now))
    (url,) = shop.get(f"/gifts/{gift}").json["pictures"]
    answer = client.get(url)
    assert (answer.status_code, answer.data, answer.content_type) == (200, content, "image/webp")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert client.get(url.replace(url[10], "0" if url[10] != "0" else "1", 1)).status_code == 404
    assert client.get("/pictures/x.webp").status_code == 404
    assert url in client.get("/mall").get_data(as_text=True)


def test_what_is_no_webp_is_no_picture(run, now):
    for bad in (b"", b"RIFFxxxxWEBP", b"<svg xmlns='http://www.w3.org/2000/svg'/>"):
        with pytest.raises(Invalid):
            run(Login.BACKOFFICE, lambda tx, bad=bad: store_picture(tx, bad, now))
