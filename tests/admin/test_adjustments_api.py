"""Adjustments and write-offs: two persons, a reason, never for oneself."""

from __future__ import annotations

import threading
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from mall.db import Login

URL = "/api/v1/admin/adjustments"
_numbers = count(1)


class Office:
    """Two of the rules role, and a member."""

    def __init__(self, client: FlaskClient, make_staff: Callable[..., Any], make_member: Callable[..., Any]) -> None:
        self.client, self.member = client, make_member()
        self.first, self.second = make_staff("rules"), make_staff("rules")

    def post(self, who: Any, path: str = "", body: Any = None, base: str = URL) -> Any:
        headers = {**who.auth, "Idempotency-Key": f"key-{next(_numbers)}"}
        return self.client.post(f"{base}{path}", json=body, headers=headers)

    def ask(self, points: int, reason: str = "goodwill", kind: str = "adjustments", **more: Any) -> Any:
        body = {"member": more.pop("member", self.member.id), "points": points, "reason": reason, **more}
        return self.post(more.pop("who", self.first), "", body, f"/api/v1/admin/{kind}")

    def done(self, points: int, kind: str = "adjustments") -> Any:
        return self.post(self.second, f"/{self.ask(points, kind=kind).json['id']}/approve")

    def figures(self) -> tuple[int, int]:
        found = self.client.get("/api/v1/me/balance", headers=self.member.auth).json
        return found["available"], found["debt"]


@pytest.fixture
def office(client: FlaskClient, make_staff: Callable[..., Any], make_member: Callable[..., Any]) -> Office:
    """Somebody to ask and somebody to approve."""
    return Office(client, make_staff, make_member)


def test_points_come_when_another_person_approves_and_not_before(office: Office, run: Callable[..., Any]) -> None:
    asked = office.ask(50, note="rain at the fair")
    assert (asked.status_code, asked.json["state"], office.figures()) == (201, "requested", (0, 0))
    own = office.post(office.first, f"/{asked.json['id']}/approve")
    assert (own.status_code, own.json["code"], office.figures()) == (409, "own_request", (0, 0))
    done = office.post(office.second, f"/{asked.json['id']}/approve")
    assert (done.status_code, done.json["state"], office.figures()) == (200, "approved", (50, 0))
    again = office.post(office.second, f"/{asked.json['id']}/approve")
    assert (again.status_code, again.json["code"], office.figures()) == (409, "already_decided", (50, 0))
    trail = text("SELECT action FROM audit_entries WHERE subject LIKE 'adjustment:%' ORDER BY id")
    assert list(run(Login.OWNER, lambda tx: tx.scalars(trail))) == ["adjustment.requested", "adjustment.approved"]
    line = office.client.get("/api/v1/me/statement", headers=office.member.auth).json["items"][0]
    assert (line["points"], line["label"]) == (50, "adjustment")


def test_points_taken_go_into_debt_and_debt_is_forgiven_by_two(office: Office) -> None:
    office.done(30)
    office.done(-100)
    assert office.figures() == (0, 70)
    too_much = office.ask(71, kind="write-offs")
    assert (too_much.status_code, too_much.json["code"]) == (409, "debt_exceeded")
    asked = office.ask(60, "hardship", kind="write-offs").json
    assert (asked["kind"], office.figures()) == ("write_off", (0, 70))
    assert office.post(office.second, f"/{asked['id']}/approve").status_code == 200
    assert office.figures() == (0, 10)


def test_debt_paid_meanwhile_cannot_be_forgiven_again(office: Office) -> None:
    office.done(-40)
    asked = office.ask(40, kind="write-offs").json
    office.done(40)
    late = office.post(office.second, f"/{asked['id']}/approve")
    assert (late.status_code, late.json["code"], office.figures()) == (409, "debt_exceeded", (0, 0))
    rejected = office.post(office.second, f"/{asked['id']}/reject", {"reason": "repaid"})
    assert (rejected.status_code, rejected.json["decision_note"]) == (200, "repaid")


def test_a_rejected_request_changes_nothing(office: Office) -> None:
    asked = office.ask(50).json
    assert office.post(office.first, f"/{asked['id']}/reject", {"reason": "x"}).json["code"] == "own_request"
    assert office.post(office.second, f"/{asked['id']}/reject", {"reason": "x"}).json["state"] == "rejected"
    assert office.post(office.second, f"/{asked['id']}/approve").json["code"] == "already_decided"
    assert office.figures() == (0, 0)


def test_nobody_adjusts_points_of_their_own_or_of_a_colleague_of_the_same_role(
    office: Office, make_member: Callable[..., Any], make_staff: Callable[..., Any]
) -> None:
    clerk = make_staff("rules")
    same = make_member(username=clerk.username)
    for kind in ("adjustments", "write-offs"):
        own = office.post(clerk, "", {"member": same.id, "points": 5, "reason": "goodwill"}, f"/api/v1/admin/{kind}")
        assert (own.status_code, own.json["code"]) == (409, "own_account")
    body = {"member": same.id, "points": 5, "reason": "goodwill"}
    assert office.post(office.first, "", body).json["code"] == "own_team"
    asked = office.post(make_staff("owner"), "", body).json
    assert office.post(clerk, f"/{asked['id']}/approve").json["code"] == "own_account"
    assert office.post(office.first, f"/{asked['id']}/approve").json["code"] == "own_team"
    assert office.post(make_staff("owner"), f"/{asked['id']}/approve").json["state"] == "approved"


@pytest.mark.parametrize(
    ("change", "name"),
    [({"points": 0}, "points"), ({"points": 100_001}, "points"), ({"reason": "because"}, "reason"), ({"x": 1}, "x")],
)
def test_what_cannot_be_asked_is_refused_by_name(office: Office, change: dict[str, Any], name: str) -> None:
    answer = office.post(office.first, "", {"member": office.member.id, "points": 5, "reason": "fraud", **change})
    assert (answer.status_code, list(answer.json["errors"])) == (422, [name])
    assert office.client.get(URL, headers=office.first.auth).json["items"] == []


def test_one_person_cannot_pile_up_requests(office: Office) -> None:
    assert [office.ask(points).status_code for points in (100_000, -100_000, 100_000, 1)] == [201, 201, 201, 409]
    assert office.ask(5, member="mem_none").status_code == 404


def test_two_who_approve_at_once_pay_once(office: Office, make_staff: Callable[..., Any]) -> None:
    asked = office.ask(50).json
    others = [make_staff("owner") for _ in range(6)]
    codes: list[int] = []
    app = office.client.application

    def approve(who: Any, key: int) -> None:
        headers = {**who.auth, "Idempotency-Key": f"race-{key}"}
        codes.append(app.test_client().post(f"{URL}/{asked['id']}/approve", headers=headers).status_code)

    threads = [threading.Thread(target=approve, args=(who, place)) for place, who in enumerate(others)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [200] + [409] * 5
    assert office.figures() == (50, 0)
