"""Drops in the back office, as a browser gets them."""

from __future__ import annotations

from datetime import timedelta

from tests.catalog.queue.halls import TEN, Hall

TERMS = {
    "pieces": "5", "at": "10:00", "reserve": "50", "first_day": "2098-01-01", "last_day": "", "waiting_minutes": "",
    "turn_seconds": "180", "weekdays": ["1", "5"], "reserve_seen": "50",
}  # fmt: skip


def test_a_drop_is_planned_changed_called_off_and_let_run_again(shop, desk):
    browser, gift = desk("catalog"), shop.gift(100, stock=0)
    assert f'value="{gift}"' in browser.get("/admin/drops").text
    bad = browser.post("/admin/drops", data={**TERMS, "item": gift, "last_day": "2097-01-01"})
    assert (bad.status_code, shop.sql("SELECT count(*) FROM drops")) == (422, 0)
    assert "Lies before the first day." in bad.text and 'value="2097-01-01"' in bad.text
    made = browser.post("/admin/drops", data={**TERMS, "item": gift})
    assert made.status_code == 303
    assert "Monday, Friday" in browser.get("/admin/drops").text
    twice = browser.post("/admin/drops", data={**TERMS, "item": gift})
    assert (twice.status_code, shop.sql("SELECT count(*) FROM drops")) == (409, 1)
    shop.write("UPDATE drops SET reserve = 45")  # a release
    stale = browser.post(made.location, data={**TERMS, "reserve": "60", "reserve_seen": "50"})
    assert (stale.status_code, shop.sql("SELECT reserve FROM drops")) == (409, 45)
    assert browser.post(made.location, data={**TERMS, "reserve_seen": "50"}).status_code == 303
    assert shop.sql("SELECT reserve FROM drops") == 45
    assert browser.post(made.location, data={**TERMS, "pieces": "0"}).status_code == 422
    assert browser.post(made.location, data={**TERMS, "pieces": "7", "waiting_minutes": "10"}).status_code == 303
    assert shop.sql("SELECT pieces || '/' || waiting_minutes FROM drops") == "7/10"
    assert browser.post(f"{made.location}/call-off").status_code == 303
    assert "Called off" in browser.get(made.location).text
    assert browser.post(made.location, data={**TERMS, "again": "1"}).status_code == 303
    assert shop.sql("SELECT active AND waiting_minutes IS NULL FROM drops") is True
    assert desk("auditor").post(f"{made.location}/call-off").status_code == 403


def test_a_drop_of_a_variant_is_planned_for_the_variant(shop, desk):
    gift = shop.gift(100, stock=0)
    variant = shop.post(f"/admin/gifts/{gift}/variants", shop.owner, {"name": {"zh": "红"}, "stock": 0}).json["id"]
    made = desk("catalog").post("/admin/drops", data={**TERMS, "item": f"{gift}/{variant}"})
    assert (made.status_code, shop.sql("SELECT item_id FROM drops")) == (303, variant)


def test_the_page_tells_how_the_room_stands_and_calls_it_off_before_the_release(shop, desk):
    hall = Hall(shop)
    try:
        people, browser = hall.members(3), desk("catalog")
        for member in people:
            assert hall.join(member).status_code in (200, 201)
        page = browser.get(f"/admin/drops/{hall.drop}").text
        assert "Waits for the release" in page and '<td class="num">3</td>' in page
        assert browser.post(f"/admin/drops/{hall.drop}/call-off").status_code == 303
        assert shop.sql("SELECT ended FROM queue_rooms") == "called_off"
        hall.at(TEN + timedelta(seconds=5))
        assert (shop.stock(hall.gift), shop.sql("SELECT count(*) FROM queue_tickets WHERE state = 'turn'")) == (0, 0)
    finally:
        hall.clock.stop()
