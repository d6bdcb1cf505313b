"""Activities: kept by staff, signed up for within the places there are, attended once by a code that was just shown."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from mall.db import Login
from points.activities.attend import attend, code_key
from points.activities.codes import code_at, is_good, shown

ADMIN, URL = "/api/v1/admin/activities", "/api/v1/activities"
TABLES = ("activities", "participations", "ledger.postings", "sources.credit_events", "sources.awards")


@pytest.fixture
def staff(make_staff):
    return make_staff("rules")


@pytest.fixture
def plan(client, staff):
    """``plan(starts in hours, …)``: the id of a published activity of two hours."""

    def make(hours=0.0, **more):
        starts = datetime.now(UTC) + timedelta(hours=hours)
        body = {
            "title": {"zh": "清洁日", "en": "Clean-up"}, "place": "Park", "state": "published",
            "starts_at": starts.isoformat(), "ends_at": (starts + timedelta(hours=2)).isoformat(), **more,
        }  # fmt: skip
        answer = client.post(ADMIN, json=body, headers=staff.auth)
        assert answer.status_code == 201, answer.json
        return answer.json["id"]

    return make


@pytest.fixture
def code(client, staff):
    return lambda name: client.get(f"{ADMIN}/{name}/code", headers=staff.auth).json["code"]


@pytest.fixture
def stored(run):
    def read():
        return {
            name: sorted(map(str, run(Login.OWNER, lambda tx, n=name: tx.execute(text(f"SELECT * FROM {n}")).all())))
            for name in TABLES
        }

    return read


def there(client, who, name, code):
    return client.put(f"{URL}/{name}/attendance", json={"code": code}, headers=who.auth)


def test_a_code_is_good_for_two_minutes_however_it_is_typed(app):
    with app.app_context():
        mac, other, now = code_key("act_1"), code_key("act_2"), datetime(2026, 11, 24, 10, 0, 29, tzinfo=UTC)
    code = code_at(mac, now)
    assert len(code) == 8
    assert is_good(mac, shown(code).upper().replace("0", "O"), now)
    assert [is_good(mac, code, now + timedelta(seconds=late)) for late in (0, 60, 91, 92)] == [True, True, False, False]
    assert not is_good(mac, code, now - timedelta(seconds=30))
    assert not is_good(other, code, now)
    assert code_at(mac, now + timedelta(seconds=1)) != code


def test_being_there_pays_once_and_the_statement_says_why(client, plan, code, make_member, stored):
    name, member = plan(), make_member()
    assert there(client, member, name, code(name)).json == {"points": 10}
    before = stored()
    again = there(client, member, name, code(name))
    assert (again.status_code, again.json["code"]) == (409, "already_attended")
    assert stored() == before
    line = client.get("/api/v1/me/statement", headers=member.auth).json["items"][0]
    assert (line["points"], line["label"]) == (10, "activity")
    assert client.get(f"{URL}/{name}", headers=member.auth).json["attended"] is True


def test_twenty_at_once_are_one_attendance(app, run, plan, make_member, stored):
    name, member, now = plan(), make_member(), datetime.now(UTC)
    with app.app_context():
        good = code_at(code_key(name), now)
    results = []

    def go():
        try:
            results.append(run(Login.EARNING, lambda tx: attend(tx, member.id, name, good, now)))
        except Exception as error:
            results.append(error.code)

    threads = [threading.Thread(target=go) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, results)) == ["10", *["already_attended"] * 19]
    assert len(stored()["ledger.postings"]) == 1


def test_wrong_codes_are_refused_and_five_of_them_are_too_many(client, plan, code, make_member, stored):
    name, other, member = plan(), plan(), make_member()
    before = stored()
    wrong = ["zzzzzzzz", code(other), "1", "zzzz-zzzz", "zzzzzzzy"]
    answers = [there(client, member, name, one) for one in wrong]
    assert [(one.status_code, one.json["code"]) for one in answers] == [(404, "attendance_code_not_good")] * 5
    late = there(client, member, name, code(name))
    assert (late.status_code, late.json["code"]) == (429, "too_many_misses")
    assert stored() == before


@pytest.mark.parametrize("hours", [1.0, -3.0])
def test_the_code_is_taken_only_while_it_is_on(client, plan, code, make_member, stored, hours):
    name, member = plan(hours), make_member()
    before = stored()
    answer = there(client, member, name, code(name))
    assert (answer.status_code, answer.json["code"]) == (409, "activity_not_on")
    assert stored() == before


def test_places_are_given_to_the_first_and_given_back(client, plan, code, make_member):
    name, first, second = plan(capacity=1, sign_up_needed=True), make_member(), make_member()

    def ask(who, method="put"):
        return getattr(client, method)(f"{URL}/{name}/sign-up", headers=who.auth)

    assert [ask(first).json["signed_up"], ask(first).json["places_left"]] == [True, 0]
    full = ask(second)
    assert (full.status_code, full.json["code"]) == (409, "activity_full")
    refused = there(client, second, name, code(name))
    assert (refused.status_code, refused.json["code"]) == (409, "sign_up_needed")
    assert ask(first, "delete").json["places_left"] == 1
    assert ask(second).json["signed_up"] is True
    assert there(client, second, name, code(name)).json == {"points": 10}
    assert ask(second, "delete").json["code"] == "already_attended"


def test_staff_mark_somebody_by_hand_with_a_reason_that_is_kept(client, plan, staff, make_member, make_staff, run):
    name, member, url = plan(-3.0), make_member(), f"{ADMIN}/{{}}/attendance"
    body = {"member": member.id, "reason": "The phone was empty"}
    assert client.put(url.format(name), json=body, headers=make_staff("catalog").auth).status_code == 403
    assert client.put(url.format(name), json=body, headers=staff.auth).json == {"points": 10}
    assert client.put(url.format(name), json=body, headers=staff.auth).json["code"] == "already_attended"
    (row,) = client.get(f"{ADMIN}/{name}/participants", headers=staff.auth).json["items"]
    assert (row["member"], row["marked_by"] is not None) == (member.id, True)
    kept = run(Login.OWNER, lambda tx: tx.execute(
        text("SELECT detail ->> 'reason' FROM audit_entries WHERE action = 'activity.marked'")
    ).scalars().all())  # fmt: skip
    assert kept == ["The phone was empty"]


def test_two_editors_of_one_activity_and_what_was_called_off(client, plan, staff, make_member, code, stored):
    name, member, url = plan(), make_member(), ADMIN
    assert client.patch(f"{url}/{name}", json={"version": 1, "capacity": 5}, headers=staff.auth).json["version"] == 2
    before = stored()
    for body, wanted in (
        ({"version": 1, "capacity": 9}, (409, "changed_meanwhile")),
        ({"version": 2, "state": "draft"}, (422, "invalid_fields")),
        ({"version": 2, "ends_at": "2020-01-01T00:00:00Z"}, (422, "invalid_fields")),
    ):  # fmt: skip
        answer = client.patch(f"{url}/{name}", json=body, headers=staff.auth)
        assert (answer.status_code, answer.json["code"]) == wanted
    assert stored() == before
    off = client.patch(f"{url}/{name}", json={"version": 2, "state": "cancelled"}, headers=staff.auth)
    assert off.json["phase"] == "cancelled"
    assert there(client, member, name, code(name)).json["code"] == "activity_not_on"
    assert client.put(f"{URL}/{name}/sign-up", headers=member.auth).json["code"] == "activity_closed"


def test_drafts_are_nobodys_business_and_leaving_forgets_where_somebody_was(client, plan, code, make_member, stored):
    draft, name, member = plan(state="draft"), plan(), make_member()
    assert client.get(f"{URL}/{draft}").status_code == 404
    assert [one["id"] for one in client.get(URL).json["items"]] == [name]
    there(client, member, name, code(name))
    exported = client.get("/api/v1/me/export", headers=member.auth).json
    assert [one["activity"] for one in exported["activities"]] == [name]
    assert client.delete("/api/v1/me", headers=member.auth).status_code in (200, 204)
    assert stored()["participations"] == []
