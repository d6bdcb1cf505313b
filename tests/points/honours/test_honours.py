"""Honours: shown only while the member agrees; staff can take them back; nothing stays of somebody who leaves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from mall.db import Login
from mall.outbox import deliver_due

WORDS = {"zh": "感谢您每周清扫楼道。", "en": "For sweeping the stairs each week."}


@pytest.fixture
def offered(client, make_member, make_staff):
    """A member with a commendation that waits, and its id."""
    member, rules = make_member(nickname="热心人"), make_staff("rules")
    made = client.post("/api/v1/admin/honours", json={"member": member.id, "text": WORDS}, headers=rules.auth)
    assert (made.status_code, made.json["state"]) == (201, "offered")
    return member, made.json["id"], rules


@pytest.fixture
def decide(client):
    def put(member, honour: str, agreed: bool):
        return client.put(f"/api/v1/me/honours/{honour}", json={"agreed": agreed}, headers=member.auth)

    return put


def _shown(client) -> list[tuple[str, str]]:
    found = client.get("/api/v1/honours", headers={"Accept-Language": "en"}).json["items"]
    return [(one["nickname"], one["text"]) for one in found]


def test_it_is_shown_only_while_the_member_agrees(client, offered, decide, run):
    member, honour, _rules = offered
    assert _shown(client) == []
    line = ("热心人", WORDS["en"])
    for agreed, state, shown in (
        (False, "declined", []), (True, "public", [line]), (True, "public", [line]), (False, "withdrawn", []),
        (False, "withdrawn", []), (True, "public", [line]),
    ):  # fmt: skip
        assert decide(member, honour, agreed).json["state"] == state
        assert _shown(client) == shown
    assert "热心人" in client.get("/honours").get_data(as_text=True)
    suspend = text("UPDATE members SET status = 'suspended' WHERE id = :m")
    run(Login.OWNER, lambda tx: tx.execute(suspend, {"m": member.id}))
    assert _shown(client) == []


def test_the_member_hears_of_it_and_nobody_else_may_decide(client, offered, decide, make_member):
    member, honour, _rules = offered
    deliver_due(datetime.now(UTC) + timedelta(minutes=1))
    headers = {**member.auth, "Accept-Language": "en"}
    notices = client.get("/api/v1/me/notifications", headers=headers).json["items"]
    assert [one["text"] for one in notices] == ["You are to be honoured. Have a look: it is shown only if you agree."]
    assert decide(make_member(), honour, True).status_code == 404
    assert _shown(client) == []


def test_staff_take_it_back_for_good(client, offered, decide, make_staff):
    member, honour, rules = offered
    decide(member, honour, True)
    url = f"/api/v1/admin/honours/{honour}"
    assert client.delete(url, headers=make_staff("auditor").auth).status_code == 403
    assert client.delete(url, headers=rules.auth).status_code == 204
    assert _shown(client) == []
    assert decide(member, honour, True).status_code == 404
    assert client.get("/api/v1/me/honours", headers=member.auth).json["items"] == []
    assert client.delete(url, headers=rules.auth).status_code == 404


def test_nothing_stays_of_somebody_who_leaves_and_nobody_else_is_commended(client, offered, decide, run):
    member, honour, rules = offered
    decide(member, honour, True)
    assert client.delete("/api/v1/me", headers=member.auth).status_code == 204
    assert run(Login.OWNER, lambda tx: tx.scalar(text("SELECT count(*) FROM commendations"))) == 0
    body = {"member": member.id, "text": WORDS}
    refused = client.post("/api/v1/admin/honours", json=body, headers=rules.auth)
    assert (refused.status_code, refused.json["code"]) == (409, "member_not_active")
    unknown = client.post("/api/v1/admin/honours", json={**body, "member": "mem_none"}, headers=rules.auth)
    assert unknown.status_code == 404
