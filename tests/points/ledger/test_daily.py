"""Figures by day say what the postings of the day say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from mall.db import Login
from points.ledger.books import open_books
from points.ledger.daily import DayFigures, daily_figures, outstanding

ZONE = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)


def act(run, moment, member, deed):
    def work(tx):
        with open_books(tx, [member], moment) as books:
            deed(books[member])

    run(Login.EARNING, work)


def test_a_day_without_postings_is_all_zeros(app, run):
    found = run(Login.BACKOFFICE, lambda tx: daily_figures(tx, 3, NOON, ZONE))
    assert [figures.day.isoformat() for figures in found] == ["2026-11-18", "2026-11-19", "2026-11-20"]
    assert {(figures.minted, figures.redeemed, figures.expired) for figures in found} == {(0, 0, 0)}
    assert run(Login.BACKOFFICE, outstanding) == (0, 0)


def test_days_count_what_was_granted_redeemed_given_back_clawed_back_and_expired(app, run, make_member):
    member, before, lasts = make_member().id, NOON - timedelta(days=1), NOON + timedelta(hours=2)
    act(run, before, member, lambda book: book.credit(500, expires_at=lasts, occurred_at=before))
    act(run, before, member, lambda book: book.hold(200, hold_id="hold-1", label="gift", ref="ord-1"))
    act(run, before, member, lambda book: book.capture("hold-1"))
    act(run, NOON, member, lambda book: book.refund("hold-1", 50))
    act(run, NOON, member, lambda book: book.clawback(30, occurred_at=NOON))
    late = NOON + timedelta(hours=3)
    act(run, late, member, lambda book: None)
    first, second = run(Login.BACKOFFICE, lambda tx: daily_figures(tx, 2, late, ZONE))
    assert first == DayFigures(before.date(), minted=500, redeemed=200)
    assert (second.minted, second.redeemed) == (-30, -50)
    held, owed = run(Login.BACKOFFICE, outstanding)
    assert (held, owed) == (500 - 200 + 50 - 30 - second.expired, 0)
    assert second.expired > 0
