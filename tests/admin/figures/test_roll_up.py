"""What was rolled up by day equals the ledger to the point, whatever happened and whenever the job ran."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from admin.figures.groups import change, share, told
from admin.figures.periods import Period, chosen, month_of, preset, week_of
from admin.figures.reach import Reach, count_reach, keep_usual, reach
from admin.figures.roll_up import roll_up
from admin.figures.totals import days_of, outstanding_on, totals_of
from mall.db import Login
from mall.errors import MallError
from points.ledger.books import open_books
from points.ledger.daily import moves, outstanding, outstanding_at
from points.ledger.merge import merge_books

ZONE = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 3, 1, 15, 30, tzinfo=UTC)
CHECK_IN = "INSERT INTO check_ins (member_id, day, streak, points) VALUES (:member, :day, 1, 0)"
ALWAYS = Period(date(2000, 1, 1), date(2100, 1, 1))
STEPS = st.lists(
    st.tuples(
        st.sampled_from(("credit", "redeem", "refund", "claw", "forgive", "merge", "count")),
        st.integers(0, 1),
        st.integers(1, 300),
        st.integers(1, 40),
    ),
    max_size=14,
)


def live(run, people, steps):
    """Lead a life in steps of hours; the days are counted now and then on the way. Returns when it ended."""
    moment, held = START, 0
    for deed, who, points, hours in steps:
        moment += timedelta(hours=hours)
        member, other = people[who], people[1 - who]
        hold = f"hold-{held}"

        def work(tx, deed=deed, points=points, moment=moment, member=member, other=other, hold=hold):
            with open_books(tx, people, moment) as books:
                book = books[member]
                if deed == "credit":
                    book.credit(points, expires_at=moment + timedelta(days=1 + points % 3), occurred_at=moment)
                elif deed == "claw":
                    book.clawback(points, occurred_at=moment)
                elif deed == "forgive" and book.wallet.debt:
                    book.write_off(min(points, book.wallet.debt))
                elif deed == "merge":
                    merge_books(book, books[other], "together")
                elif deed == "redeem":
                    book.hold(points, hold_id=hold, label="gift", ref="ord-1")
                    book.capture(hold)
                elif deed == "refund":
                    book.refund(f"hold-{max(0, int(hold[5:]) - 1)}", 1)

        if deed == "count":
            roll_up(moment, ZONE)
            continue
        try:
            run(Login.EARNING, work)
        except MallError:
            continue  # refused: nothing happened
        held += deed == "redeem"
    return moment


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_days_add_up_to_the_ledger_to_the_point(app, run, restore, make_member, steps):
    restore()
    people = [make_member().id, make_member().id]
    end = live(run, people, steps) + timedelta(hours=30)
    roll_up(end, ZONE)
    days = run(Login.BACKOFFICE, lambda tx: days_of(tx, ALWAYS))
    totals = totals_of(days)
    whole = run(Login.BACKOFFICE, lambda tx: moves(tx, START, end + timedelta(days=1)))
    assert (totals.granted, totals.written_off, totals.taken_back) == (
        whole.granted,
        whole.written_off,
        whole.taken_back,
    )
    assert (totals.redeemed_gross, totals.refunded, totals.expired) == (whole.redeemed, whole.refunded, whole.expired)
    if days:
        assert run(Login.BACKOFFICE, lambda tx: outstanding_on(tx, days[-1].day)) == run(Login.BACKOFFICE, outstanding)
        middle = days[len(days) // 2].day
        after = datetime.combine(middle + timedelta(days=1), datetime.min.time(), ZONE)
        held, owed = run(Login.BACKOFFICE, lambda tx: outstanding_on(tx, middle))
        assert held - owed == run(Login.BACKOFFICE, lambda tx: outstanding_at(tx, after))


def test_missing_days_are_filled_and_finished_ones_stay(app, run, make_member):
    member = make_member().id
    with_credit = START - timedelta(days=3)

    def credit(tx):
        with open_books(tx, [member], with_credit) as books:
            books[member].credit(70, expires_at=START + timedelta(days=900), occurred_at=with_credit)

    run(Login.EARNING, credit)
    assert roll_up(START, ZONE) == 4  # from the first posting to today
    assert roll_up(START, ZONE) == 2  # yesterday and today
    run(
        Login.OWNER, lambda tx: tx.execute(text("UPDATE day_figures SET granted_points = 71 WHERE granted_points = 70"))
    )
    assert roll_up(START + timedelta(days=2), ZONE) == 3  # the one that was open, and two new ones
    days = run(Login.BACKOFFICE, lambda tx: days_of(tx, ALWAYS))
    assert [(row.day.day, row.granted_points) for row in days] == [(26, 71), (27, 0), (28, 0), (1, 0), (2, 0), (3, 0)]


def test_members_of_a_period_count_once(app, run, make_member, now):
    people, today = [make_member().id for _ in range(3)], now.astimezone(ZONE).date()
    for member, back in ((people[0], 0), (people[0], 1), (people[1], 1)):
        values = {"member": member, "day": today - timedelta(days=back)}
        run(Login.EARNING, lambda tx, values=values: tx.execute(text(CHECK_IN), values))
    period = Period(today - timedelta(days=1), today)
    later = now + timedelta(seconds=5)
    assert run(Login.BACKOFFICE, lambda tx: count_reach(tx, period, ZONE)) == Reach(3, 3, 2, 0)
    keep_usual(later, ZONE)
    week = preset("7", today)
    run(Login.OWNER, lambda tx: tx.execute(text("DELETE FROM check_ins")))
    assert run(Login.BACKOFFICE, lambda tx: reach(tx, week, later, ZONE)).checked_in == 2  # as kept
    assert run(Login.BACKOFFICE, lambda tx: reach(tx, week, later + timedelta(hours=1), ZONE)).checked_in == 0


def test_periods_and_the_ones_before():
    today = date(2026, 3, 15)
    assert preset("28", today) == Period(date(2026, 2, 16), today)
    assert preset("28", today).before() == Period(date(2026, 1, 19), date(2026, 2, 15))
    assert preset("month", today) == Period(date(2026, 3, 1), today)
    assert preset("last-month", today) == Period(date(2026, 2, 1), date(2026, 2, 28))
    assert month_of(date(2028, 2, 10)) == Period(date(2028, 2, 1), date(2028, 2, 29))
    assert week_of(today) == Period(date(2026, 3, 9), today)
    assert chosen(date(2025, 3, 15), today, today).length == 366


def test_groups_of_fewer_than_twenty_are_not_told():
    assert (told(19), told(20)) == (None, 20)
    assert (share(19, 100), share(20, 100), share(20, 0)) == (None, 20.0, None)
    assert (change(150, 100), change(150, 0), change(None, 100)) == (50.0, None, None)
