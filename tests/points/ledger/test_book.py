"""Every verb of a book and every refusal, with exact figures, in a real database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from mall.errors import Conflict, MallError, NotFound
from points.ledger.book import Book
from points.ledger.merge import merge_books
from tests.points.ledger.desk import Desk

A, B = "mem_a", "mem_b"


@pytest.fixture
def desk(proven: Desk) -> Desk:
    """Every ledger these tests leave behind has to prove right."""
    return proven


def refused(desk: Desk, member_id: str, work: Callable[[Book], Any], code: str) -> MallError:
    """``work`` is refused with ``code`` and changes nothing that is stored."""
    before = desk.rows(member_id)
    with pytest.raises(MallError) as caught:
        desk.on(member_id, work)
    assert caught.value.code == code
    assert desk.rows(member_id) == before
    return caught.value


class TestCredit:
    def test_a_credit_is_available_at_once(self, desk: Desk) -> None:
        desk.credit(A, 100, award_id="awd_1", label="check_in", ref="x", days=30)
        assert desk.accounts(A) == {"issued": 100, "available": 100}
        assert desk.lots(A) == [(100, 30)]
        posting = desk.rows(A).postings[0]
        assert (posting.kind, posting.label, posting.ref, posting.award_id) == ("earned", "check_in", "x", "awd_1")
        assert (posting.occurred_at, posting.posted_at, posting.net_after) == (desk.now, desk.now, 100)

    def test_a_pending_credit_becomes_available_when_it_matures(self, desk: Desk) -> None:
        desk.credit_pending(A, 100, wait=7)
        assert desk.accounts(A) == {"issued": 100, "pending": 100}
        assert desk.statement(A) == []
        desk.pass_time(days=6.9)
        assert (desk.balance(A).available, desk.balance(A).pending) == (0, 100)
        desk.pass_time(days=0.1)
        assert (desk.balance(A).available, desk.balance(A).pending) == (100, 0)
        desk.on(A, lambda book: None)
        assert desk.accounts(A) == {"issued": 100, "available": 100}
        assert desk.postings(A)[-1] == ("matured", "pending", "available", 100)

    def test_points_until_confirmed_wait_for_the_confirmation_of_their_award(self, desk: Desk) -> None:
        desk.credit_pending(A, 100, wait=None, award_id="awd_1")
        desk.credit_pending(A, 50, wait=None, award_id="awd_2")
        desk.pass_time(days=50)
        assert desk.balance(A).pending == 150
        assert desk.on(A, lambda book: book.confirm("awd_1")) == 100
        assert desk.accounts(A) == {"issued": 150, "available": 100, "pending": 50}
        assert desk.on(A, lambda book: book.confirm("awd_1")) == 0
        assert desk.on(A, lambda book: book.confirm("awd_none")) == 0

    def test_a_credit_that_has_expired_already_is_booked_and_expires(self, desk: Desk) -> None:
        desk.credit(A, 100, days=-1)
        assert desk.accounts(A) == {"issued": 100, "expired": 100}

    @pytest.mark.parametrize("points", [0, -1, 1.5, True, "1", None])
    def test_points_have_to_be_positive_and_whole(self, desk: Desk, points: Any) -> None:
        desk.credit(A, 10)
        before = desk.rows(A)
        with pytest.raises(ValueError):
            desk.credit(A, points)
        assert desk.rows(A) == before


class TestFirstInFirstOut:
    def test_a_hold_draws_from_the_lots_that_expire_first(self, desk: Desk) -> None:
        desk.credit(A, 10, days=90)
        desk.credit(A, 20, days=10)
        desk.credit(A, 30, days=50)
        desk.hold(A, 35)
        assert desk.lots(A) == [(15, 50), (10, 90)]
        [hold] = desk.rows(A).holds
        assert [(share.lot_version, share.points) for share in hold.shares] == [(2, 20), (3, 15)]

    def test_lots_of_one_expiry_are_drawn_the_oldest_first(self, desk: Desk) -> None:
        for points in (5, 6, 7):
            desk.credit(A, points, days=10)
        desk.hold(A, 8)
        assert [lot.remaining for lot in desk.rows(A).lots] == [0, 3, 7]

    def test_the_balance_lists_points_by_expiry(self, desk: Desk) -> None:
        for points, days in ((1, 30), (2, 10), (4, 30), (8, 20)):
            desk.credit(A, points, days=days)
        desk.credit_pending(A, 100, wait=5, days=10)
        assert desk.balance(A).expiring == [
            (2, desk.now + timedelta(days=10)),
            (8, desk.now + timedelta(days=20)),
            (5, desk.now + timedelta(days=30)),
        ]

    def test_a_balance_lists_twelve_expiries_at_most(self, desk: Desk) -> None:
        for days in range(1, 15):
            desk.credit(A, days, days=days)
        assert [points for points, _ in desk.balance(A).expiring] == list(range(1, 13))

    def test_a_member_the_ledger_has_never_met_has_nothing(self, desk: Desk) -> None:
        shown = desk.balance("mem_unknown")
        assert (shown.available, shown.pending, shown.held, shown.debt, shown.expiring) == (0, 0, 0, 0, [])


class TestHolds:
    def test_a_hold_sets_points_aside(self, desk: Desk) -> None:
        desk.credit(A, 100)
        desk.hold(A, 30)
        assert desk.accounts(A) == {"issued": 100, "available": 70, "held": 30}

    def test_a_capture_spends_what_is_held(self, desk: Desk) -> None:
        desk.credit(A, 100)
        desk.hold(A, 30)
        assert desk.on(A, lambda book: book.capture("hold_1")) == 30
        assert desk.accounts(A) == {"issued": 100, "available": 70, "redeemed": 30}

    def test_a_hold_is_captured_and_released_in_parts(self, desk: Desk) -> None:
        desk.credit(A, 10, days=10)
        desk.credit(A, 20, days=20)
        desk.hold(A, 30)
        desk.on(A, lambda book: book.capture("hold_1", 12))
        desk.on(A, lambda book: book.release("hold_1", 5))
        assert desk.accounts(A) == {"issued": 30, "available": 5, "held": 13, "redeemed": 12}
        assert desk.lots(A) == [(5, 20)]
        desk.on(A, lambda book: book.capture("hold_1", 13))
        assert desk.accounts(A) == {"issued": 30, "available": 5, "redeemed": 25}
        [hold] = desk.rows(A).holds
        assert [(share.captured, share.released) for share in hold.shares] == [(10, 0), (15, 5)]

    def test_a_release_goes_back_to_the_same_lots_with_their_own_expiry(self, desk: Desk) -> None:
        desk.credit(A, 10, days=10)
        desk.credit(A, 20, days=20)
        desk.hold(A, 25)
        assert desk.lots(A) == [(5, 20)]
        desk.on(A, lambda book: book.release("hold_1"))
        assert desk.lots(A) == [(10, 10), (20, 20)]
        assert len(desk.rows(A).lots) == 2
        assert desk.accounts(A) == {"issued": 30, "available": 30}

    def test_a_refund_goes_back_to_the_same_lots_the_last_to_expire_first(self, desk: Desk) -> None:
        desk.credit(A, 10, days=10)
        desk.credit(A, 20, days=20)
        desk.hold(A, 30)
        desk.on(A, lambda book: book.capture("hold_1"))
        assert desk.on(A, lambda book: book.refund("hold_1", 22)) == 22
        assert desk.lots(A) == [(2, 10), (20, 20)]
        assert desk.on(A, lambda book: book.refund("hold_1")) == 8
        assert desk.lots(A) == [(10, 10), (20, 20)]
        assert desk.accounts(A) == {"issued": 30, "available": 30}

    @pytest.mark.parametrize("verb", ["release", "refund"])
    def test_a_share_whose_lot_has_expired_comes_back_for_thirty_days(self, desk: Desk, verb: str) -> None:
        desk.credit(A, 10, days=10, award_id="awd_1")
        desk.credit(A, 20, days=20)
        desk.hold(A, 30)
        if verb == "refund":
            desk.on(A, lambda book: book.capture("hold_1"))
        desk.pass_time(days=15)
        desk.on(A, lambda book: getattr(book, verb)("hold_1"))
        assert desk.lots(A) == [(20, 20), (10, 45)]
        assert desk.rows(A).lots[-1].award_id == "awd_1"
        assert desk.accounts(A) == {"issued": 30, "available": 30}
        desk.pass_time(days=30)
        assert desk.balance(A).available == 0

    @pytest.mark.parametrize("verb", ["release", "refund"])
    def test_a_lot_has_expired_at_the_very_moment_of_its_expiry(self, desk: Desk, verb: str) -> None:
        desk.credit(A, 10, days=10)
        desk.hold(A, 10)
        desk.on(A, lambda book: book.capture("hold_1") if verb == "refund" else None)
        desk.pass_time(days=10)
        desk.on(A, lambda book: getattr(book, verb)("hold_1"))
        assert desk.lots(A) == [(10, 40)]

    def test_a_hold_expires_by_itself_and_gives_back(self, desk: Desk) -> None:
        desk.credit(A, 100)
        desk.hold(A, 60, days=1)
        desk.pass_time(days=0.9)
        assert (desk.balance(A).available, desk.balance(A).held) == (40, 60)
        desk.pass_time(days=0.1)
        assert (desk.balance(A).available, desk.balance(A).held) == (100, 0)
        refused(desk, A, lambda book: book.capture("hold_1"), "hold_exceeded")
        desk.on(A, lambda book: None)
        assert desk.accounts(A) == {"issued": 100, "available": 100}
        assert desk.postings(A)[-1] == ("hold_expired", "held", "available", 60)
        assert desk.rows(A).postings[-1].occurred_at == desk.start + timedelta(days=1)

    def test_what_was_captured_of_a_hold_stays_spent_when_the_rest_expires(self, desk: Desk) -> None:
        desk.credit(A, 100)
        desk.hold(A, 60, days=1)
        desk.on(A, lambda book: book.capture("hold_1", 25))
        desk.pass_time(days=2)
        desk.on(A, lambda book: None)
        assert desk.accounts(A) == {"issued": 100, "available": 75, "redeemed": 25}

    def test_held_points_do_not_expire(self, desk: Desk) -> None:
        desk.credit(A, 100, days=10)
        desk.hold(A, 60)
        desk.pass_time(days=11)
        assert (desk.balance(A).available, desk.balance(A).held) == (0, 60)
        desk.on(A, lambda book: book.capture("hold_1"))
        assert desk.accounts(A) == {"issued": 100, "expired": 40, "redeemed": 60}

    def test_too_many_points_are_refused_with_what_is_missing(self, desk: Desk) -> None:
        desk.credit(A, 30)
        desk.credit_pending(A, 100, wait=5)
        error = refused(desk, A, lambda book: book.hold(31, hold_id="hold_1"), "insufficient_points")
        assert isinstance(error, Conflict)
        assert error.extra == {"missing": 1}

    def test_debt_blocks_a_hold(self, desk: Desk) -> None:
        desk.clawback(A, 5)
        desk.credit_pending(A, 100, wait=5)
        error = refused(desk, A, lambda book: book.hold(1, hold_id="hold_1"), "in_debt")
        assert error.extra == {"debt": 5}

    def test_a_hold_id_is_taken_once(self, desk: Desk) -> None:
        desk.credit(A, 100)
        desk.hold(A, 10)
        refused(desk, A, lambda book: book.hold(10, hold_id="hold_1"), "hold_exists")

    @pytest.mark.parametrize(
        ("verb", "points", "open_points"),
        [("capture", 31, 30), ("release", 31, 30), ("refund", 1, 0), ("refund", None, 0), ("capture", 0, 30),
         ("release", -1, 30)],
    )  # fmt: skip
    def test_more_than_is_open_is_refused(self, desk: Desk, verb: str, points: int | None, open_points: int) -> None:
        desk.credit(A, 100)
        desk.hold(A, 30)
        error = refused(desk, A, lambda book: getattr(book, verb)("hold_1", points), "hold_exceeded")
        assert error.extra == {"open": open_points}

    @pytest.mark.parametrize("verb", ["capture", "release", "refund"])
    def test_a_hold_of_another_member_is_not_found(self, desk: Desk, verb: str) -> None:
        desk.credit(A, 100)
        desk.hold(A, 30)
        desk.credit(B, 100)
        error = refused(desk, B, lambda book: getattr(book, verb)("hold_1"), "hold_not_found")
        assert isinstance(error, NotFound)
        assert desk.accounts(A) == {"issued": 100, "available": 70, "held": 30}


class TestClawback:
    def test_it_takes_own_pending_own_expired_own_unspent_others_by_expiry_then_debt(self, desk: Desk) -> None:
        desk.credit(A, 1, award_id="awd_1", days=5)
        desk.pass_time(days=6)
        desk.credit_pending(A, 2, wait=10, award_id="awd_1")
        desk.credit(A, 4, award_id="awd_1", days=200)
        desk.credit(A, 8, award_id="awd_2", days=90)
        desk.credit(A, 16, award_id="awd_3", days=40)
        desk.credit_pending(A, 32, wait=10, award_id="awd_4")

        assert desk.clawback(A, 1, award_id="awd_1") == (1, 0, 0, 0)
        assert desk.clawback(A, 2, award_id="awd_1") == (1, 1, 0, 0)
        assert desk.clawback(A, 1, award_id="awd_1") == (0, 0, 1, 0)
        assert desk.lots(A) == [(16, 46), (8, 96), (3, 206)]
        assert desk.clawback(A, 13, award_id="awd_1") == (0, 0, 13, 0)
        assert desk.lots(A) == [(6, 46), (8, 96)]
        assert desk.clawback(A, 20, award_id="awd_1") == (0, 0, 14, 6)
        assert desk.accounts(A) == {"issued": 63, "pending": 32, "reversed": 37, "debt": 6}

    def test_all_places_at_once(self, desk: Desk) -> None:
        desk.credit(A, 1, award_id="awd_1", days=5)
        desk.pass_time(days=6)
        desk.credit_pending(A, 2, wait=10, award_id="awd_1")
        desk.credit(A, 4, award_id="awd_1")
        desk.credit(A, 8, award_id="awd_2")
        assert desk.clawback(A, 20, award_id="awd_1") == (2, 1, 12, 5)
        assert desk.accounts(A) == {"issued": 15, "reversed": 20, "debt": 5}
        assert [line.points for line in desk.statement(A)][:2] == [-5, -12]

    def test_of_its_own_lots_it_takes_the_first_to_expire_first(self, desk: Desk) -> None:
        desk.credit(A, 10, days=50, award_id="awd_1")
        desk.credit(A, 10, days=20, award_id="awd_1")
        desk.credit_pending(A, 10, wait=5, days=80, award_id="awd_1")
        desk.credit_pending(A, 10, wait=9, days=70, award_id="awd_1")
        assert desk.clawback(A, 25, award_id="awd_1") == (20, 0, 5, 0)
        assert desk.lots(A) == [(5, 20), (10, 50)]
        assert desk.clawback(A, 10, award_id="awd_1") == (0, 0, 10, 0)
        assert desk.lots(A) == [(5, 50)]

    def test_held_points_are_never_taken(self, desk: Desk) -> None:
        desk.credit(A, 100, award_id="awd_1")
        desk.hold(A, 70)
        assert desk.clawback(A, 100, award_id="awd_1") == (0, 0, 30, 70)
        assert desk.accounts(A) == {"issued": 100, "held": 70, "reversed": 100, "debt": 70}

    def test_pending_points_of_other_awards_are_never_taken(self, desk: Desk) -> None:
        desk.credit_pending(A, 100, wait=5, award_id="awd_2")
        assert desk.clawback(A, 10, award_id="awd_1") == (0, 0, 0, 10)
        assert desk.accounts(A) == {"issued": 100, "pending": 100, "reversed": 10, "debt": 10}

    def test_expired_points_of_other_awards_are_never_taken(self, desk: Desk) -> None:
        desk.credit(A, 100, award_id="awd_2", days=1)
        desk.pass_time(days=2)
        assert desk.clawback(A, 10, award_id="awd_1") == (0, 0, 0, 10)
        assert desk.accounts(A) == {"issued": 100, "expired": 100, "reversed": 10, "debt": 10}

    def test_without_an_award_it_takes_by_expiry_and_no_pending(self, desk: Desk) -> None:
        desk.credit(A, 10, days=50)
        desk.credit(A, 10, days=5, award_id="awd_1")
        desk.credit_pending(A, 10, wait=5)
        assert desk.clawback(A, 15) == (0, 0, 15, 0)
        assert desk.lots(A) == [(5, 50)]

    def test_it_is_not_refused_to_a_member_who_never_had_points(self, desk: Desk) -> None:
        assert desk.clawback(A, 50) == (0, 0, 0, 50)
        assert desk.accounts(A) == {"reversed": 50, "debt": 50}


class TestDebt:
    def test_a_later_credit_repays_it_first(self, desk: Desk) -> None:
        desk.clawback(A, 50)
        desk.credit(A, 30)
        assert desk.accounts(A) == {"issued": 30, "reversed": 50, "debt": 20}
        desk.credit(A, 30)
        assert desk.accounts(A) == {"issued": 60, "available": 10, "reversed": 50}
        assert desk.lots(A) == [(10, 100)]
        assert [line.points for line in desk.statement(A)] == [30, 30, -50]

    def test_a_pending_credit_repays_it_only_when_it_matures(self, desk: Desk) -> None:
        desk.clawback(A, 50)
        desk.credit_pending(A, 80, wait=3)
        assert desk.accounts(A) == {"issued": 80, "pending": 80, "reversed": 50, "debt": 50}
        desk.pass_time(days=3)
        assert (desk.balance(A).available, desk.balance(A).debt) == (30, 0)
        desk.on(A, lambda book: None)
        assert desk.accounts(A) == {"issued": 80, "available": 30, "reversed": 50}

    def test_a_confirmed_credit_repays_it(self, desk: Desk) -> None:
        desk.clawback(A, 50)
        desk.credit_pending(A, 80, wait=None, award_id="awd_1")
        assert desk.on(A, lambda book: book.confirm("awd_1")) == 80
        assert desk.accounts(A) == {"issued": 80, "available": 30, "reversed": 50}

    @pytest.mark.parametrize("verb", ["release", "refund"])
    def test_points_that_come_back_repay_it_first(self, desk: Desk, verb: str) -> None:
        desk.credit(A, 10, days=10)
        desk.credit(A, 20, days=20)
        desk.hold(A, 30)
        if verb == "refund":
            desk.on(A, lambda book: book.capture("hold_1"))
        desk.clawback(A, 12)
        desk.on(A, lambda book: getattr(book, verb)("hold_1"))
        assert desk.accounts(A) == {"issued": 30, "available": 18, "reversed": 12}
        assert desk.lots(A) == [(18, 20)]

    def test_a_hold_that_expires_repays_it(self, desk: Desk) -> None:
        desk.credit(A, 30)
        desk.hold(A, 30, days=1)
        desk.clawback(A, 12)
        desk.pass_time(days=1)
        assert (desk.balance(A).available, desk.balance(A).debt) == (18, 0)

    def test_a_credit_that_has_expired_already_still_repays_it(self, desk: Desk) -> None:
        desk.clawback(A, 30)
        desk.credit(A, 50, days=-1)
        assert desk.accounts(A) == {"issued": 50, "reversed": 30, "expired": 20}

    def test_it_can_be_written_off_in_parts(self, desk: Desk) -> None:
        desk.clawback(A, 50)
        desk.on(A, lambda book: book.write_off(20, ref="case 7"))
        assert desk.accounts(A) == {"issued": 20, "reversed": 50, "debt": 30}
        assert desk.postings(A)[-1] == ("written_off", "issued", "debt", 20)
        desk.on(A, lambda book: book.write_off(30))
        assert desk.accounts(A) == {"issued": 50, "reversed": 50}
        assert [line.balance_after for line in desk.statement(A)] == [0, -30, -50]

    def test_more_than_is_owed_cannot_be_written_off(self, desk: Desk) -> None:
        desk.clawback(A, 50)
        assert refused(desk, A, lambda book: book.write_off(51), "debt_exceeded").extra == {"debt": 50}


class TestTime:
    def test_expired_points_leave_the_balance_before_anything_is_posted(self, desk: Desk) -> None:
        desk.credit(A, 10, days=10)
        desk.credit(A, 20, days=20)
        desk.pass_time(days=10)
        stored = desk.rows(A)
        shown = desk.balance(A)
        assert (shown.available, shown.expiring) == (20, [(20, desk.start + timedelta(days=20))])
        assert desk.rows(A) == stored
        assert desk.accounts(A) == {"issued": 30, "available": 30}

    def test_a_balance_reads_as_the_next_write_finds_it(self, desk: Desk) -> None:
        desk.credit(A, 10, days=10)
        desk.credit_pending(A, 20, wait=12)
        desk.credit(A, 40, days=300)
        desk.hold(A, 15, days=14)
        desk.clawback(A, 37)
        desk.pass_time(days=13)
        before = desk.balance(A)
        desk.on(A, lambda book: None)
        assert desk.balance(A) == before
        desk.pass_time(days=2)
        before = desk.balance(A)
        desk.on(A, lambda book: None)
        assert desk.balance(A) == before

    def test_it_makes_no_difference_whether_a_wallet_was_looked_at_in_between(self, desk: Desk) -> None:
        for member_id in (A, B):
            desk.credit(member_id, 100, days=10)
            desk.hold(member_id, 100, days=5)
        desk.pass_time(days=6)
        desk.on(A, lambda book: None)
        desk.pass_time(days=6)
        for member_id in (A, B):
            desk.on(member_id, lambda book: None)
            assert desk.accounts(member_id) == {"issued": 100, "expired": 100}

    def test_a_share_of_an_expired_hold_lasts_thirty_days_from_its_own_moment(self, desk: Desk) -> None:
        desk.credit(A, 100, days=10)
        desk.hold(A, 100, days=12)
        desk.pass_time(days=20)
        desk.on(A, lambda book: None)
        assert desk.lots(A) == [(100, 42)]

    def test_points_that_mature_repay_debt_before_they_can_expire(self, desk: Desk) -> None:
        desk.clawback(A, 30)
        desk.credit_pending(A, 50, wait=10, days=5)
        desk.pass_time(days=20)
        desk.on(A, lambda book: None)
        assert desk.accounts(A) == {"issued": 50, "expired": 20, "reversed": 30}

    def test_a_wallet_with_nothing_left_to_come_due_is_not_due(self, desk: Desk) -> None:
        desk.credit(A, 10, days=10)
        desk.hold(A, 10)
        assert desk.rows(A).wallet.next_due_at == desk.start + timedelta(days=10)
        desk.pass_time(days=11)
        version = desk.rows(A).wallet.version
        desk.on(A, lambda book: None)
        assert desk.rows(A).wallet.next_due_at is None
        assert desk.rows(A).wallet.version == version

    def test_the_next_moment_due_is_the_first_of_holds_and_lots(self, desk: Desk) -> None:
        desk.credit(A, 100, days=10)
        assert desk.rows(A).wallet.next_due_at == desk.start + timedelta(days=10)
        desk.credit_pending(A, 10, wait=7, days=30)
        assert desk.rows(A).wallet.next_due_at == desk.start + timedelta(days=7)
        desk.hold(A, 20, days=2)
        assert desk.rows(A).wallet.next_due_at == desk.start + timedelta(days=2)
        for days, due in ((2, 7), (5, 10), (3, 30), (20, None)):
            desk.pass_time(days=days)
            desk.on(A, lambda book: None)
            expected = None if due is None else desk.start + timedelta(days=due)
            assert desk.rows(A).wallet.next_due_at == expected

    def test_points_that_come_back_are_waited_for_again(self, desk: Desk) -> None:
        desk.credit(A, 10, days=10)
        desk.hold(A, 10)
        desk.credit_pending(A, 1, wait=2, days=30)
        desk.pass_time(days=3)
        desk.on(A, lambda book: None)
        assert desk.rows(A).wallet.next_due_at == desk.start + timedelta(days=30)
        desk.on(A, lambda book: book.release("hold_1"))
        assert desk.rows(A).wallet.next_due_at == desk.start + timedelta(days=10)

    @pytest.mark.parametrize("verb", ["release", "refund"])
    def test_new_lots_of_points_that_come_back_are_waited_for(self, desk: Desk, verb: str) -> None:
        desk.credit(A, 10, days=10)
        desk.hold(A, 10)
        if verb == "refund":
            desk.on(A, lambda book: book.capture("hold_1"))
        desk.pass_time(days=11)
        desk.on(A, lambda book: None)
        assert desk.rows(A).wallet.next_due_at is None
        desk.on(A, lambda book: getattr(book, verb)("hold_1"))
        assert desk.rows(A).wallet.next_due_at == desk.start + timedelta(days=41)

    def test_confirmed_points_are_waited_for(self, desk: Desk) -> None:
        desk.credit_pending(A, 10, wait=None, days=30, award_id="awd_1")
        desk.credit(A, 5, days=1)
        desk.pass_time(days=2)
        desk.on(A, lambda book: None)
        assert desk.rows(A).wallet.next_due_at is None
        desk.on(A, lambda book: book.confirm("awd_1"))
        assert desk.rows(A).wallet.next_due_at == desk.start + timedelta(days=30)

    def test_points_confirmed_after_their_expiry_expire(self, desk: Desk) -> None:
        desk.clawback(A, 4)
        desk.credit_pending(A, 10, wait=None, days=30, award_id="awd_1")
        desk.pass_time(days=31)
        assert desk.on(A, lambda book: book.confirm("awd_1")) == 10
        assert desk.accounts(A) == {"issued": 10, "expired": 6, "reversed": 4}


class TestStatement:
    def test_it_adds_up_to_what_can_be_spent(self, desk: Desk) -> None:
        desk.credit(A, 100, days=10)
        desk.credit_pending(A, 7, wait=1, days=200)
        desk.hold(A, 30)
        desk.on(A, lambda book: book.capture("hold_1", 20))
        desk.on(A, lambda book: book.release("hold_1"))
        desk.clawback(A, 90)
        desk.pass_time(days=1)
        desk.on(A, lambda book: book.refund("hold_1", 8))
        lines = desk.statement(A)
        assert [(line.kind, line.label, line.ref, line.points, line.balance_after) for line in lines] == [
            ("refunded", "gift", "ord_1", 8, 5),
            ("matured", "points", None, 7, -3),
            ("reversed", "points", None, -10, -10),
            ("reversed", "points", None, -80, 0),
            ("released", "gift", "ord_1", 10, 80),
            ("held", "gift", "ord_1", -30, 70),
            ("earned", "points", None, 100, 100),
        ]
        assert desk.balance(A).available == 5


class TestMerge:
    def merge(self, desk: Desk) -> int:
        moved: int = desk.on_all([B, A], lambda books: merge_books(books[0], books[1], "mrg_1"))
        return moved

    def test_points_move_with_award_expiry_and_maturity(self, desk: Desk) -> None:
        desk.credit(A, 1, days=5)
        desk.credit(B, 10, days=10, award_id="awd_1")
        desk.credit(B, 20, days=20)
        desk.credit_pending(B, 40, wait=3, days=50, award_id="awd_2")
        desk.credit_pending(B, 80, wait=None, days=60, award_id="awd_3")
        assert self.merge(desk) == 150
        assert desk.accounts(B) == {"issued": 150, "reversed": 150}
        assert desk.accounts(A) == {"issued": 151, "available": 31, "pending": 120}
        assert desk.lots(A) == [(1, 5), (10, 10), (20, 20)]
        assert desk.pending_lots(A) == [(40, 50), (80, 60)]
        assert desk.on(A, lambda book: book.confirm("awd_3")) == 80
        assert desk.clawback(A, 40, award_id="awd_2") == (40, 0, 0, 0)
        assert {row.kind for row in desk.rows(B).postings[-4:]} == {"merged"}

    def test_held_points_stay_until_their_hold_is_settled(self, desk: Desk) -> None:
        desk.credit(B, 100)
        desk.hold(B, 60)
        assert self.merge(desk) == 40
        assert desk.accounts(B) == {"issued": 100, "held": 60, "reversed": 40}
        desk.on(B, lambda book: book.release("hold_1"))
        assert self.merge(desk) == 60
        assert desk.accounts(A) == {"issued": 100, "available": 100}

    def test_debt_moves_and_takes_what_the_other_book_has(self, desk: Desk) -> None:
        desk.clawback(B, 50)
        desk.credit(A, 30)
        assert self.merge(desk) == 0
        assert desk.accounts(B) == {"issued": 50, "reversed": 50}
        assert desk.accounts(A) == {"issued": 30, "reversed": 50, "debt": 20}

    def test_points_that_move_repay_debt(self, desk: Desk) -> None:
        desk.credit(B, 30)
        desk.clawback(A, 50)
        assert self.merge(desk) == 30
        assert desk.accounts(A) == {"issued": 30, "reversed": 50, "debt": 20}

    def test_merging_again_moves_nothing(self, desk: Desk) -> None:
        desk.credit(B, 30)
        assert self.merge(desk) == 30
        before = desk.rows(A), desk.rows(B)
        assert self.merge(desk) == 0
        assert (desk.rows(A), desk.rows(B)) == before


class TestBooks:
    def test_an_error_writes_nothing_of_any_book(self, desk: Desk) -> None:
        desk.credit(A, 10)
        desk.credit(B, 10)
        before = desk.rows(A), desk.rows(B)

        def work(books: list[Book]) -> None:
            books[0].credit(5, expires_at=desk.now + timedelta(days=5), occurred_at=desk.now)
            books[1].hold(11, hold_id="hold_1")

        with pytest.raises(Conflict):
            desk.on_all([A, B], work)
        assert (desk.rows(A), desk.rows(B)) == before

    def test_several_verbs_on_one_book_are_written_together(self, desk: Desk) -> None:
        def work(book: Book) -> None:
            book.credit(50, expires_at=desk.now + timedelta(days=5), occurred_at=desk.now)
            book.hold(30, hold_id="hold_1")
            book.capture("hold_1", 20)
            book.release("hold_1")

        desk.on(A, work)
        assert desk.accounts(A) == {"issued": 50, "available": 30, "redeemed": 20}
        assert [row.version for row in desk.rows(A).postings] == [1, 2, 3, 4]

    @pytest.mark.parametrize("strange", ['a"b', "a\\b", "a,b", "{a}", "NULL", "", " ", "é漢🙂", "a\nb", "a'b", "%s"])
    def test_text_is_stored_as_it_is(self, desk: Desk, strange: str) -> None:
        desk.credit(A, 10, ref=strange, label=strange, award_id=strange)
        row = desk.rows(A).postings[0]
        assert (row.ref, row.label, row.award_id) == (strange, strange, strange)
