"""Awards that wait: staff confirm, lower and cancel them, one by one, in bulk, or together by rule and campaign."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from mall import clock
from mall.db import Login, cursor
from points.earning.rules import rules_changed

URL = "/api/v1/admin/awards"
WHY = {"reason": "looked at it"}
CAP = {"per": "member", "period": "total", "unit": "points", "limit": 25}
WAITS = {
    "event": "activity.attended", "points": {"base": {"fixed": 10}}, "visibility": "public",
    "pending": {"kind": "until_confirmed"}, "caps": [CAP],
}  # fmt: skip


class Desk:
    """Sends activities of one member and decides on what they earn."""

    def __init__(self, client: FlaskClient, source: Any, staff: Any, run: Callable[..., Any]) -> None:
        self.client, self.source, self.staff, self.run = client, source, staff, run

    def rule(self, key: str, document: dict[str, Any]) -> None:
        def write(tx: Any) -> None:
            tx.execute(
                text("UPDATE earning_rule_versions SET document = CAST(:document AS jsonb) WHERE rule_key = :key"),
                {"key": key, "document": json.dumps(document)},
            )
            rules_changed(cursor(tx))

        self.run(Login.OWNER, write)

    def send(self, name: str, kind: str = "activity.attended", **data: Any) -> Any:
        event = {
            "id": name, "type": kind, "member": "u-1", "data": data or {"activity": name},
            "occurred_at": (clock.now() - timedelta(seconds=9) + timedelta(seconds=len(name))).isoformat(),
        }  # fmt: skip
        return self.client.post("/api/v1/credit-events", json=event, headers=self.source.auth).json

    def ask(self, path: str = "", body: dict[str, Any] | None = None) -> Any:
        if body is None:
            return self.client.get(f"{URL}{path}", headers=self.staff.auth)
        return self.client.post(f"{URL}{path}", json=body, headers=self.staff.auth)

    def waiting(self) -> list[str]:
        return [one["id"] for one in reversed(self.ask().json["items"])]

    def figures(self) -> tuple[int, int]:
        row = "SELECT coalesce(sum(available), 0)::int, coalesce(sum(pending), 0)::int FROM ledger.wallets"
        return tuple(self.run(Login.OWNER, lambda tx: tx.execute(text(row)).one()))  # type: ignore[return-value]

    def public(self) -> int:
        return int(
            self.run(Login.OWNER, lambda tx: tx.execute(text("SELECT sum(public_points) FROM standings")).scalar())
        )


@pytest.fixture
def desk(
    client: FlaskClient, make_client: Callable[..., Any], make_staff: Callable[..., Any], run: Callable[..., Any]
) -> Desk:
    """A rule whose awards wait, and somebody who decides."""
    made = Desk(client, make_client(["credits:write"]), make_staff("rules"), run)
    made.rule("activity-attended", WAITS)
    return made


def test_a_confirmed_award_can_be_spent_and_a_cancelled_one_is_gone(desk: Desk) -> None:
    assert [desk.send(name)["status"] for name in "ab"] == ["pending", "pending"]
    first, second = desk.waiting()
    assert desk.figures() == (0, 20)
    confirmed = desk.ask(f"/{first}/confirm", WHY)
    assert (confirmed.status_code, confirmed.json["points"]) == (200, 10)
    assert confirmed.json["available_at"] is not None
    assert (desk.figures(), desk.waiting()) == ((10, 10), [second])
    cancelled = desk.ask(f"/{second}/cancel", WHY)
    assert (cancelled.json["points"], cancelled.json["explanation"][-1]) == (0, "由工作人员取消")
    assert (desk.figures(), desk.waiting(), desk.public()) == ((10, 0), [], 10)
    for action in ("confirm", "cancel"):
        again = desk.ask(f"/{second}/{action}", WHY)
        assert (again.status_code, again.json["code"]) == (409, "award_not_pending")
    trail = text("SELECT action, detail ->> 'reason' FROM audit_entries WHERE action LIKE 'award.%' ORDER BY id")
    assert desk.run(Login.OWNER, lambda tx: tx.execute(trail).all()) == [
        ("award.confirmed", "looked at it"), ("award.cancelled", "looked at it"),
    ]  # fmt: skip


def test_a_lowered_award_gives_room_under_the_cap_and_is_confirmed_as_it_is(desk: Desk) -> None:
    assert [desk.send(name)["points"] for name in "abcd"] == [10, 10, 5, 0]
    first = desk.waiting()[0]
    for points in (10, 11):
        refused = desk.ask(f"/{first}/adjust", {"points": points, **WHY})
        assert (refused.status_code, list(refused.json["errors"])) == (422, ["points"])
    assert desk.figures() == (0, 25)
    assert desk.ask(f"/{first}/adjust", {"points": 4, **WHY}).json["points"] == 4
    assert desk.send("e")["points"] == 6
    assert desk.ask(f"/{first}/confirm", WHY).status_code == 200
    assert (desk.figures(), desk.public()) == ((4, 21), 25)


def test_a_later_stage_of_a_cancelled_case_waits_for_another_decision(desk: Desk) -> None:
    document = {
        "event": "tip.outcome", "points": {"base": {"by": "stage", "equal": {"adopted": 20, "solved": 100}}},
        "pending": {"kind": "days", "days": 7}, "visibility": "confidential",
    }  # fmt: skip
    desk.rule("tip-outcome", document)
    desk.send("a", "tip.outcome", case="c", stage="adopted")
    (award,) = desk.ask().json["items"]
    assert award["member"] is None
    assert "u-1" not in json.dumps(award)
    desk.ask(f"/{award['id']}/cancel", WHY)
    later = desk.send("bb", "tip.outcome", case="c", stage="solved")
    assert (later["status"], later["points"], later["awards"][0]["available_at"]) == ("pending", 100, None)
    assert (desk.waiting(), desk.figures()) == ([award["id"]], (0, 100))


def test_many_are_decided_at_once_and_each_stands_alone(desk: Desk) -> None:
    for name in "ab":
        desk.send(name)
    first, second = desk.waiting()
    listed = [
        {"award": first, "action": "adjust", "points": 3, **WHY},
        {"award": "awd_none", "action": "confirm", **WHY},
        {"award": second, "action": "cancel", **WHY},
        {"award": second, "action": "cancel", **WHY},
        {"award": first, "action": "confirm", **WHY},
    ]
    results = desk.ask("/decisions", {"decisions": listed}).json["results"]
    assert [one["status"] for one in results] == [200, 404, 200, 409, 200]
    assert desk.figures() == (3, 0)


def test_a_campaign_under_review_is_voided_together_and_nothing_else(desk: Desk) -> None:
    desk.rule("activity-attended", {**WAITS, "caps": []})
    campaign = {"key": "double", "name": "x", "factor": "2", "rules": ["activity-attended"], "review": True}
    desk.send("before")
    for path, body in (("", campaign), ("/double/publish", None)):
        answer = desk.client.post(f"/api/v1/admin/campaigns{path}", json=body, headers=desk.staff.auth)
        assert answer.status_code < 300
    assert [desk.send(name)["points"] for name in ("during-one", "during-two")] == [20, 20]
    body = {"action": "cancel", "rule": "activity-attended", "campaign": "double", **WHY}
    assert desk.ask("/review", body).json == {"decided": 2, "left": 0}
    assert desk.figures() == (0, 10)
    assert desk.ask("/review", body).json == {"decided": 0, "left": 0}


def test_results_of_a_quiz_are_voided_together(desk: Desk, make_member: Callable[..., Any]) -> None:
    document = {
        "event": "quiz.result", "points": {"base": {"fixed": 10}}, "visibility": "public",
        "pending": {"kind": "until_confirmed"},
    }  # fmt: skip
    desk.rule("quiz-result", document)
    for code in "pq":
        desk.run(Login.OWNER, lambda tx, code=code: _quiz(tx, code))
    for name in ("one", "two"):
        member = make_member(username=name)
        for code in "pq":
            attempt = desk.client.post(f"/api/v1/quizzes/quz_{code}/attempts", headers=_keyed(member, code)).json
            answers = {"answers": {f"qst_{code}": "a"}}
            url = f"/api/v1/attempts/{attempt['id']}/answers"
            assert desk.client.post(url, json=answers, headers=_keyed(member, code * 2)).status_code in (200, 201)
    assert desk.figures() == (0, 40)
    body = {"action": "cancel", "rule": "quiz-result", "quiz": "quz_p", **WHY}
    assert desk.ask("/review", body).json == {"decided": 2, "left": 0}
    assert desk.figures() == (0, 20)
    assert desk.ask("/review", {"action": "confirm", "rule": "quiz-result", **WHY}).json == {"decided": 2, "left": 0}
    assert desk.figures() == (20, 0)


def test_only_the_rules_role_decides(desk: Desk, make_staff: Callable[..., Any]) -> None:
    desk.send("a")
    (award,) = desk.waiting()
    auditor = make_staff("auditor").auth
    assert desk.client.get(URL, headers=auditor).status_code == 200
    assert desk.client.post(f"{URL}/{award}/confirm", json=WHY, headers=auditor).status_code == 403
    assert desk.client.get(URL, headers=make_staff("catalog").auth).status_code == 403
    assert desk.ask(f"/{award}/confirm", {}).status_code == 422
    assert desk.figures() == (0, 10)


def _keyed(member: Any, key: str) -> dict[str, str]:
    return {**member.auth, "Idempotency-Key": f"key-{key}"}


def _quiz(tx: Any, code: str) -> None:
    words = '{"zh": "字", "en": "word"}'
    tx.execute(
        text(
            "INSERT INTO quizzes (id, code, category, title, summary, created_at, published_at) "
            "VALUES (:id, :code, 'x', CAST(:words AS jsonb), CAST(:words AS jsonb), now(), now())"
        ),
        {"id": f"quz_{code}", "code": code, "words": words},
    )
    tx.execute(text("UPDATE quizzes SET published_at = now() WHERE published_at IS NULL"))
    options = '[{"id": "a", "text": {"zh": "甲"}}, {"id": "b", "text": {"zh": "乙"}}]'
    tx.execute(
        text(
            "INSERT INTO quiz_questions VALUES (:id, :quiz, 1, CAST(:words AS jsonb), CAST(:options AS jsonb), 'a', "
            "CAST(:words AS jsonb))"
        ),
        {"id": f"qst_{code}", "quiz": f"quz_{code}", "words": words, "options": options},
    )
