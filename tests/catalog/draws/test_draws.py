"""Draws: entered with points, drawn by a seed promised beforehand, settled exactly once."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from browsing import Browser
from sqlalchemy import text

from catalog.account.leave import leave
from catalog.draws import run as running
from catalog.draws.fair import commitment_of, list_digest, lot_of, ranking
from catalog.draws.run import NotAsPublished, hold_due, settle
from catalog.draws.states import Outcome, outcome_of
from catalog.jobs import destroy_addresses, expire_pickups
from catalog.redemption.overdue import expire_uncollected
from mall.db import Login
from mall.outbox import deliver_due
from points.ledger.cli import verdict

START = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
END = START + timedelta(days=7)
SCRIPT = Path(__file__).parents[3] / "docs" / "verify_draw.py"
SEED = "00112233445566778899aabbccddeeff"


@pytest.fixture(autouse=True)
def at_the_start():
    with time_machine.travel(START, tick=False) as clock:
        yield clock


@pytest.fixture
def make(shop):
    """A gift that is drawn, open now; returns the ids of gift and draw."""

    def work(winners=1, losers="returned", points=100, stock=50, handover=None, claim_days=None, **more):
        gift = shop.gift(points, stock=stock, kind="draw", **more)
        body = {"closes_at": END.isoformat(), "winners": winners, "losers": losers}
        body |= {"handover": handover} if handover else {}
        body |= {"claim_days": claim_days} if claim_days else {}
        answer = shop.post(f"/admin/gifts/{gift}/draw", shop.owner, body)
        assert answer.status_code == 201, answer.json
        return gift, answer.json["id"]

    return work


def _enter(shop, gift, points=100):
    member = shop.member(points)
    answer = shop.order(member, gift)
    assert answer.status_code == 201, answer.json
    return member, answer.json


def _hold(shop, *moments):
    with shop.app.app_context():
        return [hold_due(moment) for moment in moments]


WON = "You have won “Gift”! It is ready for pickup."
LOST = "“Gift”: your entry was not drawn this time. The points are back with you."
LISTED, DRAWN = END + timedelta(seconds=60), END + timedelta(seconds=120)


def test_the_lots_of_a_known_seed_are_these():
    entries = ["ent_c", "ent_a", "ent_b"]
    assert commitment_of("drw_1", SEED) == hashlib.sha256(b"drw_1:" + SEED.encode()).hexdigest()
    assert list_digest(entries) == hashlib.sha256(b"ent_a\nent_b\nent_c\n").hexdigest()
    assert lot_of(SEED, "ent_a") == "5d723ba005c40dbe6eabfa482f41c4e44198eabffe1d0f04cf8a353a89827251"
    assert ranking(SEED, entries) == ranking(SEED, reversed(entries)) == ["ent_b", "ent_a", "ent_c"]
    assert outcome_of("draw", [("placed", None), ("cancelled", None)]) is None
    assert outcome_of("pickup", [("placed", None)]) is None
    assert outcome_of("draw", [("placed", None), ("completed", "not_drawn")]) == Outcome.NOT_WON


def test_a_draw_promises_its_seed_lists_its_entries_and_then_reveals(shop, make):
    gift, draw = make(winners=2)
    people = [_enter(shop, gift) for _ in range(5)]
    order = people[0][1]
    assert (order["status"], order["draw"]["outcome"], shop.wallet(people[0][0])["held"]) == ("placed", "entered", 100)
    before = shop.get(f"/draws/{shop.get(f'/gifts/{gift}').json['draw']}").json
    assert (before["state"], before["entries"], before["seed"], before["winners"]) == ("open", 5, None, None)
    staff = shop.get(f"/admin/draws/{draw}", shop.owner).json
    assert staff["commitment"] == before["commitment"] and staff["seed"] is None
    assert _hold(shop, END, LISTED - timedelta(seconds=1), LISTED, LISTED) == [{}, {}, {"listed": 1}, {}]
    listed = shop.get(f"/draws/{draw}").json
    entries = [one["entry"] for one in shop.get(f"/draws/{draw}/entries").json["items"]]
    assert entries == sorted(one["draw"]["entry"] for _, one in people)
    assert (listed["list_sha256"], listed["seed"]) == (list_digest(entries), None)
    assert _hold(shop, DRAWN - timedelta(seconds=1), DRAWN, DRAWN) == [{}, {"drawn": 1, "settled": 5}, {}]
    after = shop.get(f"/draws/{draw}").json
    assert commitment_of(draw, after["seed"]) == before["commitment"] == after["commitment"]
    assert after["state"] == "settled" and after["winners"] == ranking(after["seed"], entries)[:2]
    for member, one in people:
        shown = shop.get(f"/orders/{one['id']}", member).json
        won = one["draw"]["entry"] in after["winners"]
        assert shown["status"] == ("ready_for_pickup" if won else "cancelled")
        assert shown["draw"]["outcome"] == ("won" if won else "not_won")
        assert len(shown.get("pickup_code", "")) == (8 if won else 0)
        wallet = {"available": 0, "held": 0, "redeemed": 100} if won else {"available": 100, "held": 0, "redeemed": 0}
        assert {name: shop.wallet(member)[name] for name in wallet} == wallet
    assert shop.sql("SELECT count(*) FROM stock_movements WHERE kind = 'returned'") == 0
    while deliver_due(DRAWN):
        pass
    for member, one in people:
        told = [notice["text"] for notice in shop.get("/me/notifications", member).json["items"]]
        won = one["draw"]["entry"] in after["winners"]
        assert sorted(told) == sorted([WON if won else LOST, "“Gift”: you have entered the draw."])
    desk = shop.post("/admin/pickups", shop.owner, {"code": _code(shop, people)})
    assert (desk.status_code, desk.json["status"]) == (200, "completed")


def _code(shop, people):
    shown = [shop.get(f"/orders/{one['id']}", member).json for member, one in people]
    return next(one["pickup_code"] for one in shown if "pickup_code" in one)


def test_points_of_those_who_do_not_win_are_kept_where_that_was_announced(shop, make):
    gift, _ = make(losers="kept")
    people = [_enter(shop, gift, 150) for _ in range(3)]
    _hold(shop, LISTED, DRAWN)
    shown = [shop.get(f"/orders/{one['id']}", member).json for member, one in people]
    assert sorted(one["status"] for one in shown) == ["completed", "completed", "ready_for_pickup"]
    assert sorted(one["draw"]["outcome"] for one in shown) == ["not_won", "not_won", "won"]
    assert [shop.wallet(member) for member, _ in people] == [
        {"available": 50, "held": 0, "redeemed": 100, "debt": 0}
    ] * 3


def test_who_comes_too_late_is_refused_and_who_goes_in_time_is_not_on_the_list(shop, make, at_the_start):
    gift, draw = make()
    (gone, order), (stays, other) = _enter(shop, gift), _enter(shop, gift)
    assert shop.post(f"/orders/{order['id']}/cancel", gone).status_code == 200
    assert (shop.wallet(gone)["available"], shop.stock(gift)) == (100, 49)
    late = shop.member(100)
    at_the_start.move_to(END)
    boss, before = shop.staff("owner"), shop.snapshot()
    refusals = [
        shop.order(late, gift),
        shop.post(f"/orders/{other['id']}/cancel", stays),
        shop.advance(other["id"], "cancelled", boss, reason="why"),
        shop.advance(other["id"], "confirmed", boss),
    ]
    assert [(one.status_code, one.json["code"]) for one in refusals] == [
        (409, "not_on_sale"), (409, "draw_closed"), (409, "draw_closed"), (409, "illegal_transition"),
    ]  # fmt: skip
    assert shop.snapshot() == before
    assert shop.get(f"/orders/{other['id']}", stays).json["can_cancel"] is False
    _hold(shop, LISTED)
    assert [one["entry"] for one in shop.get(f"/draws/{draw}/entries").json["items"]] == [other["draw"]["entry"]]


def test_entries_are_single_limited_and_end_with_the_places(shop, make):
    limit = [{"per": "member", "period": "total", "quantity": 2}]
    gift, _ = make(stock=3, limits=limit)
    eager = shop.member(1000)
    assert shop.order(eager, gift, 2).status_code == 422
    codes = [shop.order(eager, gift).json.get("code") for _ in range(3)]
    assert codes == [None, None, "limit_reached"]
    _enter(shop, gift)
    assert shop.order(shop.member(100), gift).json["code"] == "sold_out"


def test_a_worker_that_dies_between_batches_is_taken_over_and_twice_is_once(shop, make, monkeypatch):
    gift, draw = make(winners=2)
    people = [_enter(shop, gift) for _ in range(7)]
    monkeypatch.setattr(running, "AT_ONCE", 2)
    with shop.app.app_context():
        monkeypatch.setattr(running, "settle", lambda *_: 0)
        for moment, step in ((LISTED, "listed"), (DRAWN, "drawn")):
            done = shop.at_once([lambda moment=moment: _hold(shop, moment)[0]] * 4)
            assert sum(one.get(step, 0) for one in done) == 1
        assert settle(draw, DRAWN, most=2) == 4
    assert (shop.get(f"/draws/{draw}").json["state"], _waiting(shop, gift)) == ("drawn", 3)
    winners = shop.get(f"/draws/{draw}").json["winners"]
    with shop.app.app_context():
        taken = sum(shop.at_once([lambda: _settle(shop, draw)] * 3))
        assert (taken, settle(draw, DRAWN)) == (3, 0)
    assert (shop.get(f"/draws/{draw}").json["winners"], _waiting(shop, gift)) == (winners, 0)
    with shop.app.app_context():
        assert verdict().bad is None
    wallets = sorted((wallet["available"], wallet["redeemed"]) for wallet in (shop.wallet(who) for who, _ in people))
    assert wallets == [(0, 100)] * 2 + [(100, 0)] * 5
    assert shop.sql("SELECT count(*) FROM order_history") == 7 + 5 + 2 * 2


def _settle(shop, draw):
    with shop.app.app_context():
        return settle(draw, DRAWN)


def _waiting(shop, gift):
    return shop.sql("SELECT count(*) FROM orders WHERE gift_id = :gift AND status = 'placed'", gift=gift)


def test_nobody_wins_by_a_list_or_a_seed_that_was_changed(shop, make):
    (gift, draw), (other, honest), (third, lost) = make(), make(), make()
    people = [_enter(shop, one) for one in (gift, other, third)]
    _hold(shop, LISTED)
    shop.write("UPDATE draw_entries SET entry_id = 'ent_mine' WHERE draw_id = :id", id=draw)
    shop.write("UPDATE draw_seeds SET seed_box = sha256(seed_box) WHERE draw_id = :id", id=lost)
    with pytest.raises(NotAsPublished):
        _hold(shop, DRAWN)
    assert [shop.get(f"/draws/{one}").json["state"] for one in (draw, honest, lost)] == ["listed", "settled", "listed"]
    assert [shop.wallet(member)["held"] for member, _ in people] == [100, 0, 100]
    assert shop.get(f"/draws/{draw}").json["seed"] is None


def test_an_order_that_slips_in_behind_the_list_gets_its_points_back(shop, make):
    gift, _ = make(losers="kept")
    _enter(shop, gift)
    _hold(shop, LISTED)
    member, late = _enter(shop, gift)
    assert _hold(shop, DRAWN) == [{"drawn": 1, "settled": 2}]
    shown = shop.get(f"/orders/{late['id']}", member).json
    assert (shown["status"], shown["draw"]["outcome"], shop.wallet(member)["available"]) == ("cancelled", None, 100)


def test_the_script_finds_the_same_winners_and_every_forgery(shop, make, tmp_path):
    gift, draw = make(winners=3)
    for _ in range(10):
        _enter(shop, gift)
    record = tmp_path / "record.json"

    def verdict(change=lambda _: None, *more):
        told = json.loads(shop.app.test_client().get(f"/draws/{draw}/record.json").text)
        change(told)
        record.write_text(json.dumps(told))
        done = subprocess.run(
            [sys.executable, "-S", SCRIPT, record, *more], capture_output=True, text=True, check=False
        )  # fmt: skip
        return done.returncode, done.stdout

    assert verdict()[0] == 1
    _hold(shop, LISTED, DRAWN)
    shown = shop.get(f"/draws/{draw}").json
    code, out = verdict(lambda _: None, "--commitment", shown["commitment"])
    assert (code, out.split()[1::2]) == (0, shown["winners"])
    forgeries = [
        lambda told: told["winners"].reverse(),
        lambda told: told["entries"].append("ent_mine"),
        lambda told: told.update(seed="another"),
    ]
    assert [verdict(one)[0] for one in forgeries] == [1, 1, 1]
    assert verdict(lambda _: None, "--commitment", "0" * 64)[0] == 1
    assert shop.app.test_client().get("/draws/verify_draw.py").data == SCRIPT.read_bytes()


def test_terms_change_until_the_draw_opens_and_never_after(shop):
    gift = shop.gift(100, kind="draw", status="draft")
    later = {"opens_at": (START + timedelta(days=1)).isoformat(), "closes_at": END.isoformat()}
    path, body = f"/admin/gifts/{gift}/draw", {"winners": 1, "losers": "kept", **later}
    wrong = shop.post(path, shop.owner, {**body, "closes_at": START.isoformat()})
    assert (wrong.status_code, list(wrong.json["errors"])) == (422, ["closes_at"])
    assert shop.post(path, shop.staff("fulfilment"), body).status_code == 403
    draw = shop.post(path, shop.staff("catalog"), body).json["id"]
    assert shop.post(path, shop.owner, body).json["code"] == "draw_exists"
    assert shop.get(f"/draws/{draw}").status_code == 404
    shop.post(f"/admin/gifts/{gift}", shop.owner, {"status": "active"}, method="PATCH")
    assert shop.get(f"/draws/{draw}").json["state"] == "upcoming"
    dates = shop.post(f"/admin/gifts/{gift}", shop.owner, {"on_sale_until": None}, method="PATCH")
    assert (dates.status_code, list(dates.json["errors"])) == (422, ["on_sale_until"])
    changed = shop.post(f"/admin/draws/{draw}", shop.owner, {"winners": 5}, method="PATCH")
    assert changed.json["winners_count"] == 5
    assert shop.post(f"/admin/gifts/{gift}", shop.owner, {"points": 90}, method="PATCH").status_code == 200
    with time_machine.travel(START + timedelta(days=2), tick=False):
        boss = shop.staff("owner")
        answers = [
            shop.post(f"/admin/draws/{draw}", boss, {"winners": 1}, method="PATCH"),
            shop.post(f"/admin/gifts/{gift}", boss, {"points": 1}, method="PATCH"),
        ]
        assert [one.json["code"] for one in answers] == ["draw_open"] * 2
    pickup = shop.gift(100)
    assert shop.post(f"/admin/gifts/{pickup}/draw", shop.owner, body).json["code"] == "not_a_draw"
    assert shop.post(f"/admin/gifts/{gift}/variants", shop.owner, {"name": "A"}).json["code"] == "draw_with_variants"
    assert shop.sql("SELECT count(*) FROM draws") == 1


def test_members_logins_cannot_read_the_seed(shop, make, run):
    make()
    with pytest.raises(Exception, match="permission denied"):
        run(Login.REDEMPTION, lambda tx: tx.execute(text("SELECT * FROM draw_seeds")))
    assert shop.sql("SELECT count(*) FROM draw_seeds WHERE length(seed_box) > 64") == 1


def test_pages_tell_the_terms_the_entry_and_what_came_of_it(shop, make, at_the_start):
    limit = [{"per": "member", "period": "total", "quantity": 1}]
    gift, draw = make(losers="kept", limits=limit)
    browser = Browser(shop, 150)
    confirm = browser.get(f"/gifts/{gift}/redeem")
    assert "Your points are set aside" in browser.get(f"/gifts/{gift}") and "not given back" in confirm
    placed = browser.submit(confirm, f"/gifts/{gift}/redeem")
    order = placed.location
    entry = shop.get(f"/orders/{order.rsplit('/')[-1]}", browser.member).json["draw"]["entry"]
    assert f'href="{order}"' in browser.get(f"/gifts/{gift}") and entry in browser.get(order)
    assert shop.get(f"/draws/{draw}").json["commitment"] in browser.get(f"/draws/{draw}")
    for _ in range(3):
        _enter(shop, gift)
    at_the_start.move_to(END)
    assert "Take my entry back" not in browser.get(order)
    assert "Entries are closed" in browser.get(f"/draws/{draw}")
    _hold(shop, LISTED)
    assert "This entry is on the list." in browser.get(f"/draws/{draw}?entry={entry}")
    _hold(shop, DRAWN)
    won = entry in shop.get(f"/draws/{draw}").json["winners"]
    said, place = browser.get(order), browser.get(f"/draws/{draw}?entry={entry}")
    assert ("You have won" in said, "Not this time" in said) == (won, not won)
    assert "of 4" in place and ("lots__own" in place) is won
    assert "not on the list" in browser.get(f"/draws/{draw}?entry=%00%FFent_other")
    assert "See the draw" in browser.get(f"/gifts/{gift}")
    assert ("You have won" in browser.get("/orders")) is won


@pytest.mark.parametrize(("closed", "status"), [(False, "cancelled"), (True, "ready_for_pickup")])
def test_who_leaves_takes_an_open_entry_along_and_leaves_a_closed_one(shop, make, run, at_the_start, closed, status):
    gift, _ = make()
    member, order = _enter(shop, gift)
    gone = END if closed else START
    at_the_start.move_to(gone)
    run(Login.REDEMPTION, lambda tx: leave(tx, member.id, gone, "req"))
    _hold(shop, LISTED, DRAWN)
    assert shop.sql("SELECT status FROM orders WHERE id = :id", id=order["id"]) == status
    assert shop.wallet(member)["held"] == 0


def test_a_prize_that_is_prepared_by_hand_waits_for_staff_and_goes_back_when_nobody_comes(shop, make, at_the_start):
    gift, _ = make(needs_preparation=True, needs_approval=True)
    member, order = _enter(shop, gift)
    _hold(shop, LISTED, DRAWN)
    path = f"/orders/{order['id']}"
    assert (shop.get(path, member).json["status"], shop.get(path, member).json["can_cancel"]) == ("confirmed", False)
    at_the_start.move_to(DRAWN)
    boss = shop.staff("owner")
    assert shop.advance(order["id"], "ready_for_pickup", boss).status_code == 200
    with shop.app.app_context():
        assert expire_uncollected(DRAWN + timedelta(days=15)) == 1
    assert (shop.wallet(member)["available"], shop.stock(gift)) == (100, 49)


HOME = {"name": "Li", "phone": "13800138000", "address": "Street 1"}


def _win(shop, make, at_the_start, **more):
    gift, draw = make(**more)
    winner, order = _enter(shop, gift)
    _hold(shop, LISTED, DRAWN)
    at_the_start.move_to(DRAWN + timedelta(hours=1))
    shop.owner = shop.staff("owner")  # a week later the first one's session is over
    return winner, f"/orders/{order['id']}", draw


def _told(shop, who):
    with shop.app.app_context():
        while deliver_due(datetime.now(UTC)):
            pass
    return [(one["kind"], one["text"]) for one in shop.get("/me/notifications", who).json["items"]]


def test_a_prize_that_is_sent_waits_for_its_winners_address_and_is_then_an_order_to_ship(shop, make, at_the_start):
    winner, order, _draw = _win(shop, make, at_the_start, handover="delivery", claim_days=7)
    waiting = shop.get(order, winner).json
    assert (waiting["status"], waiting["draw"]["outcome"], waiting["can_cancel"]) == ("awaiting_claim", "won", False)
    assert waiting["claim"] == {"until": (DRAWN + timedelta(days=7)).isoformat(), "ways": ["delivery"]}
    assert "pickup_point" not in waiting
    told = dict(_told(shop, winner))
    assert told["order.awaiting_claim"].startswith("You have won “Gift”! Tell us by ")

    stranger, before = shop.member(), shop.snapshot()
    assert shop.post(f"{order}/claim", stranger, {"delivery": HOME}).status_code == 404
    assert shop.post(f"{order}/claim", winner, {}).json["errors"].keys() == {"delivery"}
    point = shop.post("/admin/pickup-points", shop.owner, {"name": "Hall", "address": "Street 2"}).json["id"]
    assert shop.post(f"{order}/claim", winner, {"pickup_point": point}).json["errors"].keys() == {"pickup_point"}
    refused = shop.advance(waiting["id"], "preparing")
    assert (refused.status_code, refused.json["allowed"]) == (409, ["cancelled"])
    assert shop.snapshot() == before

    book = shop.post("/me/addresses", winner, HOME).json["id"]
    claimed = shop.post(f"{order}/claim", winner, {"address": book})
    assert (claimed.status_code, claimed.json["status"], claimed.json["kind"]) == (200, "confirmed", "prize")
    assert (claimed.json["delivery"], claimed.json["draw"]["outcome"], claimed.json["can_cancel"]) == (
        HOME,
        "won",
        False,
    )
    again = shop.post(f"{order}/claim", winner, {"delivery": HOME})
    assert (again.status_code, again.json["code"]) == (409, "illegal_transition")
    assert b"Street 1" not in bytes(shop.sql("SELECT address_box FROM order_addresses"))
    for step, more in (
        ("preparing", {}),
        ("shipped", {"carrier": "SF", "tracking": "SF1234567890123"}),
        ("completed", {}),
    ):
        assert shop.advance(waiting["id"], step, **more).status_code == 200, step
    assert [text for kind, text in _told(shop, winner) if kind == "order.shipped"] == ["“Gift” is on its way to you."]
    with shop.app.app_context():
        assert verdict().bad is None


def test_a_winner_who_may_choose_collects_the_prize_at_a_point(shop, make, at_the_start):
    point = shop.post("/admin/pickup-points", shop.owner, {"name": "Hall", "address": "Street 2"}).json["id"]
    winner, order, _draw = _win(shop, make, at_the_start, handover="either")
    claimed = shop.post(f"{order}/claim", winner, {"pickup_point": point}).json
    assert (claimed["status"], claimed["kind"], claimed["pickup_point"]["id"]) == ("ready_for_pickup", "draw", point)
    assert len(claimed["pickup_code"]) == 8
    entering = shop.post(
        "/orders", shop.member(100), {"gift": claimed["gift"], "quantity": 1, "pickup_point": point}
    )  # the draw is over, and a point would be refused before that
    assert (entering.status_code, entering.json["errors"].keys()) == (422, {"pickup_point"})


def test_a_prize_that_is_not_claimed_is_reminded_of_and_lapses_with_its_points_back(shop, make, at_the_start):
    winner, order, _draw = _win(shop, make, at_the_start, handover="delivery", claim_days=7)
    until = DRAWN + timedelta(days=7)
    jobs = []
    for moment in (until - timedelta(days=4), until - timedelta(days=2), until - timedelta(hours=2), until):
        with shop.app.app_context():
            jobs.append(expire_pickups(moment))
    assert jobs == [
        {"reminded": 0, "expired": 0}, {"reminded": 1, "expired": 0}, {"reminded": 1, "expired": 0},
        {"reminded": 0, "expired": 1},
    ]  # fmt: skip
    at_the_start.move_to(until + timedelta(minutes=1))
    late = shop.get(order, winner).json
    assert (late["status"], late["history"][-1]["reason"]) == ("expired", "It was not claimed in time.")
    assert shop.wallet(winner) == {"available": 100, "held": 0, "redeemed": 0, "debt": 0}
    assert shop.post(f"{order}/claim", winner, {"delivery": HOME}).status_code == 409
    assert sum(kind == "order.claim_soon" for kind, _text in _told(shop, winner)) == 2


def test_the_order_page_takes_the_address_as_it_was_typed(shop, make, at_the_start, unguarded):
    gift, _draw = make(handover="delivery")
    browser = Browser(shop, 100)
    order = f"/orders/{shop.order(browser.member, gift).json['id']}"
    _hold(shop, LISTED, DRAWN)
    at_the_start.move_to(DRAWN + timedelta(hours=1))
    page, claim = browser.get(order), f"{order}/claim"
    assert "How should your prize reach you?" in page
    wrong = browser.submit(page, claim, name="Li", phone="", address="Street 1")
    assert wrong.status_code == 422
    assert 'value="Li"' in wrong.text and 'aria-invalid="true"' in wrong.text
    assert shop.sql("SELECT count(*) FROM order_addresses") == 0
    good = browser.submit(wrong.text, claim, keep="1", **HOME)
    assert (good.status_code, good.headers["Location"]) == (303, order)
    assert "Street 1" in browser.get(order)
    assert shop.sql("SELECT count(*) FROM member_addresses") == 1


def test_of_two_claims_at_once_one_counts_and_one_address_is_kept(shop, make, at_the_start):
    winner, order, _draw = _win(shop, make, at_the_start, handover="delivery")
    answers = shop.at_once([
        lambda street=street: shop.post(f"{order}/claim", winner, {"delivery": {**HOME, "address": street}})
        for street in ("Street 1", "Street 2", "Street 3", "Street 4")
    ])  # fmt: skip
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    kept = next(answer.json["delivery"] for answer in answers if answer.status_code == 200)
    assert shop.get(order, winner).json["delivery"] == kept
    assert shop.sql("SELECT count(*) FROM order_history WHERE status = 'confirmed'") == 2
    assert (shop.sql("SELECT count(*) FROM order_addresses"), shop.sql("SELECT count(*) FROM address_keys")) == (1, 1)


def test_a_claim_against_its_last_moment_ends_one_way_or_the_other(shop, make, at_the_start):
    winner, order, _draw = _win(shop, make, at_the_start, handover="delivery", claim_days=7)

    def lapse():
        with shop.app.app_context():
            return expire_pickups(DRAWN + timedelta(days=7))["expired"]

    claimed, lapsed = shop.at_once([lambda: shop.post(f"{order}/claim", winner, {"delivery": HOME}), lapse])
    status, wallet = shop.get(order, winner).json["status"], shop.wallet(winner)
    assert (claimed.status_code, lapsed, status, wallet["available"], wallet["redeemed"]) in {
        (200, 0, "confirmed", 0, 100), (409, 1, "expired", 100, 0),
    }  # fmt: skip


def test_a_claim_that_comes_while_its_winner_leaves_keeps_no_address(shop, make, at_the_start):
    winner, order, _draw = _win(shop, make, at_the_start, handover="delivery", claim_days=7)
    answer = shop.while_leaving(winner, lambda: shop.post(f"{order}/claim", winner, {"delivery": HOME}))
    assert (answer.status_code, answer.json["code"]) == (401, "authentication_required")
    assert shop.sql("SELECT count(*) FROM order_addresses") == 0
    assert shop.sql("SELECT status FROM orders") == "awaiting_claim"


def test_the_prize_of_a_winner_who_leaves_lapses_like_any_other(shop, make, run, at_the_start):
    gone, order, _draw = _win(shop, make, at_the_start, handover="delivery", claim_days=7)
    run(Login.REDEMPTION, lambda tx: leave(tx, gone.id, DRAWN + timedelta(hours=1), "req"))
    assert shop.post(f"{order}/claim", gone, {"delivery": HOME}).status_code == 401
    with shop.app.app_context():
        assert expire_pickups(DRAWN + timedelta(days=7))["expired"] == 1
    assert shop.sql("SELECT status FROM orders WHERE id = :id", id=order.rsplit("/")[-1]) == "expired"
    assert shop.wallet(gone) == {"available": 100, "held": 0, "redeemed": 0, "debt": 0}


def test_a_prize_to_claim_goes_along_when_two_accounts_become_one_and_its_address_is_forgotten(
    shop, make, at_the_start
):
    winner, order, _draw = _win(shop, make, at_the_start, handover="delivery", claim_days=7)
    other, first, second = shop.member(), shop.staff("rules"), shop.staff("rules")
    asked = {"member": winner.id, "into": other.id, "reason": "same phone"}
    merge = shop.post("/admin/member-merges", first, asked).json["id"]
    assert shop.post(f"/admin/member-merges/{merge}/approve", second).status_code == 200
    assert shop.post(f"{order}/claim", winner, {"delivery": HOME}).status_code == 401
    claimed = shop.post(f"{order}/claim", other, {"delivery": HOME})
    assert (claimed.status_code, claimed.json["status"], claimed.json["delivery"]) == (200, "confirmed", HOME)
    shop.owner = shop.staff("owner")
    for step, more in (
        ("preparing", {}),
        ("shipped", {"carrier": "SF", "tracking": "SF1234567890123"}),
        ("completed", {}),
    ):
        assert shop.advance(claimed.json["id"], step, **more).status_code == 200
    completed = DRAWN + timedelta(hours=1)
    with shop.app.app_context():
        assert destroy_addresses(completed + timedelta(days=29)) == {"addresses": 0}
        assert destroy_addresses(completed + timedelta(days=30, minutes=1)) == {"addresses": 1}
    assert "delivery" not in shop.get(order, other).json
    assert shop.sql("SELECT count(*) FROM order_addresses") == 0
    with shop.app.app_context():
        assert verdict().bad is None
