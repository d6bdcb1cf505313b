"""Categories, tags, causes and pickup points in the back office."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(("kind", "table"), [("category", "categories"), ("tag", "tags")])
def test_a_heading_is_made_renamed_moved_and_taken_away(shop, desk, kind, table):
    browser, new = desk("catalog"), f"/admin/new-shelf/{kind}"
    bad = browser.post(new, data={"name.zh": "x" * 41, "position": "3"})
    assert (bad.status_code, shop.sql(f"SELECT count(*) FROM {table}")) == (422, 0)
    assert 'id="f-name-zh-help"' in bad.text and 'value="3"' in bad.text
    assert browser.post(new, data={"name.zh": "家居", "name.en": "Home", "code": "home"}).status_code == 303
    assert browser.post(new, data={"name.zh": "又一个", "code": "home"}).status_code == 409
    row = shop.sql(f"SELECT id FROM {table}")
    here = f"/admin/shelves/{kind}/{row}"
    assert ">Home</a>" in browser.get("/admin/shelves").text
    data = {"name.zh": "厨房", "name.en": "Kitchen", "code": "home", "position": "7"}
    assert browser.post(here, data=data).status_code == 303
    assert shop.sql(f"SELECT (name->>'en') || position FROM {table}") == "Kitchen7"
    body = {"category": row} if kind == "category" else {"tags": [row]}
    gift = shop.gift(10, **body)
    assert browser.post(f"{here}/delete").status_code == 303
    left = shop.sql(f"SELECT count(*) FROM {table}")
    assert left == (1 if kind == "category" else 0)
    assert shop.sql("SELECT cardinality(tag_ids) FROM gifts WHERE id = :id", id=gift) == 0
    assert desk("auditor").post(here, data=data).status_code == 403


def test_a_cause_is_made_given_to_and_ended(shop, desk):
    browser = desk("catalog")
    bad = browser.post("/admin/new-cause", data={"name.zh": "树", "goal_points": "many", "active": "1"})
    assert (bad.status_code, shop.sql("SELECT count(*) FROM causes")) == (422, 0)
    assert 'value="many"' in bad.text
    made = browser.post("/admin/new-cause", data={"name.zh": "树", "goal_points": "1000", "active": "1"})
    assert made.status_code == 303
    cause = made.location.rsplit("/", 1)[1]
    gift, member = shop.gift(250, kind="donation", cause=cause), shop.member(300)
    assert shop.order(member, gift).status_code == 201
    assert "25 %" in browser.get("/admin/causes").text
    assert browser.post(made.location, data={"name.zh": "树", "goal_points": ""}).status_code == 303
    assert shop.sql("SELECT goal_points IS NULL AND NOT active FROM causes") is True


def test_hours_of_a_pickup_point_are_typed_as_people_write_them(shop, desk):
    browser = desk("catalog")
    data = {
        "name.zh": "服务站",
        "address.zh": "一号",
        "mon": "9:00–12:00，13:00-18:00",
        "exceptions": "2098-10-01 closed",
    }
    bad = browser.post("/admin/new-pickup-point", data=data)
    assert (bad.status_code, shop.sql("SELECT count(*) FROM pickup_points WHERE name->>'zh' = '服务站'")) == (422, 0)
    assert 'id="f-exceptions-help"' in bad.text and "9:00–12:00" in bad.text
    wrong = browser.post("/admin/new-pickup-point", data={**data, "exceptions": "", "mon": "18:00-09:00"})
    assert 'id="f-mon-help"' in wrong.text
    data["exceptions"] = "2098-10-01\r\n2098-10-08: 10:00-16:00"
    assert browser.post("/admin/new-pickup-point", data=data).status_code == 303
    point = shop.sql("SELECT id FROM pickup_points WHERE name->>'zh' = '服务站'")
    kept = shop.sql("SELECT opening FROM pickup_points WHERE id = :id", id=point)
    assert kept["week"][0] == [["09:00", "12:00"], ["13:00", "18:00"]]
    assert kept["except"] == {"2098-10-01": [], "2098-10-08": [["10:00", "16:00"]]}
    here = f"/admin/pickup-points/{point}"
    form = browser.get(here).text
    assert 'value="09:00-12:00, 13:00-18:00"' in form and "2098-10-08 10:00-16:00" in form
    again = {**data, "mon": "", "exceptions": "", "active": "1"}
    assert browser.post(here, data=again).status_code == 303
    assert shop.sql("SELECT opening IS NULL AND active FROM pickup_points WHERE id = :id", id=point) is True
    assert browser.get(here).status_code == 200
    assert desk("fulfilment").get(here).status_code == 200
