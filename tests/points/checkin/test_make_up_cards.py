"""Make-up cards, frozen days and milestones: exact streaks and points, and every refusal changes nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from mall.db import Login, run_tx
from mall.errors import Conflict
from mall.ids import new_id
from points.checkin.calendar import calendar
from points.checkin.cards import buy_card, give_cards, unused_cards
from points.checkin.check_in import check_in
from points.checkin.models import CheckIn
from points.checkin.records import streak_of
from points.checkin.repair import repair
from points.checkin.streaks import mended, streaks_after
from points.earning.versions import By
from points.ledger.books import open_books
from points.ledger.queries import balance
from points.statement import statement_page

TODAY = date(2026, 11, 24)
NINE = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
"""Nine o'clock on a Tuesday in the mall's zone."""


def at(day: date) -> datetime:
    return NINE + timedelta(days=(day - TODAY).days)


def back(days: int) -> date:
    return TODAY - timedelta(days=days)


@pytest.fixture
def mend(run, make_member):
    """A member of long standing, and what is done to the check-ins."""
    return Mend(run, make_member().id)


class Mend:
    def __init__(self, run, member):
        self.run, self.member = run, member
        join = text("UPDATE members SET created_at = :at WHERE id = :id")
        run(Login.OWNER, lambda tx: tx.execute(join, {"at": at(back(200)), "id": member}))

    def tx(self, work, *args):
        return self.run(Login.EARNING, lambda tx: work(tx, self.member, *args))

    def check_in(self, *days):
        return [self.tx(check_in, at(day)) for day in days]

    def repair(self, day, now=NINE):
        return self.tx(repair, day, now)

    def give(self, count=1):
        by = By("staff:stf_1", False, at(back(40)))
        return self.run(Login.BACKOFFICE, lambda tx: len(give_cards(tx, self.member, count, "outage", by)))

    def credit(self, points):
        def work(tx):
            with open_books(tx, [self.member], at(back(40))) as books:
                books[self.member].credit(points, expires_at=at(back(-400)), occurred_at=at(back(40)))

        self.run(Login.EARNING, work)

    def freeze(self, *days):
        add = text("INSERT INTO frozen_days VALUES (:day, 'update', 'staff:stf_1', now())")
        self.run(Login.BACKOFFICE, lambda tx: [tx.execute(add, {"day": day}) for day in days])

    def seed(self, days):
        """Check-ins of long ago, as rows; what they paid is not the matter."""
        rows = [CheckIn(member_id=self.member, day=day, streak=number, points=5) for number, day in enumerate(days, 1)]
        self.run(Login.EARNING, lambda tx: tx.add_all(rows))

    def set(self, **values):
        for name, value in values.items():
            change = text(f"UPDATE check_in_settings SET {name} = :value")
            self.run(Login.BACKOFFICE, lambda tx, change=change, value=value: tx.execute(change, {"value": value}))

    @property
    def state(self):
        def read(tx, member):
            days = {row.day: (row.streak, row.points) for row in tx.query(CheckIn).filter_by(member_id=member)}
            return days, balance(tx, member, NINE).available, unused_cards(tx, member)

        return self.tx(read)

    def refused(self, code, work, *args):
        before = self.state
        with pytest.raises(Conflict) as refusal:
            work(*args)
        assert refusal.value.code == code
        assert self.state == before


def test_a_card_mends_the_streak_and_the_day_itself_pays_nothing(mend):
    mend.check_in(back(5), back(4), back(2), back(1), TODAY)
    mend.give()
    done = mend.repair(back(3))
    assert (done.streak, done.points, done.cards) == (6, 0, 0)
    days, available, cards = mend.state
    assert [days[back(ago)] for ago in range(5, -1, -1)] == [(1, 5), (2, 5), (3, 0), (4, 5), (5, 5), (6, 5)]
    assert (available, cards) == (25, 0)
    assert mend.check_in(back(-1))[0].points == 30


def test_the_seventh_day_reached_by_a_repair_pays_the_rest_of_its_thirty_points(mend):
    mend.check_in(back(7), back(6), back(5), back(3), back(2), back(1), TODAY)
    mend.give()
    assert mend.repair(back(4)).points == 25
    days, available, _cards = mend.state
    assert (days[back(1)], days[TODAY]) == ((7, 30), (8, 5))
    assert available == 6 * 5 + 30


def test_a_milestone_that_one_part_was_paid_for_is_not_paid_again(mend):
    mend.check_in(*(back(ago) for ago in range(16, 7, -1)))  # nine days, so a day 7
    mend.check_in(*(back(ago) for ago in range(6, -1, -1)))  # seven days, a day 7 of its own
    assert mend.state[1] == 8 * 5 + 30 + 6 * 5 + 30
    mend.give()
    assert mend.repair(back(7)).streak == 17
    assert mend.state[0][back(3)] == (14, 30)  # only day 14 was in neither part
    assert mend.state[1] == 130 + 25


def test_thirty_days_pay_the_milestone_once_and_earn_a_card(mend):
    mend.seed([back(ago) for ago in range(29, 0, -1)])
    (done,) = mend.check_in(TODAY)
    assert (done.points, done.streak, done.cards) == (5 + 50, 30, 1)
    lines, _cursor = mend.tx(lambda tx, member: statement_page(tx, member, 10, None))
    assert [(line.label, line.points) for line in lines] == [("streak", 50), ("check_in", 5)]
    assert lines[0].why == ["连续 30 天：50"]
    assert mend.state[1:] == (55, 1)


def test_a_repaired_day_that_is_the_hundredth_pays_the_milestone_but_not_the_day(mend):
    mend.seed([back(ago) for ago in range(100, 1, -1)])
    mend.give()
    done = mend.repair(back(1))
    assert (done.streak, done.points, mend.state[0][back(1)]) == (100, 200, (100, 200))


def test_where_the_policy_says_so_a_repaired_day_pays(mend):
    mend.set(repaired_day_pays=True)
    mend.check_in(back(2), TODAY)
    mend.give()
    assert mend.repair(back(1)).points == 5
    assert mend.state[0][back(1)] == (2, 5)


@pytest.mark.parametrize(
    ("day", "code"),
    [
        (TODAY, "day_not_repairable"),
        (back(-1), "day_not_repairable"),
        (back(8), "day_not_repairable"),
        (date.max, "day_not_repairable"),
        (date.min, "day_not_repairable"),
        (back(2), "day_checked_in"),
        (back(3), "day_not_repairable"),
    ],
    ids=["today", "tomorrow", "too long ago", "the last day", "the first day", "checked in", "frozen"],
)
def test_a_day_that_cannot_be_made_up_for_costs_no_card(mend, day, code):
    mend.check_in(back(2))
    mend.freeze(back(3))
    mend.give()
    mend.refused(code, mend.repair, day)


def test_nobody_repairs_a_day_before_joining(mend):
    join = text("UPDATE members SET created_at = :at WHERE id = :id")
    midnight = datetime(2026, 11, 21, 16, 0, tzinfo=UTC)  # the 22nd begins in the mall's zone
    mend.run(Login.OWNER, lambda tx: tx.execute(join, {"at": midnight, "id": mend.member}))
    mend.give()
    mend.refused("day_not_repairable", mend.repair, date(2026, 11, 21))
    assert mend.repair(date(2026, 11, 22)).streak == 1


def test_without_a_card_nothing_is_repaired(mend):
    mend.check_in(back(2))
    mend.refused("no_make_up_card", mend.repair, back(1))


def test_what_is_today_turns_at_midnight_in_the_zone_of_the_mall(mend):
    mend.give(2)
    before = datetime(2026, 11, 24, 15, 59, 59, tzinfo=UTC)
    mend.refused("day_not_repairable", mend.repair, TODAY, before)
    mend.refused("day_not_repairable", mend.repair, back(8), before)
    assert mend.repair(back(7), before).streak == 1
    after = before + timedelta(seconds=1)
    mend.refused("day_not_repairable", mend.repair, back(6) - timedelta(days=2), after)
    assert mend.repair(TODAY, after).streak == 1


def test_a_card_is_bought_at_its_price_and_names_itself_on_the_statement(mend):
    mend.credit(120)
    assert mend.tx(buy_card, new_id("muc"), NINE).price_points == 50
    assert mend.state[1:] == (70, 1)
    (line, _credit), _cursor = mend.tx(lambda tx, member: statement_page(tx, member, 10, None))
    assert (line.label, line.points, line.balance_after) == ("make_up_card", -50, 70)
    assert mend.tx(buy_card, new_id("muc"), NINE).price_points == 50
    mend.refused("insufficient_points", mend.tx, buy_card, new_id("muc"), NINE)
    mend.give()
    mend.refused("too_many_cards", mend.tx, buy_card, new_id("muc"), NINE)
    mend.set(card_price_points=None)
    mend.refused("cards_not_sold", mend.tx, buy_card, new_id("muc"), NINE)


def test_fifty_uses_of_one_card_at_once_repair_one_day(app, mend):
    mend.check_in(back(7), TODAY)
    mend.give()

    def one(number):
        with app.app_context():
            try:
                return run_tx(Login.EARNING, lambda tx: repair(tx, mend.member, back(1 + number % 6), NINE)).day
            except Conflict as refused:
                return refused.code

    with ThreadPoolExecutor(10) as pool:
        ended = list(pool.map(one, range(50)))
    (day,) = [one for one in ended if isinstance(one, date)]
    assert set(ended) - {day} <= {"no_make_up_card", "day_checked_in"}
    days, _available, cards = mend.state
    assert (set(days), cards) == ({back(7), TODAY, day}, 0)


def test_fifty_check_ins_at_once_beside_a_repair_are_one(app, mend):
    mend.check_in(back(2))
    mend.give()

    def one(number):
        with app.app_context():
            try:
                if number == 7:
                    return run_tx(Login.EARNING, lambda tx: repair(tx, mend.member, back(1), NINE)) and "repaired"
                return run_tx(Login.EARNING, lambda tx: check_in(tx, mend.member, NINE)) and "done"
            except Conflict as refused:
                return refused.code

    with ThreadPoolExecutor(10) as pool:
        ended = list(pool.map(one, range(51)))
    assert sorted(set(ended)) == ["already_checked_in", "done", "repaired"]
    assert (ended.count("done"), mend.state[0][TODAY], mend.state[1]) == (1, (3, 5), 10)


def test_a_frozen_day_neither_breaks_nor_counts(mend):
    mend.check_in(back(4))
    mend.freeze(back(3), back(2))
    assert mend.check_in(back(1))[0].streak == 2
    mend.freeze(TODAY)
    assert mend.tx(streak_of, back(-1)) == (2, False)
    assert mend.tx(streak_of, back(-2)) == (0, False)
    assert mend.check_in(TODAY)[0].streak == 3  # who comes all the same is counted


def test_the_calendar_tells_each_day_and_what_is_ahead(mend):
    mend.check_in(back(6), back(5), back(3))
    mend.freeze(back(4))
    mend.give()
    mend.repair(back(2))
    shown = mend.tx(calendar, None, NINE)
    states = {day.date.day: day.state for day in shown.days}
    assert [states[day] for day in range(16, 26)] == [
        "missed", "missed", "done", "done", "frozen", "done", "repaired", "missed", "today", "upcoming",
    ]  # fmt: skip
    assert [day.date for day in shown.days if day.repairable] == [back(7), back(1)]
    assert (shown.missed, shown.streak, shown.checked_in, shown.today_points) == ([back(1), back(7)], 0, False, 5)
    goals = [(goal.streak, goal.days_left, goal.points, goal.card) for goal in shown.goals]
    assert goals == [(7, 7, 30, False), (30, 30, 55, True), (100, 100, 205, False)]


DAYS = 24


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sets(st.integers(0, DAYS)), st.sets(st.integers(0, DAYS)), st.lists(st.integers(0, DAYS), max_size=6)
)  # fmt: skip
def test_repairs_give_the_streaks_that_counting_by_hand_gives(done, frozen, repairs):
    """The plain model walks through the days one by one; repairs in any order come to the same."""
    start = date(2026, 2, 20)
    days = {start + timedelta(days=number) for number in done}
    off = {start + timedelta(days=number) for number in frozen}
    kept = streaks_after(None, sorted(days), off)
    paid = {(day, streak) for day, streak in kept.items()}
    for number in repairs:
        day = start + timedelta(days=number)
        if day in kept or day in off:
            continue
        earlier = [(one, streak) for one, streak in sorted(kept.items()) if one < day]
        later = [(one, streak) for one, streak in sorted(kept.items()) if one > day]
        change = mended(earlier[-1] if earlier else None, day, later, off)
        kept |= change.streaks
        run = _run_of(day, kept, off)
        for one, streak in change.reached.items():
            assert (one in run) and kept[one] == streak
            assert streak not in {old for at_day, old in paid if at_day in run}
        paid |= set(change.reached.items())
        assert {streak for at_day, streak in paid if at_day in run} >= {kept[one] for one in run}
    assert kept == _by_hand(start, set(kept), off)


def _by_hand(start, checked, off):
    found, streak = {}, 0
    for number in range(DAYS + 1):
        day = start + timedelta(days=number)
        if day in checked:
            streak += 1
            found[day] = streak
        elif day not in off:
            streak = 0
    return found


def _run_of(day, kept, off):
    run, one = [day], day
    while (one := one + timedelta(days=1)) in kept or one in off:
        run += [one] if one in kept else []
    one = day
    while (one := one - timedelta(days=1)) in kept or one in off:
        run += [one] if one in kept else []
    return run
