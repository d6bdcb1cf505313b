"""Prizes of the month: shared exactly, within the budget, paid once however often a month is closed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from mall.db import Login
from mall.errors import Conflict, Invalid
from mall.jobs import run_job
from mall.outbox import deliver_due
from points.earning.book_events import book_events
from points.earning.event_types import EventIn, EventSource
from points.earning.versions import By
from points.ledger.queries import balance
from points.prizes.close import close_month
from points.prizes.months import Offer, set_prizes
from points.prizes.shares import Win, closes_on, share_prizes
from points.standing.boards import board, show_on_boards

SHANGHAI = ZoneInfo("Asia/Shanghai")
INSIDE = EventSource("mall:test", internal=True)
MONTH = date(2026, 3, 1)
MIDDLE = datetime(2026, 3, 15, 4, tzinfo=UTC)
LATE = datetime(2026, 4, 2, 4, tzinfo=UTC)
CLOSING = datetime(2026, 4, 3, 16, 0, tzinfo=UTC)
"""Midnight of 4 April in Shanghai: the month and three days of grace are over."""


@pytest.fixture
def offer(run):
    def put(prizes=(100, 60, 30), budget=200, grace=3, version=0):
        wanted = Offer(list(prizes), budget, grace, version)
        return run(Login.BACKOFFICE, lambda tx: set_prizes(tx, MONTH, wanted, By("staff:x", True, MIDDLE)))

    return put


@pytest.fixture
def attend(run):
    """Books ``times`` activities of 10 points that happened at one moment, reported at another."""

    def book(member, times: int, at: datetime = MIDDLE, reported: datetime | None = None) -> None:
        events = [
            EventIn(f"{member.id}/{at}/{n}", "activity.attended", member.id, at, f"{at}-{n}", {}) for n in range(times)
        ]
        outcomes = run(Login.EARNING, lambda tx: book_events(tx, INSIDE, events, reported or at))
        assert all(outcome.error is None for outcome in outcomes)

    return book


@pytest.fixture
def ranked(run, make_member):
    """Makes a member who is on the boards."""

    def make(username: str | None = None, nickname: str | None = None):
        member = make_member(username=username, nickname=nickname)
        run(Login.EARNING, lambda tx: show_on_boards(tx, member.id, True, MIDDLE))
        return member

    return make


@pytest.fixture
def suspend(run):
    """Suspends a member."""
    change = text("UPDATE members SET status = 'suspended' WHERE id = :m")
    return lambda member: run(Login.OWNER, lambda tx: tx.execute(change, {"m": member.id}))


def _won(run) -> dict[str, tuple[int, int, int]]:
    rows = text("SELECT member_id, place, points, prize_points FROM prize_winners")
    return {row[0]: tuple(row[1:]) for row in run(Login.BACKOFFICE, lambda tx: tx.execute(rows).all())}


def _close(run, at: datetime = CLOSING):
    return run(Login.EARNING, lambda tx: close_month(tx, MONTH, at))


def test_equal_points_share_the_prizes_of_their_places():
    scores = [("d", 5), ("a", 20), ("b", 10), ("c", 10), ("e", 0), ("f", -3)]
    shared = [Win("a", 1, 20, 100), Win("b", 2, 10, 45), Win("c", 2, 10, 45)]
    assert share_prizes(scores, [100, 60, 30]) == shared
    assert share_prizes(scores, [100, 60]) == [Win("a", 1, 20, 100), Win("b", 2, 10, 30), Win("c", 2, 10, 30)]
    assert share_prizes([("a", 1), ("b", 1), ("c", 1)], [2]) == []
    assert share_prizes(scores, []) == []


@settings(max_examples=50)
@given(st.lists(st.integers(-2, 6), max_size=12), st.lists(st.integers(1, 9), max_size=6))
def test_never_more_is_paid_than_the_prizes_come_to(points, prizes):
    ordered = sorted(prizes, reverse=True)
    wins = share_prizes([(f"m{n:02d}", value) for n, value in enumerate(points)], ordered)
    assert sum(win.prize_points for win in wins) <= sum(prizes)
    assert len({win.member_id for win in wins}) == len(wins)
    assert all(win.prize_points > 0 and win.points > 0 for win in wins)


def test_a_month_closes_after_its_days_of_grace():
    assert closes_on(MONTH, 3) == date(2026, 4, 4)
    assert closes_on(date(2026, 12, 1), 0) == date(2027, 1, 1)


def test_the_month_pays_who_is_shown_and_counts_what_happened_in_it(
    run, client, offer, attend, ranked, make_member, make_staff
):
    offer()
    first, late, hidden, gone, clerk, early = (
        ranked(nickname="甲"), ranked(nickname="乙"), make_member(), ranked(), ranked("wang-office"), ranked(),
    )  # fmt: skip
    make_staff("rules", username="wang-office")
    for member in (hidden, gone, clerk):
        attend(member, 9)
    attend(first, 3)
    attend(late, 1)
    attend(late, 2, MIDDLE + timedelta(days=1), reported=LATE)  # happened in March, told in April
    attend(early, 9, MIDDLE - timedelta(days=40), reported=MIDDLE)  # told in March, happened in February
    run(
        Login.OWNER,
        lambda tx: tx.execute(text("UPDATE members SET status = 'suspended' WHERE id = :m"), {"m": gone.id}),
    )
    assert _close(run, CLOSING - timedelta(seconds=1)) is None
    assert run_job("close-prizes", CLOSING) == {"months": 1, "winners": 2}
    assert _won(run) == {first.id: (1, 30, 80), late.id: (1, 30, 80)}
    assert run(Login.EARNING, lambda tx: balance(tx, first.id, CLOSING)).available == 30 + 80
    assert run(Login.EARNING, lambda tx: balance(tx, hidden.id, CLOSING)).available == 90
    # A prize is no reason to win again: it counts for no board and no level.
    assert client.get("/api/v1/me", headers=first.auth).json["level"]["points"] == 30
    while deliver_due(CLOSING + timedelta(minutes=1)):
        pass
    notices = client.get("/api/v1/me/notifications", headers={**first.auth, "Accept-Language": "en"}).json["items"]
    assert [one["text"] for one in notices] == ["Place 1 on the board of 2026-03: you have won 80 points!"]
    shown = client.get("/api/v1/prizes", headers=hidden.auth).json["months"]
    assert [(one["month"], sorted(line["nickname"] for line in one["winners"])) for one in shown] == [
        ("2026-03", ["乙", "甲"])
    ]
    client.put("/api/v1/me/board", json={"opted_in": False}, headers=late.auth)
    shown = client.get("/api/v1/prizes", headers=hidden.auth).json["months"]
    assert [line["nickname"] for line in shown[0]["winners"]] == ["甲"]


def test_closing_twice_and_at_once_pays_once(app, run, offer, attend, ranked):
    offer()
    member = ranked()
    attend(member, 1)
    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(lambda _: _close(run), range(6)))
    assert sorted(result is None for result in results) == [False, *[True] * 5]
    assert _close(run, CLOSING + timedelta(days=60)) is None
    assert run_job("close-prizes", CLOSING) == {}
    assert run(Login.EARNING, lambda tx: balance(tx, member.id, CLOSING)).available == 10 + 100
    assert _won(run) == {member.id: (1, 10, 100)}
    assert app.test_cli_runner().invoke(args=["ledger", "verify"]).output.endswith("ledger ok\n")
    with pytest.raises(Conflict, match="month_closed"):
        offer(version=1)


def test_prizes_above_the_budget_or_rising_are_refused(run, client, offer, make_staff):
    for prizes, budget in (((100, 60, 30), 189), ((60, 100), 500)):
        with pytest.raises(Invalid):
            offer(prizes, budget)
    assert run(Login.BACKOFFICE, lambda tx: tx.scalar(text("SELECT count(*) FROM prize_months"))) == 0
    assert offer((100, 60, 30), 190).version == 1
    with pytest.raises(Conflict, match="prizes_changed"):
        offer((1,), 1, version=2)
    rules = make_staff("rules")
    url, body = "/api/v1/admin/prizes/2099-02", {"version": 0, "prizes": [9, 8], "budget_points": 20, "grace_days": 2}
    saved = client.put(url, json=body, headers=rules.auth).json
    assert (saved["closes_on"], saved["version"], saved["paid_points"]) == ("2099-03-03", 1, None)
    assert client.put(url, json={**body, "budget_points": 16}, headers=rules.auth).json["errors"].keys() == {
        "budget_points"
    }
    assert client.put("/api/v1/admin/prizes/2020-01", json=body, headers=rules.auth).json["code"] == "month_closed"
    assert client.get("/api/v1/admin/prizes/2099-13", headers=rules.auth).status_code == 404


def test_staff_and_suspended_members_are_on_no_board(run, attend, ranked, suspend, make_staff):
    clerk, gone, shown = ranked("li-office"), ranked(), ranked()
    make_staff("catalog", username="li-office")
    for member in (clerk, gone, shown):
        attend(member, 1)
    run(
        Login.OWNER,
        lambda tx: tx.execute(text("UPDATE members SET status = 'suspended' WHERE id = :m"), {"m": gone.id}),
    )
    for period in ("week", "month", "all"):
        found = run(Login.EARNING, lambda tx, period=period: board(tx, period, shown.id, MIDDLE, SHANGHAI))
        assert [place.mine for place in found.places] == [True]
