"""The fair order and what somebody in line is told, without a database."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from datetime import UTC, datetime, timedelta

from catalog.queue.rules import (
    RoomFacts,
    TicketFacts,
    commitment,
    fair_order,
    longest_wait,
    standing,
    turns_to_open,
)

TEN = datetime(2026, 12, 7, 2, 0, tzinfo=UTC)
SEED = bytes(range(32))


def _room(**more):
    facts = {
        "id": "que_1", "gift_id": "g", "item_id": "g", "opens_at": TEN, "releases_at": TEN, "turn_seconds": 180,
        "seed": SEED, "drawn_at": TEN, "last_place": 9, "called_place": 2, "ended": None, "on_hand": 2,
    }  # fmt: skip
    return RoomFacts(**{**facts, **more})


def _ticket(state, place=None, until=None):
    return TicketFacts("qtk_1", state, place, until, None)


def test_the_order_is_that_of_the_hmac_of_each_ticket_and_anyone_can_repeat_it():
    tickets = [f"qtk_{number}" for number in range(200)]
    order = fair_order(SEED, tickets)
    assert order == fair_order(SEED, reversed(tickets))
    assert sorted(order) == sorted(tickets) and order != tickets
    by_hand = sorted(tickets, key=lambda one: hmac.new(SEED, one.encode(), hashlib.sha256).hexdigest())
    assert order == by_hand
    assert fair_order(bytes(32), tickets) != order
    assert commitment(SEED) == hashlib.sha256(SEED).hexdigest()


def test_who_came_first_is_no_likelier_to_be_first():
    first = Counter(fair_order(number.to_bytes(32), ["a", "b", "c", "d"])[0] for number in range(4000))
    assert all(900 < first[one] < 1100 for one in "abcd"), first


def test_turns_are_never_more_than_pieces():
    assert [turns_to_open(*pair) for pair in [(5, 0), (5, 3), (5, 5), (3, 5), (0, 0)]] == [5, 2, 0, 0, 0]
    assert [longest_wait(ahead, 5, 180) for ahead in (0, 4, 5, 12)] == [180, 180, 360, 540]
    assert longest_wait(3, 0, 60) == 240


def test_somebody_in_line_is_told_place_people_in_front_and_the_longest_wait():
    here = standing(_room(), _ticket("waiting", 6), TEN)
    assert (here.phase, here.you, here.place, here.ahead, here.wait_seconds) == ("running", "waiting", 6, 3, 360)
    assert (here.may_join, here.may_leave, here.poll_seconds) == (False, True, 5)


def test_who_is_far_from_a_turn_asks_seldom_and_before_the_release_only_at_it():
    def polled(place, **more):
        return standing(_room(last_place=900, **more), _ticket("waiting", place), TEN).poll_seconds

    assert [polled(place) for place in (3, 52, 53, 502, 503, 900)] == [5, 5, 15, 15, 30, 30]
    assert polled(300, on_hand=400) == 5

    def before(minutes, ticket="qtk_1"):
        facts = TicketFacts(ticket, "waiting", None, None, None)
        return standing(_room(drawn_at=None), facts, TEN - timedelta(minutes=minutes)).poll_seconds

    assert before(10) == 60
    spread = Counter(before(0.5, f"qtk_{number}") for number in range(2000))
    assert sorted(spread) == list(range(30, 40)) and min(spread.values()) > 150
    assert 5 <= before(-1) <= 10  # the release is late: it comes any moment


def test_a_turn_is_over_the_moment_its_time_is():
    until = TEN + timedelta(minutes=3)
    open_, lapsed = (standing(_room(), _ticket("turn", 2, until), moment) for moment in (TEN, until))
    assert (open_.you, open_.turn_until, open_.may_join) == ("turn", until, False)
    assert (lapsed.you, lapsed.turn_until, lapsed.may_join) == ("lapsed", None, True)


def test_without_a_piece_left_the_room_is_over_for_everybody_at_once():
    for ticket in (None, _ticket("waiting", 6), _ticket("turn", 3, TEN + timedelta(minutes=1))):
        here = standing(_room(on_hand=0), ticket, TEN)
        assert (here.phase, here.ended, here.may_join, here.poll_seconds) == ("over", "sold_out", False, None)
    before = standing(_room(on_hand=0, drawn_at=None), _ticket("waiting"), TEN)
    assert (before.phase, before.you, before.place) == ("gathering", "waiting", None)
