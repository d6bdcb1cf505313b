"""A member's address book, over HTTP and on its pages."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from catalog.addresses.book import MOST
from mall.db import Login

HOME = {"name": "李梅", "phone": "13800138000", "address": "海淀区中关村大街 1 号"}
WORK = {"name": "Li Mei", "phone": "010-6255 0000", "address": "Room 5, Zhongguancun"}


def add(shop, who, **fields):
    return shop.post("/me/addresses", who, {**HOME, **fields})


def listed(shop, who):
    return shop.get("/me/addresses", who).json["items"]


def test_the_first_address_is_the_default_and_another_can_take_its_place(shop):
    member = shop.member()
    first = add(shop, member)
    assert first.status_code == 201 and first.json == {**HOME, "id": first.json["id"], "is_default": True}
    second = add(shop, member, **WORK).json
    assert second["is_default"] is False
    assert shop.post(f"/me/addresses/{second['id']}", member, {"is_default": True}, method="PATCH").json["is_default"]
    assert [(one["name"], one["is_default"]) for one in listed(shop, member)] == [("Li Mei", True), ("李梅", False)]


def test_an_address_can_be_changed_in_part_and_deleted(shop):
    member = shop.member()
    first, second = add(shop, member).json, add(shop, member, **WORK).json
    changed = shop.post(f"/me/addresses/{first['id']}", member, {"phone": "１３９00139000"}, method="PATCH")
    assert changed.json == {**first, "phone": "13900139000"}
    assert shop.post(f"/me/addresses/{first['id']}", member, method="DELETE").status_code == 204
    assert listed(shop, member) == [{**second, "is_default": True}]
    assert shop.post(f"/me/addresses/{first['id']}", member, method="DELETE").status_code == 404


def test_the_same_address_again_is_kept_once(shop):
    member = shop.member()
    first = add(shop, member).json
    assert add(shop, member).json == first
    assert len(listed(shop, member)) == 1


def test_a_book_holds_twenty_addresses(shop):
    member = shop.member()
    for number in range(MOST):
        assert add(shop, member, address=f"Street {number:03}").status_code == 201
    full = add(shop, member, address="One too many")
    assert full.status_code == 409 and full.json["code"] == "address_book_full"
    assert len(listed(shop, member)) == 20


def test_many_at_once_leave_one_default_and_no_more_than_twenty(shop):
    member = shop.member()
    for number in range(MOST - 2):
        add(shop, member, address=f"Street {number:03}")
    calls = [lambda n=n: add(shop, member, address=f"Late {n}", is_default=True).status_code for n in range(6)]
    assert sorted(shop.at_once(calls)) == [201, 201, 409, 409, 409, 409]
    assert shop.sql("SELECT count(*) FROM member_addresses WHERE is_default") == 1


def test_somebody_elses_address_is_not_there(shop):
    owner, stranger = shop.member(), shop.member(1000)
    saved = add(shop, owner).json["id"]
    assert listed(shop, stranger) == []
    for method, body in (("PATCH", {"name": "X"}), ("DELETE", None)):
        assert shop.post(f"/me/addresses/{saved}", stranger, body, method=method).status_code == 404
    gift = shop.gift(kind="delivery")
    before = shop.snapshot()
    order = shop.order(stranger, gift, address=saved)
    assert order.status_code == 404 and list(order.json["errors"]) == ["address"]
    assert shop.snapshot() == before and listed(shop, owner)[0]["id"] == saved


def test_an_order_takes_a_copy_of_a_saved_address(shop):
    member, gift = shop.member(1000), shop.gift(kind="delivery")
    saved = add(shop, member).json["id"]
    both = shop.order(member, gift, address=saved, delivery=WORK)
    assert both.status_code == 422 and list(both.json["errors"]) == ["address"]
    order = shop.order(member, gift, address=saved).json
    shop.post(f"/me/addresses/{saved}", member, method="DELETE")
    assert shop.get(f"/orders/{order['id']}", member).json["delivery"] == HOME


def test_a_session_that_came_by_a_link_sees_no_address(shop, run):
    member, gift = shop.member(1000), shop.gift(kind="delivery")
    saved = add(shop, member).json["id"]
    run(Login.OWNER, lambda tx: tx.execute(text("UPDATE login_sessions SET restricted = true")))
    for answer in (
        shop.get("/me/addresses", member), add(shop, member, **WORK), shop.order(member, gift, address=saved),
        shop.post(f"/me/addresses/{saved}", member, {"name": "X"}, method="PATCH"),
        shop.post(f"/me/addresses/{saved}", member, method="DELETE"),
    ):  # fmt: skip
        assert answer.status_code == 403 and answer.json["code"] == "credential_required"
    assert shop.sql("SELECT count(*) FROM member_addresses") == 1 and shop.sql("SELECT count(*) FROM orders") == 0


def test_addresses_are_encrypted_and_no_other_login_reads_them(shop, run):
    add(shop, shop.member())
    assert shop.sql("SELECT count(*) FROM member_addresses AS t WHERE t::text LIKE '%李梅%'") == 0
    for login in (Login.BACKOFFICE, Login.EARNING):
        with pytest.raises(Exception, match="permission denied"):
            run(login, lambda tx: tx.execute(text("SELECT * FROM member_addresses")))


def test_the_book_is_in_the_export_and_goes_with_its_member(shop):
    member = shop.member()
    saved = add(shop, member).json
    assert shop.get("/me/export", member).json["addresses"] == [saved]
    assert shop.post("/me", member, method="DELETE").status_code == 204
    assert shop.sql("SELECT count(*) FROM member_addresses") == 0


@pytest.mark.parametrize(
    ("field", "value"), [("name", ""), ("phone", "no phone"), ("phone", "1"), ("address", "x"), ("name", "a\nb")]
)
def test_what_is_no_address_is_refused(shop, field, value):
    member = shop.member()
    answer = add(shop, member, **{field: value})
    assert answer.status_code == 422 and list(answer.json["errors"]) == [field]
    assert listed(shop, member) == []


class Browser:
    """A member's browser, without scripts."""

    def __init__(self, app, who):
        self.client = app.test_client()
        token = who.auth["Authorization"].removeprefix("Bearer ")
        with self.client.session_transaction() as session:
            session["token"] = token

    def get(self, path):
        return self.client.get(path, headers={"Accept-Language": "en"})

    def post(self, path, **form):
        return self.client.post(path, data=form, headers={"Accept-Language": "en"})


@pytest.fixture
def browser(shop, run, app, unguarded):
    member = shop.member(1000)
    run(
        Login.OWNER,
        lambda tx: tx.execute(text("UPDATE login_sessions SET kind = 'browser' WHERE member_id IS NOT NULL")),
    )
    return Browser(app, member)


def test_the_page_adds_changes_and_deletes(shop, browser):
    assert browser.post("/me/addresses", **HOME).status_code == 303
    page = browser.get("/me/addresses").text
    assert "海淀区中关村大街 1 号" in page and "Default" in page
    saved = shop.sql("SELECT id FROM member_addresses")
    assert 'value="李梅"' in browser.get(f"/me/addresses/{saved}").text
    assert browser.post(f"/me/addresses/{saved}", **WORK).status_code == 303
    assert "Room 5, Zhongguancun" in browser.get("/me/addresses").text
    wrong = browser.post(f"/me/addresses/{saved}", **{**WORK, "phone": "x"})
    assert wrong.status_code == 422 and "Is too short." in wrong.text
    again = browser.post("/me/addresses", name="A", phone="12", address="Some street")
    assert again.status_code == 422 and 'value="Some street"' in again.text
    assert browser.post(f"/me/addresses/{saved}/delete").status_code == 303
    assert shop.sql("SELECT count(*) FROM member_addresses") == 0


def test_a_saved_address_is_chosen_at_redeeming_without_a_script(shop, browser):
    browser.post("/me/addresses", **HOME)
    saved, gift = shop.sql("SELECT id FROM member_addresses"), shop.gift(kind="delivery")
    page = browser.get(f"/gifts/{gift}/redeem").text
    assert f'value="{saved}" checked' in page and "Another address" in page
    empty = {"name": "", "phone": "", "address": ""}
    placed = browser.post(f"/gifts/{gift}/redeem", _key="one", quantity="1", address_id=saved, **empty)
    assert placed.status_code == 303
    assert HOME["address"] in browser.get(placed.location).text
    other = browser.post(f"/gifts/{gift}/redeem", _key="two", quantity="1", address_id="", keep="1", **WORK)
    assert WORK["address"] in browser.get(other.location).text
    assert shop.sql("SELECT count(*) FROM member_addresses") == 2


def test_a_form_filled_in_wrongly_comes_back_as_it_was(shop, browser):
    browser.post("/me/addresses", **HOME)
    gift = shop.gift(kind="delivery")
    again = browser.post(f"/gifts/{gift}/redeem", _key="k", quantity="1", address_id="", **{**WORK, "phone": "x"})
    assert again.status_code == 422 and 'value="Room 5, Zhongguancun"' in again.text
    assert shop.sql("SELECT count(*) FROM orders") == 0


def test_the_page_asks_a_session_that_came_by_a_link_for_the_password_first(shop, run, browser):
    browser.post("/me/addresses", **HOME)
    run(Login.OWNER, lambda tx: tx.execute(text("UPDATE login_sessions SET restricted = true")))
    away = browser.get("/me/addresses")
    assert away.status_code == 303 and away.location.startswith("/me/confirm")
    page = browser.get(f"/gifts/{shop.gift(kind='delivery')}/redeem").text
    assert HOME["address"] not in page and 'name="address_id"' not in page
