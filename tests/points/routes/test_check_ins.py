"""The calendar of check-ins, make-up cards and the reminder, over the API and on the page."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from mall.clock import local_date
from mall.db import Login
from points.earning.book_events import mall_zone

pytestmark = pytest.mark.usefixtures("unguarded")
URL = "/api/v1/me/check-ins"


@pytest.fixture
def member(make_member):
    return make_member()


@pytest.fixture
def today(app, now):
    with app.app_context():
        return local_date(now, mall_zone())


@pytest.fixture
def cards(run, member):
    def give(count):
        add = text(
            "INSERT INTO make_up_cards (id, member_id, origin, reason, given_by, created_at) "
            "VALUES (:id, :member, 'staff', 'test', 'staff:stf_1', now())"
        )
        joined = text("UPDATE members SET created_at = created_at - interval '90 days' WHERE id = :member")
        run(Login.OWNER, lambda tx: tx.execute(joined, {"member": member.id}))
        for number in range(count):
            values = {"id": f"muc_{number}", "member": member.id}
            run(Login.OWNER, lambda tx, values=values: tx.execute(add, values))

    return give


def post(client, path, member, key, body=None):
    headers = {**member.auth, "Idempotency-Key": key}
    return client.post(f"/api/v1/me/{path}", json=body, headers=headers)


def test_a_missed_day_is_made_up_for_once_however_often_it_is_asked(client, member, cards, today):
    cards(2)
    wanted = {"date": (today - timedelta(days=2)).isoformat()}
    answer = post(client, "check-ins/repairs", member, "one", wanted)
    assert answer.status_code == 201
    assert answer.json == {**wanted, "streak": 1, "points": 0, "cards_earned": 0, "cards_left": 1}
    assert post(client, "check-ins/repairs", member, "one", wanted).json == answer.json
    again = post(client, "check-ins/repairs", member, "two", wanted)
    assert (again.status_code, again.json["code"]) == (409, "day_checked_in")
    shown = client.get(f"{URL}?month={wanted['date'][:7]}", headers=member.auth).json
    assert shown["cards"] == {
        "unused": 1, "price_points": 50, "most": 3, "repair_days": 7, "earned_every_days": 30,
    }  # fmt: skip
    (day,) = [one for one in shown["days"] if one["date"] == wanted["date"]]
    assert day == {**wanted, "state": "repaired", "points": 0, "streak": 1, "repairable": False}


@pytest.mark.parametrize("month", ["2026-13", "2026-1", "1999-12", "9999-12", "2026-11-01", "٢٠٢٦-11", ""])
def test_what_is_no_month_is_refused(client, member, month):
    answer = client.get(f"{URL}?month={month}", headers=member.auth)
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["month"])


def test_a_card_is_not_bought_without_points_nor_by_a_suspended_member(client, member, run):
    answer = post(client, "make-up-cards", member, "one")
    assert (answer.status_code, answer.json["code"], answer.json["missing"]) == (409, "insufficient_points", 50)
    suspend = text("UPDATE members SET status = 'suspended' WHERE id = :id")
    run(Login.OWNER, lambda tx: tx.execute(suspend, {"id": member.id}))
    assert post(client, "make-up-cards", member, "two").status_code == 403
    assert client.get(URL, headers=member.auth).json["cards"]["unused"] == 0


def test_the_page_asks_first_and_then_makes_up_for_the_day(client, member, cards, today):
    cards(1)
    day = (today - timedelta(days=1)).isoformat()
    asked = client.get(f"/check-in?month={day[:7]}&day={day}", headers=member.auth).text
    assert 'id="mend"' in asked and f'value="{day}"' in asked
    for _press in range(2):
        form = {"_key": "one", "day": day}
        answer = client.post("/check-in/repair", data=form, headers=member.auth)
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/check-in?month={day[:7]}")
    shown = client.get(URL, headers=member.auth).json
    assert (shown["cards"]["unused"], shown["streak"]) == (0, 1)


@pytest.mark.parametrize(
    "query", ["", "?month=nonsense", "?month=2000-01", "?day=tomorrow", "?month=2100-12&day=2026-01-01"]
)
def test_the_page_opens_whatever_is_asked(client, member, query):
    page = client.get(f"/check-in{query}", headers=member.auth)
    assert page.status_code == 200 and 'id="mend"' not in page.text


@pytest.mark.parametrize("day", ["", "tomorrow", "2026-02-30", "9999-12-31"])
def test_a_form_with_a_bad_day_uses_no_card(client, member, cards, day):
    cards(1)
    answer = client.post("/check-in/repair", data={"_key": "one", "day": day}, headers=member.auth)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/check-in")
    assert client.get(URL, headers=member.auth).json["cards"]["unused"] == 1


def test_the_reminder_is_switched_on_and_off(client, member):
    hour = lambda: client.get(URL, headers=member.auth).json["reminder_hour"]  # noqa: E731
    assert hour() is None
    client.post("/check-in/reminder", data={"hour": "20"}, headers=member.auth)
    assert hour() == 20
    assert client.put("/api/v1/me/check-in-reminder", json={"hour": 7}, headers=member.auth).status_code == 204
    assert hour() == 7
    assert client.put("/api/v1/me/check-in-reminder", json={"hour": 24}, headers=member.auth).status_code == 422
    assert hour() == 7
    client.post("/check-in/reminder", data={"hour": ""}, headers=member.auth)
    assert hour() is None
