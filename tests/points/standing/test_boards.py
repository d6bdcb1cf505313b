"""Leaderboards: opted-in, active members, by nickname, in public points alone."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient

from mall.db import Login, run_tx
from mall.identity.avatars import avatar_of
from points.earning.book_events import book_events
from points.earning.event_types import EventIn, EventSource
from points.standing import board_scores
from points.standing.boards import board, period_start
from points.standing.jobs import count_boards

Headers = dict[str, str]
SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
INSIDE = EventSource("mall:test", internal=True)
_numbers = itertools.count(1)


@pytest.mark.parametrize(
    ("period", "start"),
    [
        ("week", datetime(2026, 11, 22, 16, 0, tzinfo=UTC)),
        ("month", datetime(2026, 10, 31, 16, 0, tzinfo=UTC)),
        ("all", None),
    ],
)
def test_a_week_begins_on_monday_and_a_month_on_its_first_in_the_malls_zone(
    period: str, start: datetime | None
) -> None:
    assert period_start(period, NOW, SHANGHAI) == start


def test_a_sunday_night_in_shanghai_is_still_last_week() -> None:
    sunday = datetime(2026, 11, 22, 15, 59, 59, tzinfo=UTC)
    assert period_start("week", sunday, SHANGHAI) == datetime(2026, 11, 15, 16, 0, tzinfo=UTC)


@pytest.fixture
def member(client: FlaskClient) -> Callable[[str], tuple[str, Headers]]:
    """Makes members who are on the boards: id and headers."""

    def make(nickname: str) -> tuple[str, Headers]:
        who = {"username": f"ranked_{next(_numbers)}", "password": "a-good-long-password"}
        assert client.post("/api/v1/members", json={**who, "nickname": nickname}).status_code == 201
        headers = {"Authorization": f"Bearer {client.post('/api/v1/sessions', json=who).json['token']}"}
        assert client.put("/api/v1/me/board", json={"opted_in": True}, headers=headers).json == {"opted_in": True}
        return client.get("/api/v1/me", headers=headers).json["id"], headers

    return make


def _earn(member_id: str, type_: str, subject: str, at: datetime, **facts: int | str) -> None:
    event = EventIn(f"{member_id}/{subject}", type_, member_id, at, subject, facts)
    outcome = run_tx(Login.EARNING, lambda tx: book_events(tx, INSIDE, [event], at)[0])
    assert outcome.error is None


def _attend(member_id: str, times: int, at: datetime) -> None:
    for number in range(times):
        _earn(member_id, "activity.attended", f"{at.date()}-{number}", at)


def test_equal_points_share_a_rank_and_confidential_points_never_count(
    app: Flask, client: FlaskClient, member: Callable[[str], tuple[str, Headers]]
) -> None:
    now = datetime.now(UTC)
    (first, headers), (second, _), (third, _), (tipster, theirs) = [member(name) for name in ("甲", "乙", "丙", "丁")]
    for who, times in ((first, 2), (second, 3), (third, 2)):
        _attend(who, times, now)
    _earn(tipster, "tip.outcome", "case-1", now, stage="solved", grade=5, share=100)
    for period in ("week", "month", "all"):
        shown = client.get(f"/api/v1/leaderboards/{period}", headers=headers).json
        assert [(line["rank"], line["points"]) for line in shown["items"]] == [(1, 30), (2, 20), (2, 20)]
        assert shown["items"][0]["nickname"] == "乙"
        assert shown["mine"].pop("avatar") == avatar_of(first, None)
        assert shown["mine"] == {"rank": 2, "nickname": "甲", "points": 20, "mine": True}
        assert client.get(f"/api/v1/leaderboards/{period}", headers=theirs).json["mine"] is None


def test_who_opts_out_is_gone_and_opting_in_twice_is_once(
    client: FlaskClient, member: Callable[[str], tuple[str, Headers]]
) -> None:
    own, headers = member("甲")
    _attend(own, 1, datetime.now(UTC))
    assert client.put("/api/v1/me/board", json={"opted_in": True}, headers=headers).status_code == 200
    assert len(client.get("/api/v1/leaderboards/all", headers=headers).json["items"]) == 1
    assert client.put("/api/v1/me/board", json={"opted_in": False}, headers=headers).json == {"opted_in": False}
    shown = client.get("/api/v1/leaderboards/all", headers=headers).json
    assert (shown["items"], shown["mine"], shown["opted_in"]) == ([], None, False)


def test_last_months_points_count_for_all_time_only(app: Flask, member: Callable[[str], tuple[str, Headers]]) -> None:
    own, _ = member("甲")
    now = datetime.now(UTC)
    _attend(own, 2, now - timedelta(days=40))
    boards = {
        period: run_tx(Login.EARNING, lambda tx, period=period: board(tx, period, own, now, SHANGHAI))
        for period in ("week", "month", "all")
    }
    assert [len(found.places) for found in boards.values()] == [0, 0, 1]


def test_ones_own_line_is_told_below_the_last_place_shown(
    client: FlaskClient, member: Callable[[str], tuple[str, Headers]]
) -> None:
    now = datetime.now(UTC)
    people = [member(name) for name in ("甲", "乙", "丙")]
    for times, (own, _) in enumerate(people, start=1):
        _attend(own, times, now)
    shown = client.get("/api/v1/leaderboards/all?limit=1", headers=people[0][1]).json
    assert [line["nickname"] for line in shown["items"]] == ["丙"]
    assert shown["mine"]["rank"] == 3


@pytest.mark.parametrize(
    "body", [{}, {"opted_in": 1}, {"opted_in": "true"}, {"opted_in": None}, {"opted_in": True, "x": 1}]
)
def test_a_choice_is_true_or_false(
    client: FlaskClient, member: Callable[[str], tuple[str, Headers]], body: dict[str, object]
) -> None:
    assert client.put("/api/v1/me/board", json=body, headers=member("甲")[1]).status_code == 422


def test_boards_are_for_members_and_there_are_three(
    client: FlaskClient, member: Callable[[str], tuple[str, Headers]]
) -> None:
    assert client.get("/api/v1/leaderboards/week").status_code == 401
    headers = member("甲")[1]
    assert client.get("/api/v1/leaderboards/year", headers=headers).status_code == 404
    assert client.get("/api/v1/leaderboards/week?limit=101", headers=headers).status_code == 422


def test_a_board_of_many_is_counted_beforehand_and_the_own_line_when_it_is_read(
    app: Flask,
    client: FlaskClient,
    member: Callable[[str], tuple[str, Headers]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(board_scores, "MANY", 1)
    monkeypatch.setattr(board_scores, "AT_ONCE", 2)
    now = datetime.now(UTC)
    (first, headers), (second, theirs), (third, _) = [member(name) for name in ("甲", "乙", "丙")]
    for who, times in ((first, 2), (second, 3), (third, 2)):
        _attend(who, times, now)

    def seen(period: str, limit: int = 9) -> tuple[list[tuple[int, str, int]], tuple[int, int] | None]:
        found = run_tx(Login.EARNING, lambda tx: board(tx, period, first, now, SHANGHAI, limit))
        assert found.kept
        own = found.mine and (found.mine.rank, found.mine.points)
        return [(line.rank, line.nickname, line.points) for line in found.places], own

    assert seen("all") == ([], (1, 20))
    assert count_boards(now) == {"portions": 2}
    for period in ("week", "month", "all"):
        places, own = seen(period)
        assert (sorted(places), own) == ([(1, "乙", 30), (2, "丙", 20), (2, "甲", 20)], (2, 20))
        assert seen(period, limit=1) == ([(1, "乙", 30)], (2, 20))
    _earn(first, "activity.attended", "later", now)
    assert seen("week", limit=1) == ([(1, "乙", 30)], (1, 30))
    client.put("/api/v1/me/board", json={"opted_in": False}, headers=theirs)
    assert [line[1] for line in seen("month")[0]].count("乙") == 0
    client.put("/api/v1/me/board", json={"opted_in": True}, headers=theirs)
    count_boards(now + timedelta(days=62))  # two months on: weeks and months begin anew, all time goes on
    assert (seen("week"), [line[2] for line in seen("all")[0]]) == (([], (1, 30)), [30, 30, 20])
    assert client.get("/boards/all", headers=headers).status_code == 200
