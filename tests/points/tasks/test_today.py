"""What earns points today: from the rules in force, less what their caps have let through already."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from mall.db import Login
from points.tasks.lines import Room
from points.tasks.today import tasks_today
from tests.points.earning.conftest import NOON, mall

__all__ = ["mall"]
ZONE = ZoneInfo("Asia/Shanghai")
CAPS = [
    {"per": "member", "period": "day", "unit": "times", "limit": 2},
    {"per": "member", "period": "week", "unit": "points", "limit": 25},
    {"per": "all", "period": "total", "unit": "points", "limit": 1000},
]


def fixed(points, event="activity.attended", **more):
    return {"event": event, "points": {"base": {"fixed": points}}, "visibility": "public", **more}


@pytest.fixture
def today(run):
    """``today(member, at)``: tasks by kind of event."""

    def look(member_id=None, at=NOON):
        found = run(Login.EARNING, lambda tx: tasks_today(tx, member_id, at, ZONE))
        return {one.line.kind: one for one in found}

    return look


def test_a_new_mall_tells_everybody_what_its_rules_pay(today):
    found = today()
    spans = {kind: (one.line.least, one.line.most, one.done) for kind, one in found.items()}
    assert spans == {
        "check.in": (5, 30, False), "quiz.result": (10, 30, False), "activity.attended": (10, 10, False),
        "member.login": (1, 1, False), "tip.outcome": (2, 300, False),
    }  # fmt: skip


def test_each_cap_says_what_it_leaves_and_the_task_is_done_when_one_is_used_up(mall, today):
    mall.publish("activity-attended", fixed(10, caps=CAPS))
    mall.book(mall.event("a-1", "activity.attended", subject="fair"), mall.event("b-1", "member.login"))
    member = mall.member_id()
    task = today(member)["activity.attended"]
    assert task.line.rooms == (
        Room(False, "day", "times", 2, 1),
        Room(False, "week", "points", 25, 15),
        Room(True, "total", "points", 1000, 990),
    )
    assert (task.earned_points, task.done) == (10, False)
    assert (today(member)["member.login"].earned_points, today(member)["member.login"].done) == (1, True)
    mall.book(mall.event("a-2", "activity.attended", subject="walk"))
    task = today(member)["activity.attended"]
    assert [room.left for room in task.line.rooms] == [0, 5, 980]
    assert (task.earned_points, task.done) == (20, True)
    tomorrow = today(member, NOON + timedelta(days=1))["activity.attended"]
    assert [room.left for room in tomorrow.line.rooms] == [2, 5, 980]
    assert (tomorrow.earned_points, tomorrow.done) == (0, False)
    assert [room.left for room in today(None)["activity.attended"].line.rooms] == [2, 25, 1000]


def test_rules_of_other_days_other_members_and_no_points_are_no_task(mall, today):
    mall.publish("activity-attended", fixed(10, active={"weekdays": [6, 7]}))
    mall.publish("member-login", fixed(1, "member.login", condition="level >= 3"))
    mall.publish("quiz-result", fixed(0, "quiz.result"))
    mall.publish("weekend-walk", fixed(7, condition="weekday == 1"))
    found = today()
    assert sorted(found) == ["activity.attended", "check.in", "tip.outcome"]
    assert (found["activity.attended"].line.least, found["activity.attended"].line.most) == (7, 7)


def test_a_campaign_that_is_on_multiplies_what_it_covers(today, make_staff, client, now):
    owner, campaign = make_staff("owner"), {"key": "double", "name": {"zh": "双倍"}, "factor": "2"}
    campaign["rules"] = ["activity-attended"]
    assert client.post("/api/v1/admin/campaigns", json=campaign, headers=owner.auth).status_code == 201
    assert client.post("/api/v1/admin/campaigns/double/publish", headers=owner.auth).status_code == 200
    found = today(at=now + timedelta(minutes=1))
    assert (found["activity.attended"].line.least, found["activity.attended"].line.boost.factor) == (20, Decimal(2))
    assert (found["member.login"].line.most, found["member.login"].line.boost) == (1, None)


def test_the_page_and_the_api_say_the_same_in_the_readers_language(mall, client, make_member):
    mall.publish("activity-attended", fixed(10, caps=CAPS[:1]))
    member = make_member()
    answer = client.get("/api/v1/me/tasks", headers={**member.auth, "Accept-Language": "en"})
    found = {one["type"]: one for one in answer.json["tasks"]}
    assert found["activity.attended"] == {
        "type": "activity.attended", "title": "Come to an activity", "least_points": 10, "most_points": 10,
        "campaign": None, "earned_points": 0, "done": False,
        "limits": [{"per": "member", "period": "day", "unit": "times", "limit": 2, "left": 2}],
    }  # fmt: skip
    page = client.get("/tasks", headers=member.auth).text
    assert "今天还可 2 次（共 2 次）" in page
    assert "2 of 2 times left today" in client.get("/tasks", headers={**member.auth, "Accept-Language": "en"}).text
