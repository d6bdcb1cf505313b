"""Badges: at the exact figure, once however many look, and those for tips for their holder's eyes alone."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from mall.db import Login
from mall.jobs import run_job
from mall.outbox import deliver_due
from points.badges import holders, rounds
from points.badges.award import award_badges, wall
from points.badges.catalogue import BY_CODE, CATALOGUE, progress, reached
from points.badges.figures import set_figures
from points.badges.words import WORDS
from points.earning.book_events import book_events
from points.earning.event_types import EventIn, EventSource
from points.standing.jobs import NAME

SHANGHAI = ZoneInfo("Asia/Shanghai")
INSIDE = EventSource("mall:test", internal=True)
SYMBOL = re.compile(r'<symbol id="([^"]+)" viewBox="0 0 48 48">(.+)</symbol>')
STREAK = text(
    """INSERT INTO check_ins (member_id, day, streak, points)
 SELECT :member, CAST(:first AS date) + n, n + 1, 0 FROM generate_series(0, :days - 1) AS n
 ON CONFLICT (member_id, day) DO UPDATE SET streak = excluded.streak"""
)


@pytest.fixture
def check_in(run):
    """Gives a member a streak of ``days``, up to today."""

    def put(member_id: str, days: int) -> None:
        values = {"member": member_id, "first": datetime.now(UTC).date() - timedelta(days=days - 1), "days": days}
        run(Login.EARNING, lambda tx: tx.execute(STREAK, values))

    return put


@pytest.fixture
def held(run):
    """The codes of a member's badges, as they are kept."""

    def read(member_id: str) -> list[str]:
        rows = text("SELECT code FROM sources.member_badges WHERE member_id = :m ORDER BY code")
        return run(Login.EARNING, lambda tx: list(tx.scalars(rows, {"m": member_id})))

    return read


def _award(run, *member_ids: str) -> int:
    return run(Login.EARNING, lambda tx: award_badges(tx, member_ids, datetime.now(UTC), SHANGHAI))


def test_there_are_twenty_each_with_words_and_a_shape_of_its_own():
    drawn = dict(SYMBOL.findall(Path("mall/static/badges.svg").read_text()))
    assert len(CATALOGUE) == len(BY_CODE) == len(set(drawn.values())) == 20
    assert set(WORDS) == set(drawn) == set(BY_CODE)
    assert {badge.code for badge in CATALOGUE if badge.private} == {
        code for code in BY_CODE if code.startswith("tips-")
    }


def test_each_badge_is_reached_at_its_goal_and_not_one_before():
    for badge in CATALOGUE:
        assert badge.code in reached({badge.fact: badge.goal})
        assert badge.code not in reached({badge.fact: badge.goal - 1})
    shown = {one.badge.code: one for one in progress({"check_ins": 7, "donations": 300}, {"redeemed-1"}, private=False)}
    assert len(shown) == 15
    assert [(shown[code].done, shown[code].percent) for code in ("check-ins-200", "donated-10")] == [(7, 3), (10, 100)]
    assert (shown["redeemed-1"].done, shown["redeemed-1"].earned, shown["redeemed-1"].percent) == (0, True, 100)


def test_days_in_a_row_that_were_broken_off_are_no_step_towards_the_next_badge(run, make_member):
    member, today = make_member(), datetime.now(SHANGHAI).date()
    for first, days in ((today - timedelta(days=40), 20), (today - timedelta(days=1), 2)):
        values = {"member": member.id, "first": first, "days": days}
        run(Login.EARNING, lambda tx, values=values: tx.execute(STREAK, values))
    shown = run(Login.EARNING, lambda tx: wall(tx, member.id, datetime.now(UTC), SHANGHAI, private=False))
    left = {one.badge.code: (one.done, one.earned) for one in shown.badges if one.badge.fact == "check_in_streak"}
    assert left["streak-7"][1] and left["streak-30"] == (2, False)


def test_a_streak_is_awarded_by_the_job_kept_and_told_once(run, client, make_member, check_in, held):
    now = datetime.now(UTC)
    run_job(NAME, now - timedelta(days=2))
    member, short = make_member(), make_member()
    check_in(member.id, 7)
    check_in(short.id, 6)
    assert run_job(NAME, now) == {"members": 2, "levels": 0, "badges": 1}
    run(Login.OWNER, lambda tx: tx.execute(text("DELETE FROM check_ins")))
    assert _award(run, member.id, short.id) == 0
    assert (held(member.id), held(short.id)) == (["streak-7"], [])
    deliver_due(now)
    headers = {**member.auth, "Accept-Language": "en"}
    found = client.get("/api/v1/me/notifications", headers=headers).json["items"]
    assert [notice["text"] for notice in found] == ["New badge: A week of mornings."]
    listed = {one["code"]: one for one in client.get("/api/v1/me/badges", headers=headers).json["badges"]}
    assert (listed["streak-7"]["done"], listed["streak-7"]["goal"], listed["streak-30"]["earned_at"]) == (0, 7, None)
    assert listed["streak-7"]["earned_at"]
    assert client.get("/api/v1/me", headers=headers).json["badges"] == ["streak-7"]


def test_the_first_run_of_all_gives_badges_without_a_word(run, make_member, check_in, held):
    member = make_member()
    check_in(member.id, 30)
    assert run_job(NAME, datetime.now(UTC))["badges"] == 2
    assert held(member.id) == ["streak-30", "streak-7"]
    assert run(Login.OWNER, lambda tx: tx.scalar(text("SELECT count(*) FROM outbox_messages"))) == 0


def test_everybody_is_looked_at_once_a_day_some_at_a_time(run, make_member, check_in, held, monkeypatch):
    monkeypatch.setattr(rounds, "AT_ONCE", 2)
    now = datetime.now(UTC).replace(hour=4)
    members = sorted(make_member().id for _ in range(3))
    run_job(NAME, now)
    for member in members:
        check_in(member, 7)
    day = timedelta(days=1)
    assert run_job(NAME, now + timedelta(minutes=5)) == {}  # without points nothing has moved, and today is over
    assert run_job(NAME, now + day)["badges"] == 2
    assert [held(member) for member in members] == [["streak-7"], ["streak-7"], []]
    assert run_job(NAME, now + 2 * day)["badges"] == 1  # the round goes on where it was, also on another day
    for member in members:
        check_in(member, 30)
    later = [now + 2 * day + timedelta(minutes=minutes) for minutes in (1, 2, 3)]
    assert [run_job(NAME, moment).get("badges") for moment in later] == [2, 1, None]


def test_many_at_once_award_a_badge_once(run, make_member, check_in, held):
    member = make_member()
    check_in(member.id, 7)
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _: _award(run, member.id), range(16))) == 1
    assert held(member.id) == ["streak-7"]
    assert run(Login.OWNER, lambda tx: tx.scalar(text("SELECT count(*) FROM outbox_messages"))) == 1


def test_who_holds_a_badge_is_counted_beforehand_where_they_are_many(run, make_member, check_in, monkeypatch):
    def counted():
        return run(Login.EARNING, lambda tx: holders.holders(tx)["streak-7"].count)

    def week():
        member = make_member()
        check_in(member.id, 7)
        _award(run, member.id)

    week()
    assert (counted(), run_job("count-badges", datetime.now(UTC))) == (1, {})
    monkeypatch.setattr(holders, "MANY", 1)
    week()
    assert (counted(), run_job("count-badges", datetime.now(UTC)), counted()) == (0, {"badges": 1}, 2)
    week()
    assert counted() == 2
    run_job("count-badges", datetime.now(UTC))
    assert counted() == 3


def test_badges_for_tips_are_their_holders_alone(app, run, client, make_member, held):
    member, now = make_member(), datetime.now(UTC)
    events = [
        EventIn(f"tip/{n}", "tip.outcome", member.id, now, f"case-{n}", {"stage": stage, "grade": 2, "share": 100})
        for n, stage in enumerate(("adopted", "solved", "rejected"))
    ]
    run(Login.EARNING, lambda tx: book_events(tx, INSIDE, events, now))
    assert _award(run, member.id) == 2
    assert held(member.id) == ["tips-adopted-1", "tips-solved-1"]
    assert (
        run(
            Login.OWNER,
            lambda tx: tx.scalar(text("SELECT count(*) FROM outbox_messages WHERE topic = 'standing.told'")),
        )
        == 0
    )
    assert client.get("/api/v1/me", headers=member.auth).json["badges"] == []
    wall = client.get("/api/v1/me/badges", headers=member.auth).json
    shown = {one["code"]: one["done"] for one in wall["badges"] if one["private"]}
    if wall["private_hidden"]:
        assert shown == {}
    else:
        assert (shown["tips-adopted-10"], shown["tips-solved-10"]) == (2, 1)
    later = text("UPDATE login_sessions SET authenticated_at = now() - interval '1 hour'")
    run(Login.OWNER, lambda tx: tx.execute(later))
    wall = client.get("/api/v1/me/badges", headers=member.auth).json
    assert (wall["private_hidden"], len(wall["badges"])) == (True, 15)
    for login in (Login.REDEMPTION, Login.BACKOFFICE):
        with pytest.raises(ProgrammingError, match="permission denied"):
            run(login, lambda tx: tx.execute(text("SELECT 1 FROM sources.member_badges")))


def test_a_figure_counted_elsewhere_brings_its_badge_with_the_next_run(run, make_member, held):
    now, member = datetime.now(UTC), make_member()
    run_job(NAME, now)
    run(Login.BACKOFFICE, lambda tx: set_figures(tx, member.id, {"redemptions": 9, "donations": 1}, now))
    run(Login.BACKOFFICE, lambda tx: set_figures(tx, member.id, {"redemptions": 10}, now))
    assert run_job(NAME, now + timedelta(seconds=5))["badges"] == 3
    assert held(member.id) == ["donated-1", "redeemed-1", "redeemed-10"]
