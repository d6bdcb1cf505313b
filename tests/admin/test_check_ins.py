"""Check-ins as staff rule them, over the API and in the back office."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from mall.audit import AuditEntry
from mall.clock import local_date
from mall.db import Login
from points.checkin.check_in import check_in
from points.checkin.models import CheckIn
from points.earning.book_events import mall_zone

pytestmark = pytest.mark.usefixtures("unguarded")
SETTINGS, DAYS = "/api/v1/admin/check-in-settings", "/api/v1/admin/days-off"
FRESH = {
    "card_price_points": 50, "repair_days": 7, "most_cards": 3, "card_every_days": 30, "repaired_day_pays": False,
}  # fmt: skip


@pytest.fixture
def editor(make_staff):
    return make_staff("rules")


@pytest.fixture
def today(app, now):
    with app.app_context():
        return local_date(now, mall_zone())


@pytest.fixture
def deeds(run):
    query = select(AuditEntry.action, AuditEntry.detail).order_by(AuditEntry.id)
    names = ("check_in_settings.changed", "day_off.added", "day_off.removed", "make_up_cards.given")
    return lambda: [tuple(row) for row in run(Login.BACKOFFICE, lambda tx: tx.execute(query)) if row[0] in names]


def test_the_price_and_what_cards_do_are_changed_with_a_trace(client, editor, deeds):
    assert client.get(SETTINGS, headers=editor.auth).json == FRESH
    answer = client.patch(SETTINGS, json={"card_price_points": 80, "repair_days": 3}, headers=editor.auth)
    assert answer.json == {**FRESH, "card_price_points": 80, "repair_days": 3}
    assert client.patch(SETTINGS, json={"card_price_points": None}, headers=editor.auth).status_code == 200
    assert deeds() == [
        ("check_in_settings.changed", {"card_price_points": [50, 80], "repair_days": [7, 3]}),
        ("check_in_settings.changed", {"card_price_points": [80, None]}),
    ]


@pytest.mark.parametrize(
    "body", [{"card_price_points": 0}, {"repair_days": 32}, {"most_cards": None}, {"card_every_days": 0}, {"price": 1}]
)
def test_a_bad_setting_changes_nothing(client, editor, deeds, body):
    assert client.patch(SETTINGS, json=body, headers=editor.auth).status_code == 422
    assert client.get(SETTINGS, headers=editor.auth).json == FRESH
    assert deeds() == []


def test_others_may_not_and_an_auditor_only_looks(client, make_staff, make_member, today):
    auditor, desk, member = make_staff("auditor"), make_staff("fulfilment"), make_member()
    day = {"date": today.isoformat(), "reason": "update"}
    assert client.get(SETTINGS, headers=auditor.auth).status_code == 200
    for person in (auditor, desk, member):
        assert client.patch(SETTINGS, json={}, headers=person.auth).status_code in (401, 403)
        assert client.post(DAYS, json=day, headers=person.auth).status_code in (401, 403)


def test_a_day_listed_afterwards_joins_the_streaks_it_had_broken(client, editor, make_member, run, now, today, deeds):
    """Three runs: before the outage, after it, and after a day that was missed for no good reason."""
    broken, other = make_member().id, make_member().id
    for ago in (9, 8, 6, 5, 3):
        run(Login.EARNING, lambda tx, ago=ago: check_in(tx, broken, now - timedelta(days=ago)))
    for ago in (9, 7, 6):
        run(Login.EARNING, lambda tx, ago=ago: check_in(tx, other, now - timedelta(days=ago)))
    outage = (today - timedelta(days=7)).isoformat()
    wanted = {"date": outage, "reason": "the database moved"}
    made = client.post(DAYS, json=wanted, headers=editor.auth)
    assert (made.status_code, made.json["date"]) == (201, outage)
    streaks = select(CheckIn.member_id, CheckIn.streak).order_by(CheckIn.member_id, CheckIn.day)
    found: dict[str, list[int]] = {}
    for member, streak in run(Login.BACKOFFICE, lambda tx: tx.execute(streaks).all()):
        found.setdefault(member, []).append(streak)
    assert found == {broken: [1, 2, 3, 4, 1], other: [1, 1, 2]}
    again = client.post(DAYS, json=wanted, headers=editor.auth)
    assert (again.status_code, again.json["code"]) == (409, "day_off_exists")
    kept = client.delete(f"{DAYS}/{outage}", headers=editor.auth)
    assert (kept.status_code, kept.json["code"]) == (409, "day_is_past")
    assert deeds() == [("day_off.added", {"reason": "the database moved"})]


@pytest.mark.parametrize("days", [-32, 367])
def test_a_day_too_far_away_is_refused(client, editor, today, days, deeds):
    body = {"date": (today + timedelta(days=days)).isoformat(), "reason": "update"}
    answer = client.post(DAYS, json=body, headers=editor.auth)
    assert (answer.status_code, list(answer.json["errors"]), deeds()) == (422, ["date"], [])


def test_a_day_ahead_is_listed_and_taken_off_again(client, editor, today):
    day = (today + timedelta(days=2)).isoformat()
    client.post(DAYS, json={"date": day, "reason": "update"}, headers=editor.auth)
    assert [one["date"] for one in client.get(DAYS, headers=editor.auth).json["items"]] == [day]
    assert client.delete(f"{DAYS}/{day}", headers=editor.auth).status_code == 204
    for path in (day, "tomorrow", "2026-13-01"):
        assert client.delete(f"{DAYS}/{path}", headers=editor.auth).status_code == 404


def test_cards_are_given_once_for_a_key_with_a_reason(client, editor, make_member, run, deeds):
    member = make_member()
    path, headers = f"/api/v1/admin/members/{member.id}/make-up-cards", {**editor.auth, "Idempotency-Key": "k"}
    for body in ({"count": 11, "reason": "x"}, {"count": 1, "reason": " "}, {"count": 1}):
        assert client.post(path, json=body, headers={**headers, "Idempotency-Key": "bad"}).status_code == 422
    for _time in range(2):
        assert len(client.post(path, json={"count": 2, "reason": "outage"}, headers=headers).json["cards"]) == 2
    count = text("SELECT count(*) FROM make_up_cards WHERE member_id = :id AND origin = 'staff'")
    assert run(Login.BACKOFFICE, lambda tx: tx.scalar(count, {"id": member.id})) == 2
    assert [(action, detail["count"], detail["reason"]) for action, detail in deeds()] == [
        ("make_up_cards.given", 2, "outage")
    ]


def test_the_page_of_the_back_office_sets_lists_and_gives(client, editor, make_member, today):
    form = {"card_price_points": "1,200", "repair_days": "7", "most_cards": "3", "card_every_days": ""}
    assert client.post("/admin/check-ins/settings", data=form, headers=editor.auth).status_code == 303
    changed = {**FRESH, "card_price_points": 1200, "card_every_days": None}
    assert client.get(SETTINGS, headers=editor.auth).json == changed
    wrong = client.post("/admin/check-ins/settings", data={**form, "repair_days": "x"}, headers=editor.auth)
    assert wrong.status_code == 422 and 'value="x"' in wrong.text
    for data, status in (({"date": "x", "reason": "update"}, 422), ({"date": f"{today}", "reason": "update"}, 303)):
        assert client.post("/admin/check-ins/days", data=data, headers=editor.auth).status_code == status
    assert "update" in client.get("/admin/check-ins", headers=editor.auth).text
    assert client.post(f"/admin/check-ins/days/{today}/remove", headers=editor.auth).status_code == 303
    assert client.get(DAYS, headers=editor.auth).json["items"] == []
    member = make_member()
    given = {"_key": "one", "count": "2", "reason": "outage"}
    answer = client.post(f"/admin/members/{member.id}/make-up-cards", data=given, headers=editor.auth)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/admin/members/{member.id}")
    assert client.get("/api/v1/me/check-ins", headers=member.auth).json["cards"]["unused"] == 2
