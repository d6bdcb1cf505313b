"""The desks of the back office call what the API calls: gifts, orders, members, reporting systems, audit, approvals."""

from __future__ import annotations

import html
import io
import re
from datetime import timedelta
from itertools import count

import pytest
from PIL import Image
from sqlalchemy import select

from catalog.gifts.models import Gift
from catalog.gifts.queries import on_hand_now
from mall.db import Login
from mall.identity.models import ApiClient, ApiKey
from points.ledger.books import open_books

GIFT = {
    "name.zh": "帆布袋", "name.en": "Tote", "kind": "delivery", "status": "active", "points": "300", "stock": "5",
    "description.zh": "结实", "limit.month": "2", "featured": "1",
}  # fmt: skip


@pytest.fixture
def tote(desk):
    """A gift made in the browser of a catalog person, and that browser."""
    browser = desk("catalog")
    answer = browser.post("/admin/new-gift", data=GIFT)
    assert answer.status_code == 303, re.findall(r"invalid-feedback[^<]*<?[^<]*", answer.text)
    return browser, answer.headers["Location"]


def gift_of(run, path):
    return run(Login.BACKOFFICE, lambda tx: tx.get_one(Gift, path.rsplit("/", 1)[1]))


def hidden(page, name):
    return html.unescape(re.search(rf'name="{name}" value="([^"]*)"', page)[1])


def test_a_gift_is_made_with_limits_and_stock(tote, run):
    browser, path = tote
    made = gift_of(run, path)
    assert (made.name, made.points, made.status, made.featured) == ({"zh": "帆布袋", "en": "Tote"}, 300, "active", True)
    assert made.limits == [{"per": "member", "period": "month", "quantity": 2}]
    assert run(Login.BACKOFFICE, lambda tx: on_hand_now(tx, made.id)) == 5
    assert "Tote" in browser.get("/admin/gifts?status=active").text
    assert "Tote" not in browser.get("/admin/gifts?status=draft").text


def test_a_refused_gift_keeps_what_was_typed_and_says_why_at_the_field(desk, run):
    browser = desk("catalog")
    answer = browser.post("/admin/new-gift", data={**GIFT, "points": "free", "on_sale_from": "tomorrow"})
    assert answer.status_code == 422
    assert 'value="free"' in answer.text and 'value="帆布袋"' in answer.text
    assert re.search(r'id="f-points-help">[^<]+<', answer.text) and 'id="f-on_sale_from-help"' in answer.text
    assert run(Login.BACKOFFICE, lambda tx: tx.scalars(select(Gift)).all()) == []


def test_the_second_of_two_editors_is_told_and_nothing_is_overwritten(tote, desk, run):
    browser, path = tote
    form = {**GIFT, "seen": hidden(browser.get(path).text, "seen")}
    assert desk("catalog").post(path, data={**form, "points": "400"}).status_code == 303
    answer = browser.post(path, data={**form, "points": "500"})
    assert answer.status_code == 409
    assert 'value="500"' in answer.text and "Somebody else has changed this gift meanwhile" in answer.text
    assert gift_of(run, path).points == 400
    assert browser.post(path, data={**form, "points": "500"}).status_code == 409  # still: the form is the old one
    assert desk("catalog").post(path, data={**GIFT, "points": "450"}).status_code == 409  # without having looked


def test_stock_pressed_twice_moves_once_and_never_below_zero(tote, run):
    browser, path = tote
    sent = {"change": "10", "reason": "new box", "_key": "one-press"}
    for _ in range(2):
        assert browser.post(f"{path}/stock", data=sent).status_code == 303
    gift = gift_of(run, path)
    assert run(Login.BACKOFFICE, lambda tx: on_hand_now(tx, gift.id)) == 15
    refused = browser.post(f"{path}/stock", data={"change": "-99", "reason": "lost", "_key": "too-much"})
    assert (refused.status_code, "There is not that much in stock." in refused.text) == (409, True)
    assert run(Login.BACKOFFICE, lambda tx: on_hand_now(tx, gift.id)) == 15


def photograph(colour):
    picture = io.BytesIO()
    Image.new("RGB", (640, 480), colour).save(picture, "PNG")
    return io.BytesIO(picture.getvalue()), "a.png"


def test_pictures_are_added_made_the_cover_and_taken_off(tote, run):
    browser, path = tote
    for colour in ("red", "blue"):
        browser.post(f"{path}/pictures", data={"picture": photograph(colour)}, content_type="multipart/form-data")
    first, second = gift_of(run, path).pictures
    browser.post(f"{path}/pictures/arrange", data={"picture": second, "act": "cover"})
    assert gift_of(run, path).pictures == [second, first]
    browser.post(f"{path}/pictures/arrange", data={"picture": first, "act": "remove"})
    assert gift_of(run, path).pictures == [second]
    bad = {"picture": (io.BytesIO(b"<svg/>"), "a.svg")}
    browser.post(f"{path}/pictures", data=bad, content_type="multipart/form-data")
    assert "alert-danger" in browser.get(path).text
    assert gift_of(run, path).pictures == [second]


def test_an_auditor_reads_a_gift_and_has_no_button(tote, desk):
    _browser, path = tote
    page = desk("auditor").get(path).text
    assert '<fieldset class="card" disabled>' in page and "Change the stock" not in page


def test_a_reporting_system_is_made_its_key_shown_once_and_revoked(desk, run, client):
    browser = desk("owner")
    wrong = browser.post("/admin/new-api-client", data={"name": "Hotline", "allowed_networks": "nowhere"})
    assert wrong.status_code == 422 and 'value="Hotline"' in wrong.text and "nowhere" in wrong.text
    sent = {"name": "Hotline", "scopes": ["credits:write"], "daily_cap_points": "5000"}
    page = browser.post("/admin/new-api-client", data=sent)
    assert page.headers["Cache-Control"] == "no-store"
    secret = re.search(r'value="(mall_live_[^"]+)"', page.text)[1]
    found = run(Login.BACKOFFICE, lambda tx: tx.scalars(select(ApiClient).where(ApiClient.name == "Hotline")).one())
    key = run(Login.BACKOFFICE, lambda tx: tx.scalars(select(ApiKey).where(ApiKey.client_id == found.id)).one())
    assert found.daily_cap_points == 5000
    path = f"/admin/api-clients/{found.id}"
    assert secret not in browser.get(path).text
    auth = {"Authorization": f"Bearer {secret}"}
    assert client.post("/api/v1/credit-events", json={}, headers=auth).status_code == 422
    browser.post(f"{path}/keys/{key.id}/revoke")
    assert client.post("/api/v1/credit-events", json={}, headers=auth).status_code == 401
    browser.post(f"{path}/disabled", data={"disabled": "1"})
    assert "Switched off" in browser.get(path).text


def test_members_are_found_with_figures_and_a_statement_without_sources(desk, make_member):
    member = make_member("zhang-san", "Zhang San")
    browser = desk("auditor")
    assert "Zhang San" in browser.get("/admin/members?q=zhang").text
    assert "Nobody found" in browser.get("/admin/members?q=nobody").text
    page = browser.get(f"/admin/members/{member.id}").text
    assert "Can be spent" in page and "sources are confidential" in page
    assert browser.get("/admin/members/mem_nobody").status_code == 404


def test_the_audit_trail_is_filtered_by_the_address(desk, make_staff):
    make_staff("catalog")
    browser = desk("auditor")
    assert "staff.created" in browser.get("/admin/audit?action=staff.*").text
    assert "staff.created" not in browser.get("/admin/audit?action=gift.*").text
    bad = browser.get("/admin/audit?from=yesterday&cursor=%00&limit=lots")
    assert bad.status_code == 200 and "Must be a date." in bad.text


def test_submitted_versions_stand_in_the_inbox(desk):
    browser = desk("rules")
    browser.post("/admin/rules/tip-outcome/drafts")
    assert "No version waits." in browser.get("/admin/approvals").text
    browser.post("/admin/rules/tip-outcome/versions/2/submit")
    page = desk("owner").get("/admin/approvals").text
    assert "Tip outcome · version 2" in page and "Waiting for approval" in page


@pytest.fixture
def ordered(client, run, make_member, make_staff, now):
    """``ordered(kind)``: the id of an order that a member has placed over the API."""
    member, owner, numbers = make_member(), make_staff("owner"), count(1)

    def credit(tx):
        with open_books(tx, [member.id], now) as books:
            books[member.id].credit(5000, expires_at=now + timedelta(days=90), occurred_at=now)

    run(Login.EARNING, credit)

    def post(path, person, **body):
        headers = {**person.auth, "Idempotency-Key": f"order-{next(numbers)}"}
        answer = client.post(f"/api/v1{path}", json=body, headers=headers)
        assert answer.status_code == 201, answer.json
        return answer.json["id"]

    def place(kind, **more):
        gift = post("/admin/gifts", owner, name={"zh": "台灯", "en": "Lamp"}, kind=kind, points=700, stock=9)
        return post("/orders", member, gift=gift, quantity=1, **more)

    return place


ADDRESS = {"name": "张三", "phone": "13800000000", "address": "海淀区某路 1 号"}


def test_an_order_is_taken_from_queue_to_queue_and_pressed_twice_moves_once(desk, ordered):
    order = ordered("delivery", delivery=ADDRESS)
    browser, path = desk("fulfilment"), f"/admin/orders/{order}"
    assert "Lamp" in browser.get("/admin/orders?status=confirmed").text
    page = browser.get(path).text
    assert "海淀区某路 1 号" in page and "700" not in page and "Begin to prepare" in page
    sent = {"to": "preparing", "_key": "one-press"}
    for _ in range(2):
        assert browser.post(f"{path}/advance", data=sent).headers["Location"] == path
    assert "Lamp" in browser.get("/admin/orders?status=preparing").text
    early = browser.post(f"{path}/advance", data={"to": "completed", "_key": "too-early"})
    assert early.status_code == 409 and "alert-danger" in early.text
    shipped = {"to": "shipped", "carrier": "SF", "tracking": "SF1234567890123", "_key": "ship"}
    browser.post(f"{path}/advance", data=shipped)
    page = browser.get(path).text
    assert "SF1234567890123" in page and "Complete" in page


def test_who_may_not_send_sees_no_address_and_no_step(desk, ordered):
    order = ordered("delivery", delivery=ADDRESS)
    for role, figures in (("catalog", True), ("auditor", True)):
        page = desk(role).get(f"/admin/orders/{order}").text
        assert "海淀区某路" not in page and "Begin to prepare" not in page
        assert ("700" in page) == figures


def test_an_order_is_cancelled_with_a_reason_and_the_points_come_back(desk, ordered, run):
    order = ordered("delivery", delivery=ADDRESS)
    browser, path = desk("fulfilment"), f"/admin/orders/{order}"
    silent = browser.post(f"{path}/advance", data={"to": "cancelled", "reason": " ", "_key": "silent"})
    assert "Say why: the member is told." in silent.text
    browser.post(f"{path}/advance", data={"to": "cancelled", "reason": "damaged", "_key": "cancel"})
    page = browser.get(path).text
    assert "Cancelled" in page and "damaged" in page
