"""Waiting rooms: a fair place for everybody who comes in time, and orders by turn alone."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
import time_machine

from catalog.queue.rules import fair_order
from catalog.queue.run import advance_rooms
from tests.catalog.queue.halls import EARLY, SOON, TEN, TURN, Hall


@pytest.fixture
def hall(shop):
    found = Hall(shop)
    yield found
    found.clock.stop()


def test_the_room_opens_minutes_before_the_release_and_says_so_before(shop):
    hall = Hall(shop, TEN - timedelta(minutes=11))
    member = shop.member()
    seen = hall.see(member)
    assert (seen["phase"], seen["opens_at"], seen["you"]) == ("closed", "2026-12-07T01:50:00+00:00", "outside")
    assert hall.join(member).status_code == 404
    shown = shop.get(f"/gifts/{hall.gift}").json["drops"][0]
    assert shown["waiting_room_at"] == "2026-12-07T01:50:00+00:00"
    hall.at(TEN - timedelta(minutes=10))
    assert (hall.see(member)["phase"], hall.join(member).json["you"]) == ("gathering", "waiting")
    hall.clock.stop()


def test_everybody_there_in_time_gets_the_place_that_the_seed_gives(hall):
    people = hall.members(12)
    before = [hall.join(who).json for who in people]
    assert {(one["place"], one["seed"]) for one in before} == {(None, None)}
    hall.at(TEN)
    after = [hall.see(who) for who in people]
    order = fair_order(bytes.fromhex(after[0]["seed"]), [one["ticket"] for one in before])
    assert [one["place"] for one in after] == [order.index(one["ticket"]) + 1 for one in before]
    assert {one["seed_sha256"] for one in after} == {before[0]["seed_sha256"]}
    line = hall.in_line(people)
    assert hall.yours(line) == ["turn"] * 5 + ["waiting"] * 7
    assert [hall.see(who)["ahead"] for who in line[5:]] == list(range(7))
    late = hall.members(2)
    for number, who in enumerate(late):
        with time_machine.travel(TEN + timedelta(seconds=1 + number), tick=False):
            assert hall.join(who).json["place"] is None
    hall.at(TEN + SOON)
    assert [hall.see(who)["place"] for who in late] == [13, 14]


def test_joining_twice_is_one_place_also_at_once(hall):
    (member,) = hall.members(1)
    answers = hall.shop.at_once([lambda: hall.join(member)] * 6)
    assert {(one.status_code, one.json["ticket"]) for one in answers} == {(200, hall.see(member)["ticket"])}
    assert hall.shop.sql("SELECT count(*) FROM queue_tickets") == 1


def test_of_forty_members_exactly_those_with_a_turn_order_and_nobody_else(hall):
    people = hall.members(40)
    for who in people[:30]:
        hall.join(who)
    hall.at(TEN)
    line = hall.in_line(people[:30])
    random.Random(7).shuffle(people)
    before = hall.shop.snapshot()
    refused = hall.shop.order(line[5], hall.gift)
    assert (refused.status_code, refused.json["code"], refused.json["place"]) == (409, "queue_turn_needed", 6)
    assert (refused.json["ahead"], refused.json["wait_seconds"]) == (0, 180)
    assert hall.shop.snapshot() == before
    answers = hall.shop.at_once([lambda who=who: hall.shop.order(who, hall.gift) for who in people])
    won = [who.id for who, answer in zip(people, answers, strict=True) if answer.status_code == 201]
    assert sorted(won) == sorted(who.id for who in line[:5])
    codes = {answer.json["code"] for answer in answers if answer.status_code != 201}
    assert codes <= {"queue_turn_needed", "sold_out"}
    assert hall.shop.stock(hall.gift) == 0
    assert hall.shop.sql("SELECT count(*) FROM queue_tickets WHERE state = 'used'") == 5
    seen = hall.see(line[9])
    assert (seen["phase"], seen["ended"], seen["poll_seconds"]) == ("over", "sold_out", None)
    hall.at(TEN + SOON)
    assert hall.shop.sql("SELECT ended FROM queue_rooms") == "sold_out"
    assert hall.join(people[39]).json["code"] == "queue_not_open"


def test_orders_lapses_leaving_arriving_and_new_stock_at_one_moment_keep_every_promise(shop, pytestconfig):
    for _ in range(max(1, pytestconfig.getoption("--race-rounds") // 5)):
        hall = Hall(shop)
        try:
            _race(hall)
        finally:
            hall.clock.stop()


def _race(hall):
    shop, edge = hall.shop, TEN + TURN
    people, late = hall.members(14), hall.members(2)
    for who in people:
        hall.join(who)
    hall.at(TEN)
    line = hall.in_line(people)
    hall.at(edge - timedelta(seconds=1))

    def sweep():
        with shop.app.app_context():
            return advance_rooms(edge)

    def tickets(*states):
        query = """SELECT count(*) FROM queue_tickets AS t JOIN queue_rooms AS r ON r.id = t.room_id
         WHERE r.gift_id = :gift AND t.state = ANY(:states)"""
        return shop.sql(query, gift=hall.gift, states=list(states))

    calls = [
        *[lambda who=who: shop.order(who, hall.gift).status_code for who in people],
        *[lambda who=who: hall.leave(who).status_code for who in (line[1], line[6])],
        *[lambda who=who: hall.join(who).status_code for who in late],
        lambda: shop.post(f"/admin/gifts/{hall.gift}/stock", shop.owner, {"change": 1}).status_code,
        sweep, sweep,
    ]  # fmt: skip
    results = shop.at_once(calls)
    sold, left = results[:14].count(201), shop.stock(hall.gift)
    assert set(results[:14]) <= {201, 409} and sold + left == 6, results
    assert tickets("used") == sold and tickets("turn") <= left
    sweep()
    assert tickets("turn") == min(left, tickets("waiting", "turn"))


def test_a_turn_not_used_passes_on_in_order(hall):
    people = hall.members(8)
    for who in people:
        hall.join(who)
    hall.at(TEN)
    line = hall.in_line(people)
    assert hall.shop.order(line[0], hall.gift).status_code == 201
    hall.at(TEN + TURN - timedelta(seconds=1))
    assert hall.yours(line) == ["used", *["turn"] * 4, *["waiting"] * 3]
    hall.at(TEN + TURN)
    assert hall.yours(line) == ["used", *["lapsed"] * 4, *["turn"] * 3]
    refused = hall.shop.order(line[1], hall.gift)
    assert (refused.json["code"], hall.shop.stock(hall.gift)) == ("queue_turn_needed", 4)
    again = hall.join(line[1]).json
    assert (again["you"], again["ticket"]) == ("waiting", hall.see(line[1])["ticket"])
    drawn = hall.shop.get(f"{hall.path}/drawn?limit=5", line[1]).json
    rest = hall.shop.get(f"{hall.path}/drawn?cursor={drawn['next_cursor']}", line[1]).json["items"]
    tickets = [one["ticket"] for one in [*drawn["items"], *rest]]
    assert (len(tickets), tickets[1]) == (8, again["ticket"])  # whoever comes again does not change what was drawn
    assert tickets == fair_order(bytes.fromhex(again["seed"]), tickets)
    hall.at(TEN + TURN + SOON)
    assert (hall.see(line[1])["place"], hall.see(line[1])["you"]) == (9, "turn")
    hall.at(TEN + 2 * TURN + 2 * SOON)
    hall.at(TEN + 2 * TURN + 3 * SOON)
    assert hall.see(line[2])["phase"] == "over"
    assert hall.shop.sql("SELECT ended FROM queue_rooms") == "empty"
    assert hall.shop.order(line[2], hall.gift, 2).status_code == 201


def test_one_piece_for_each_turn_and_the_quote_says_the_same(hall):
    people = hall.members(7)
    for who in people:
        hall.join(who)
    hall.at(TEN)
    line = hall.in_line(people)
    asked = {"gift": hall.gift, "quantity": 1}
    quoted = hall.shop.post("/quotes", line[6], asked).json
    assert [(one["code"], one["place"], one["ahead"]) for one in quoted["refusals"]] == [("queue_turn_needed", 7, 1)]
    assert "People in front of you: 1. Your turn comes in 3 minutes" in quoted["refusals"][0]["text"]
    first = hall.shop.post("/quotes", line[0], asked).json
    assert (first["refusals"], first["max_quantity"]) == ([], 1)
    refused = hall.shop.order(line[0], hall.gift, 2)
    assert (refused.json["code"], hall.shop.stock(hall.gift)) == ("queue_one_each", 5)
    stranger = hall.shop.member()
    assert "take a place" in hall.shop.post("/quotes", stranger, asked).json["refusals"][0]["text"]


def test_a_release_without_anyone_is_an_ordinary_one(hall):
    hall.at(TEN)
    member = hall.members(1)[0]
    assert hall.shop.sql("SELECT ended FROM queue_rooms") == "empty"
    assert hall.join(member).json["code"] == "queue_not_open"
    assert hall.shop.order(member, hall.gift, 3).status_code == 201


def test_who_leaves_passes_the_turn_on_and_comes_back_at_the_end(hall):
    people = hall.members(7)
    for who in people:
        hall.join(who)
    assert hall.leave(people[0]).status_code == 204
    assert hall.see(people[0])["you"] == "left"
    hall.at(TEN)
    line = hall.in_line(people[1:])
    assert hall.yours(line) == ["turn"] * 5 + ["waiting"]
    hall.leave(line[2])
    hall.at(TEN + SOON)
    assert hall.see(line[5])["you"] == "turn"
    assert hall.shop.order(line[2], hall.gift).json["code"] == "queue_turn_needed"
    hall.join(line[2])
    hall.at(TEN + 2 * SOON)
    assert (hall.see(line[2])["place"], hall.see(line[2])["you"]) == (7, "waiting")


def test_pieces_that_come_later_open_more_turns(hall):
    people = hall.members(9)
    for who in people:
        hall.join(who)
    hall.at(TEN)
    line = hall.in_line(people)
    hall.shop.post(f"/admin/gifts/{hall.gift}/stock", hall.shop.owner, {"change": 2})
    hall.at(TEN + SOON)
    assert hall.yours(line) == ["turn"] * 7 + ["waiting"] * 2
    placed = hall.shop.order(line[0], hall.gift).json["id"]
    hall.at(TEN + 2 * SOON)
    assert hall.yours(line)[7:] == ["waiting"] * 2
    hall.shop.post(f"/orders/{placed}/cancel", line[0])
    hall.at(TEN + 3 * SOON)
    assert hall.yours(line) == ["used", *["turn"] * 7, "waiting"]


def test_a_member_who_goes_for_good_leaves_the_line_and_the_export_names_the_place(hall):
    people = hall.members(6)
    for who in people:
        hall.join(who)
    hall.at(TEN)
    line = hall.in_line(people)
    kept = hall.shop.get("/me/export", line[0]).json["queues"]
    assert [(one["gift"], one["place"], one["state"]) for one in kept] == [(hall.gift, 1, "turn")]
    hall.shop.write("UPDATE login_sessions SET authenticated_at = :now", now=TEN)
    assert hall.shop.app.test_client().delete("/api/v1/me", headers=line[0].auth).status_code == 204
    hall.at(TEN + SOON)
    assert hall.see(line[5])["you"] == "turn"


def test_staff_may_call_the_room_off_and_the_next_release_takes_its_place(hall):
    member, other = hall.members(2)
    hall.join(member)
    hall.shop.post(f"/admin/drops/{hall.drop}", hall.shop.owner, {"waiting_minutes": None}, method="PATCH")
    hall.at(EARLY + SOON)
    assert (hall.see(member)["phase"], hall.see(member)["ended"]) == ("over", "called_off")
    hall.shop.post(f"/admin/drops/{hall.drop}", hall.shop.owner, {"waiting_minutes": 8}, method="PATCH")
    hall.at(EARLY + 2 * SOON)
    assert (hall.see(member)["phase"], hall.see(member)["you"]) == ("gathering", "waiting")
    hall.at(TEN)
    assert hall.see(member)["you"] == "turn"
    next_day = TEN + timedelta(days=1)
    hall.at(next_day - timedelta(minutes=8))
    hall.join(other)
    hall.at(next_day)
    assert hall.see(other)["you"] == "turn"
    rooms = hall.shop.get(f"/admin/drops/{hall.drop}/queues", hall.shop.staff("auditor")).json["items"]
    assert [(one["ended"], one["tickets"]["turn"], one["tickets"]["lapsed"]) for one in rooms] == [
        (None, 1, 0), ("empty", 0, 1),
    ]  # fmt: skip


def test_who_could_never_order_learns_it_before_waiting(shop):
    hall = Hall(shop, min_level=3)
    refused = hall.join(shop.member())
    assert (refused.status_code, refused.json["code"]) == (409, "not_eligible")
    assert shop.sql("SELECT count(*) FROM queue_tickets") == 0
    plain = shop.gift(10, stock=5)
    assert shop.get(f"/gifts/{plain}/queue", shop.member()).status_code == 404
    assert shop.post(f"/gifts/{plain}/queue", shop.member()).status_code == 404
    hall.clock.stop()


def test_each_variant_has_a_room_of_its_own(shop):
    hall = Hall(shop, pieces=2)
    names = [{"name": name, "stock": 3} for name in "SM"]
    hall.gift = shop.gift(10, stock=0)
    small, medium = (shop.post(f"/admin/gifts/{hall.gift}/variants", shop.owner, one).json["id"] for one in names)
    hall.path = f"/gifts/{hall.gift}/queue"
    drop = {"pieces": 1, "at": "10:00", "first_day": "2026-12-07", "reserve": 9, "waiting_minutes": 10}
    for variant in (small, medium):
        shop.post(f"/admin/gifts/{hall.gift}/drops", shop.owner, {**drop, "variant": variant})
    hall.at(EARLY)
    member, other = hall.members(2)
    unclear = hall.join(member)
    assert (unclear.status_code, list(unclear.json["errors"])) == (422, ["variant"])
    assert hall.join(member, variant=small).json["item"] == small
    assert hall.join(member, variant=hall.gift).status_code == 404
    hall.at(TEN)
    assert shop.order(other, hall.gift, variant=small).json["code"] == "queue_turn_needed"
    assert shop.order(other, hall.gift, 2, variant=medium).status_code == 201  # nobody waits for that one
    assert shop.order(member, hall.gift, variant=small).status_code == 201
    hall.clock.stop()
