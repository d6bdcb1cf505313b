"""What staff decide of badges and boards."""

from __future__ import annotations

from datetime import UTC, datetime

from mall.outbox import deliver_due
from tests.catalog.conftest import Shop


def _held(shop, member):
    found = {one["code"]: one for one in shop.get("/me/badges", member).json["badges"]}
    return found.get("check-ins-200"), found["streak-7"]


def test_a_badge_has_other_words_and_another_goal_and_what_was_earned_is_kept(app, run):
    shop = Shop(app, run)
    member = shop.member()
    shop.write(
        "INSERT INTO sources.member_badges (member_id, code, earned_at) VALUES (:m, 'check-ins-200', now())",
        m=member.id,
    )
    url = "/admin/badges/check-ins-200"
    off = shop.post(url, shop.owner, {"version": 0, "active": False, "goal": 500}, method="PATCH")
    assert (off.status_code, off.json["goal"], off.json["usual_goal"]) == (200, 500, 200)
    kept, streak = _held(shop, member)
    assert (kept["condition"], kept["earned_at"] is not None) == ("Check in on 500 days.", True)
    assert _held(shop, shop.member())[0] is None
    listed = {one["code"]: one for one in shop.get("/admin/badges?limit=100", shop.owner).json["items"]}
    assert (listed["check-ins-200"]["holders"], listed["tips-solved-1"]["holders"]) == ({"count": 1}, {"count": None})
    named = {"version": 0, "title": {"zh": "一周", "en": "Seven"}, "condition": {"zh": "七天", "en": "Come daily"}}
    assert shop.post("/admin/badges/streak-7", shop.owner, named, method="PATCH").status_code == 200
    streak = _held(shop, member)[1]
    assert (streak["title"], streak["condition"]) == ("Seven", "Come daily")
    late = shop.post(url, shop.owner, {"version": 0, "active": True}, method="PATCH")
    assert (late.status_code, late.json["code"]) == (409, "changed_meanwhile")


def test_boards_pause_and_a_nickname_is_taken_away_with_a_reason_its_member_reads(app, run):
    shop = Shop(app, run)
    member = shop.member()
    shop.post("/me/board", member, {"opted_in": True}, method="PUT")
    shop.write("INSERT INTO standings (member_id, public_points) VALUES (:m, 40)", m=member.id)
    rude = shop.get("/leaderboards/all", member).json["items"][0]["nickname"]
    paused = shop.post("/admin/boards", shop.owner, {"version": 0, "paused": True}, method="PUT").json
    assert (paused["paused"], paused["opted_in"], paused["version"]) == (True, 1, 1)
    board = shop.get("/leaderboards/all", member).json
    assert (board["items"], board["mine"], board["paused"], board["opted_in"]) == ([], None, True, True)
    places = shop.get("/admin/boards/all", shop.owner).json["items"]
    assert places == [{"rank": 1, "member": member.id, "nickname": rude, "points": 40}]
    answer = shop.post(f"/admin/members/{member.id}/nickname-reset", shop.owner, {"reason": "Rude words"})
    name = answer.json["nickname"]
    assert (shop.get("/me", member).json["nickname"], name != rude) == (name, True)
    deliver_due(datetime.now(UTC))
    told = shop.get("/me/notifications", member).json["items"][0]["text"]
    assert told == f"Your nickname was taken away: Rude words. You are called {name} now."
    audit = "SELECT detail ->> 'before' FROM audit_entries WHERE action = 'member.nickname_reset'"
    assert shop.sql(audit) == rude
