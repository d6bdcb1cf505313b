"""What the ledger did in a span of time is what its postings say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from mall.db import Login
from points.ledger.books import open_books
from points.ledger.daily import Moves, moves, outstanding, outstanding_at

NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)


def act(run, moment, member, deed):
    def work(tx):
        with open_books(tx, [member], moment) as books:
            deed(books[member])

    run(Login.EARNING, work)


def test_a_span_without_postings_is_all_zeros(app, run):
    assert run(Login.BACKOFFICE, lambda tx: moves(tx, NOON - timedelta(days=3), NOON)) == Moves()
    assert run(Login.BACKOFFICE, outstanding) == (0, 0)
    assert run(Login.BACKOFFICE, lambda tx: outstanding_at(tx, NOON)) == 0


def test_spans_count_what_was_granted_redeemed_given_back_clawed_back_and_expired(app, run, make_member):
    member, before, lasts = make_member().id, NOON - timedelta(days=1), NOON + timedelta(hours=2)
    act(run, before, member, lambda book: book.credit(500, expires_at=lasts, occurred_at=before))
    act(run, before, member, lambda book: book.hold(200, hold_id="hold-1", label="gift", ref="ord-1"))
    act(run, before, member, lambda book: book.capture("hold-1"))
    act(run, NOON, member, lambda book: book.refund("hold-1", 50))
    act(run, NOON, member, lambda book: book.clawback(30, occurred_at=NOON))
    late = NOON + timedelta(hours=3)
    act(run, late, member, lambda book: None)
    first, second = (
        run(Login.BACKOFFICE, lambda tx, since=since: moves(tx, since, since + timedelta(days=1)))
        for since in (before, NOON)
    )
    assert first == Moves(granted=500, redeemed=200)
    assert second == Moves(taken_back=30, refunded=50, expired=second.expired) and second.expired > 0
    held, owed = run(Login.BACKOFFICE, outstanding)
    assert (held, owed) == (500 - 200 + 50 - 30 - second.expired, 0)
    assert run(Login.BACKOFFICE, lambda tx: outstanding_at(tx, NOON)) == first.net == 300
    assert run(Login.BACKOFFICE, lambda tx: outstanding_at(tx, late + timedelta(days=1))) == held
