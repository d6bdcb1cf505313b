"""Parcels and top-ups in the back office, as a browser gets them."""

from __future__ import annotations

import base64
import dataclasses
import io
import re
from datetime import UTC, datetime

import pytest

from admin.pages import parcels
from catalog.topups.jobs import send_top_ups
from mall import clock
from mall.jobs import run_job
from tests.catalog.topups.provider import Provider, says

HOME = {"name": "李梅", "phone": "13800138000", "address": "海淀区中关村大街 1 号"}


@pytest.fixture
def numbers(shop):
    """Two orders to be sent; their numbers."""
    member, gift = shop.member(1000), shop.gift(100, kind="delivery")
    return [shop.order(member, gift, delivery=HOME).json["number"] for _ in range(2)]


def upload(browser, text, key="k", **more):
    form = {"_key": key, "list": (io.BytesIO(text.encode()), "parcels.csv"), **more}
    return browser.post("/admin/parcels", data=form, content_type="multipart/form-data")


def shipped(shop):
    return shop.sql("SELECT count(*) FROM orders WHERE status = 'shipped'")


def test_the_list_is_taken_filled_in_and_sent_back(shop, desk, numbers):
    browser = desk("fulfilment")
    assert "2 orders wait to be sent." in browser.get("/admin/parcels").text
    taken = browser.get("/admin/parcels/to-ship?format=csv").data.decode("utf-8-sig").splitlines()
    filled = [taken[0], *(f"{line[:-2]},SF,SF123456789012{n}" for n, line in enumerate(taken[1:]))]
    done = upload(browser, "\n".join(filled))
    assert done.status_code == 200 and "2 orders are shipped." in done.text and shipped(shop) == 2
    again = upload(browser, "\n".join(filled))
    assert again.status_code == 200 and "2 orders are shipped." in again.text
    assert shop.sql("SELECT count(*) FROM order_history WHERE status = 'shipped'") == 2


def test_bad_lines_are_told_with_their_reasons_and_a_file_of_them(shop, desk, numbers):
    browser, text = desk("fulfilment"), f"{numbers[0]},SF,SF1234567890123\n{numbers[1]},SF,nothing\n"
    page = upload(browser, text)
    assert page.status_code == 409 and "Nothing was booked" in page.text and shipped(shop) == 0
    assert "This is no tracking number of that carrier." in page.text
    file = re.search(r'href="data:text/csv;charset=utf-8;base64,([^"]+)"', page.text).group(1)
    assert "nothing" in base64.b64decode(file).decode("utf-8-sig")
    part = upload(browser, text, key="k2", only_good="1")
    assert "1 orders are shipped, 1 lines were left out." in part.text and shipped(shop) == 1


def test_a_long_list_is_booked_by_the_worker_all_of_it_or_nothing(shop, desk, numbers, monkeypatch):
    monkeypatch.setattr(parcels, "AT_ONCE", 1)
    browser, lines = desk("fulfilment"), [f"{one},SF,SF123456789012{n}" for n, one in enumerate(numbers)]
    bad = upload(browser, f"{lines[0]}\n{numbers[1]},SF,nothing\n", key="bad").headers["Location"]
    assert run_job("long-work", clock.now()) == {"works": 1} and shipped(shop) == 0
    page = browser.get(bad).text
    assert "Nothing was booked" in page and "This is no tracking number of that carrier." in page
    place = upload(browser, "\n".join(lines), key="good").headers["Location"]
    assert upload(browser, "\n".join(lines), key="good").headers["Location"] == place
    assert "It begins in a moment" in browser.get(place).text
    assert run_job("long-work", clock.now()) == {"works": 1} and shipped(shop) == 2
    assert "2 orders are shipped." in browser.get(place).text
    noted = "SELECT actor || ' ' || origin FROM audit_entries WHERE action = 'orders.shipped'"
    assert shop.sql(noted) == f"staff:{browser.person.id} cookie 127.0.0.1"


def test_no_file_or_none_that_can_be_read_is_said_at_the_field(shop, desk):
    browser = desk("fulfilment")
    assert "Please choose a file." in upload(browser, "").text
    wrong = browser.post(
        "/admin/parcels", data={"_key": "k", "list": (io.BytesIO(b"PK\x03\x04no"), "x.xlsx")},
        content_type="multipart/form-data",
    )  # fmt: skip
    assert wrong.status_code == 422 and "This is no CSV or XLSX file that can be read." in wrong.text


def test_staff_decide_on_a_stuck_top_up_in_the_browser(shop, desk, app, monkeypatch):
    settings = dataclasses.replace(app.extensions["settings"], webhooks_to_private=True)
    monkeypatch.setitem(app.extensions, "settings", settings)
    provider = Provider()
    try:
        provider.answers = [says(500)]
        made = shop.post("/admin/top-up-providers", shop.owner, {"name": "Telco", "url": provider.url}).json
        gift, member = shop.gift(100, kind="virtual"), shop.member(100)
        wanted = {"provider": made["id"], "product": "x", "target": "phone"}
        shop.post(f"/admin/gifts/{gift}/top-up", shop.owner, wanted, method="PUT")
        order = shop.order(member, gift, target="13800138000").json["id"]
        provider.secrets = [made["secret"]]
        send_top_ups(datetime.now(UTC))
    finally:
        provider.close()
    shop.write("UPDATE top_ups SET state = 'stuck', next_at = NULL")
    page = desk("fulfilment").get("/admin/top-ups").text
    assert "13800138000" in page and f"/admin/top-ups/{order}/decide" in page
    auditor = desk("auditor").get("/admin/top-ups").text
    assert "13800138000" not in auditor and "/decide" not in auditor
    browser, path = desk("fulfilment"), f"/admin/top-ups/{order}/decide"
    browser.post(path, data={"_key": "a", "outcome": "refund", "reason": " "})
    assert shop.wallet(member)["available"] == 0
    for _ in range(2):
        browser.post(path, data={"_key": "b", "outcome": "refund", "reason": "nobody answers"})
    assert shop.wallet(member)["available"] == 100
    assert shop.sql("SELECT count(*) FROM audit_entries WHERE action = 'top_up.decided'") == 1
    assert browser.get("/admin/top-ups?state=refused").status_code == 200


def test_a_provider_is_made_connected_and_given_a_new_secret_in_the_browser(shop, desk):
    browser, gift = desk("catalog"), shop.gift(100, kind="virtual")
    wrong = browser.post("/admin/top-up-providers", data={"name": "Telco", "url": "ftp://example.com"})
    assert wrong.status_code == 422 and "Must be an https address" in wrong.text
    made = browser.post("/admin/top-up-providers", data={"name": "Telco", "url": "https://example.com/x"})
    secret = re.search(r"whsec_[A-Za-z0-9+/=]+", made.text).group()
    assert made.headers["Cache-Control"] == "no-store" and secret not in browser.get("/admin/top-up-providers").text
    provider = shop.sql("SELECT id FROM top_up_providers")
    form = {"gift": gift, "provider": provider, "product": "cny-10", "target": "phone"}
    assert browser.post("/admin/top-up-gifts", data=form).status_code == 303
    assert shop.get(f"/gifts/{gift}").json["state"] == "on_sale"
    renewed = browser.post(f"/admin/top-up-providers/{provider}/secret").text
    assert "whsec_" in renewed and secret not in renewed
    change = {"name": "Telco 2", "url": "https://example.com/y"}
    assert browser.post(f"/admin/top-up-providers/{provider}", data=change).status_code == 303
    assert shop.sql("SELECT name || active FROM top_up_providers") == "Telco 2false"
