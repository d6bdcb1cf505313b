"""What goes wrong on the way: one fulfilment, one refund at most, no hold leaks, the books balance."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from catalog.payment import events, pages, refunds, settle
from catalog.payment.refunds import ask_about_refunds
from catalog.redemption import advance
from tests.stripe_stand_in.server import Fault

SOON, LATE = timedelta(seconds=12), timedelta(minutes=31)
SESSIONS, REFUNDS = r"POST /v1/checkout/sessions$", r"POST /v1/refunds"


class Cut(BaseException):
    """The process ends here: nothing that handles errors is to see it."""


def _settled_once(till, order, member):
    """Paid, confirmed once, and nothing went back."""
    history = till.shop.get(f"/orders/{order['id']}", member).json["history"]
    assert Counter(step["status"] for step in history)["confirmed"] == 1
    assert till.shop.wallet(member) == {"available": 0, "held": 0, "redeemed": 100, "debt": 0}
    assert till.stripe.refunds == {}
    till.balanced()


@pytest.mark.parametrize("what", ["late", "before", "after", "busy"])
def test_a_page_is_made_later_when_stripe_is_slow_or_fails(till, what):
    till.stripe.faults.append(Fault(SESSIONS, what))
    member, gift = till.shop.member(100), till.gift()
    order = till.order(member, gift)
    assert (order["status"], order["cash"]["checkout_url"]) == ("awaiting_payment", None)
    assert till.work(SOON)["opened"] == 1
    url = till.cash(order, member)["checkout_url"]
    assert url == f"{till.stripe.url}/pay/{till.page(order)}"
    # Late: the same key, the same page. A failure would be repeated for the same key, so another one is used.
    assert len(till.stripe.sessions) == (2 if what == "after" else 1)
    till.stripe.pay(till.page(order))
    till.hear_all()
    _settled_once(till, order, member)


def test_stripe_away_all_the_time_lets_the_order_expire_and_leaks_nothing(till):
    till.stripe.faults.append(Fault("", "before", times=1000))
    member, gift = till.shop.member(100), till.gift()
    order = till.order(member, gift)
    for minutes in (1, 10, 29):
        till.work(timedelta(minutes=minutes))
    assert till.work(LATE)["expired"] == 1
    assert till.status(order, member) == "expired"
    till.balanced()


def test_nothing_is_given_up_while_stripe_cannot_be_asked(till):
    member, gift = till.shop.member(100), till.gift()
    order = till.order(member, gift)
    till.stripe.faults.append(Fault("checkout/sessions/", "before", times=2))
    assert till.work(LATE)["not_known"] == 1
    assert till.status(order, member) == "awaiting_payment"
    assert till.shop.wallet(member)["held"] == 100
    till.stripe.pay(till.page(order))
    assert till.work(LATE + SOON)["not_known"] == 1
    assert till.work(LATE + 2 * SOON)["confirmed"] == 1
    _settled_once(till, order, member)


def test_each_message_twenty_times_at_once_and_out_of_order_is_one_fulfilment(till):
    member, gift = till.shop.member(100), till.gift()
    order = till.order(member, gift)
    till.stripe.pay(till.page(order))
    calls = [lambda event=event: till.hear(event) for event in till.stripe.events for _ in range(20)]
    random.Random(4).shuffle(calls)
    assert set(till.shop.at_once(calls)) == {204}
    assert till.shop.sql("SELECT count(*) FROM payment_events") == 2
    _settled_once(till, order, member)


def test_twenty_refunds_asked_for_at_once_are_one(till):
    member, gift = till.shop.member(100), till.gift()
    order = till.order(member, gift)
    till.stripe.pay(till.page(order))
    till.hear_all()
    answers = till.shop.at_once([lambda: till.shop.post(f"/orders/{order['id']}/cancel", member)] * 20)
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 19}
    till.shop.at_once([till.work] * 5)
    calls = [lambda event=event: till.hear(event) for event in till.stripe.events for _ in range(20)]
    till.shop.at_once(calls)
    assert [one["amount"] for one in till.stripe.refunds.values()] == [1990]
    assert till.cash(order, member)["refunded"] == 1990
    till.balanced()


@pytest.mark.parametrize("what", ["late", "before", "after", "busy"])
def test_a_refund_arrives_once_whatever_stripe_answers(till, what):
    member, gift = till.shop.member(100), till.gift()
    order = till.order(member, gift)
    till.stripe.pay(till.page(order))
    till.hear_all()
    till.shop.post(f"/orders/{order['id']}/cancel", member)
    till.stripe.faults.append(Fault(REFUNDS, what, times=2))
    for seconds in (0, 12, 40, 120, 400, 1300):
        till.work(timedelta(seconds=seconds))
    assert [one["amount"] for one in till.stripe.refunds.values()] == [1990]
    assert till.cash(order, member)["refunded"] == 1990
    till.balanced()


def test_a_refund_that_fails_in_the_end_is_told_to_staff(till):
    member, gift = till.shop.member(100), till.gift()
    order = till.order(member, gift)
    till.stripe.pay(till.page(order))
    till.hear_all()
    till.stripe.refund_status = "pending"
    till.shop.post(f"/orders/{order['id']}/cancel", member)
    till.work()
    assert till.cash(order, member)["refunding"] == 1990
    till.stripe.finish_refund(next(iter(till.stripe.refunds)), "failed")
    late, created = till.stripe.events[-1], till.stripe.events[-2]
    for event in (late, created, late):
        assert till.hear(event) == 204
    assert (till.cash(order, member)["refunded"], till.cash(order, member)["refunding"]) == (0, 0)
    assert till.shop.sql("SELECT flag FROM order_payments") == "refund_failed"
    assert till.shop.sql("SELECT count(*) FROM audit_entries WHERE action = 'payment.refund_failed'") == 1
    till.balanced()


@pytest.mark.parametrize("told", [True, False])
def test_a_payment_that_took_its_time_and_failed_gives_points_and_piece_back(till, told):
    member, gift = till.shop.member(100), till.gift()
    order = till.order(member, gift)
    page = till.page(order)
    till.stripe.pay(page, later=True)
    till.hear_all()
    assert till.work(LATE)["waiting"] == 1
    till.stripe.arrive(page, well=False)
    if told:
        till.hear_all()
    else:
        assert till.work(LATE + timedelta(minutes=2))["expired"] == 1
    assert till.status(order, member) == "expired"
    assert till.shop.wallet(member) == {"available": 100, "held": 0, "redeemed": 0, "debt": 0}
    assert till.shop.stock(gift) == 10
    till.balanced()


def test_a_refund_that_nobody_told_the_end_of_is_asked_about(till):
    for end, flag in (("succeeded", None), ("failed", "refund_failed")):
        member, gift = till.shop.member(100), till.gift()
        order = till.order(member, gift)
        till.stripe.pay(till.page(order))
        till.hear_all()
        till.stripe.refund_status = "pending"
        till.shop.post(f"/orders/{order['id']}/cancel", member)
        till.work()
        till.stripe.finish_refund(list(till.stripe.refunds)[-1], end)
        with till.shop.app.app_context():
            asked = [ask_about_refunds(datetime.now(UTC) + timedelta(minutes=minutes)) for minutes in (50, 61, 122)]
        assert asked == [0, 1, 0]
        found = till.shop.sql("SELECT flag FROM order_payments WHERE order_id = :id", id=order["id"])
        assert (till.cash(order, member)["refunding"], found) == (0, flag)
        till.told = len(till.stripe.events)
        till.balanced()


def test_a_refund_made_just_before_the_power_went_for_two_days_is_not_made_again(till, monkeypatch):
    member, gift = till.shop.member(100), till.gift()
    order = till.order(member, gift)
    till.stripe.pay(till.page(order))
    till.hear_all()
    till.shop.post(f"/orders/{order['id']}/cancel", member)

    def cut(*args, **kwargs):
        raise Cut

    with monkeypatch.context() as patch, pytest.raises(Cut):
        patch.setattr(refunds, "note_refund", cut)
        till.work()
    till.stripe.forget_keys()
    till.work(timedelta(days=2))
    assert [one["amount"] for one in till.stripe.refunds.values()] == [1990]
    assert till.cash(order, member)["refunded"] == 1990
    till.balanced()


SEAMS = {
    "placed, no page asked for": (pages, "_wanted"),
    "page made, not written down": (pages, "_opened"),
    "message read, not stored": (events, "_store"),
    "message stored, not settled": (events, "settle_event"),
    "points spent, order not moved": (settle, "move_order"),
    "points back, cancelling not written": (advance, "_write"),
    "refund promised, not sent": (refunds, "_send"),
    "refund sent, not written down": (refunds, "note_refund"),
}


@pytest.fixture
def cut(monkeypatch):
    """``cut(seam, *work)``: do each piece of work while whatever comes to the seam ends there; how often it did."""

    def run(seam, *work):
        ended = []

        def end(*args, **kwargs):
            ended.append(seam)
            raise Cut

        with monkeypatch.context() as patch:
            patch.setattr(*seam, end)
            for one in work:
                with suppress(Cut):
                    one()
        return len(ended)

    return run


@pytest.mark.parametrize("seam", SEAMS.values(), ids=SEAMS)
def test_cut_off_between_any_two_steps_it_converges(till, cut, seam):
    member, gift = till.shop.member(100), till.gift()
    ended = cut(seam, lambda: till.order(member, gift))
    order = {"id": till.shop.sql("SELECT id FROM orders")}
    till.work(SOON)
    page = till.page(order)
    ended += cut(seam, lambda: till.stripe.pay(page), till.hear_all, lambda: till.work(timedelta(seconds=80)))
    till.work(timedelta(seconds=160))
    till.told = 0
    till.hear_all()
    assert till.status(order, member) == "ready_for_pickup"
    _settled_once(till, order, member)

    def cancel():
        return till.shop.post(f"/orders/{order['id']}/cancel", member, key="cancel")

    assert ended + cut(seam, cancel, till.work, till.hear_all) > 0
    assert cancel().status_code in (200, 409)
    till.work(timedelta(seconds=200))
    till.hear_all()
    till.work(timedelta(seconds=300))
    assert (till.status(order, member), till.cash(order, member)["refunded"]) == ("cancelled", 1990)
    assert [one["amount"] for one in till.stripe.refunds.values()] == [1990]
    assert till.shop.wallet(member) == {"available": 100, "held": 0, "redeemed": 0, "debt": 0}
    assert till.shop.stock(gift) == 10
    assert till.shop.sql("SELECT count(*) FROM payment_events WHERE settled_at IS NULL") == 0
    till.balanced()


SWEEPS = {
    "page not asked about": ("expired", (pages, "_ask")),
    "page closed, nothing written": ("expired", (pages, "settle_session")),
    "points back, order not moved": ("expired", (settle, "move_order")),
    "no page, nothing written": ("expired", (pages, "end_unpaid")),
    "cancelled, page not asked about": ("cancelled", (pages, "_ask")),
    "cancelled, page closed, nothing written": ("cancelled", (pages, "settle_session")),
    "cancelled without a page": ("cancelled", (pages, "end_unpaid")),
}


@pytest.mark.parametrize(("end", "seam"), SWEEPS.values(), ids=SWEEPS)
def test_the_sweeper_cut_off_between_any_two_steps_gives_points_and_piece_back_once(till, cut, end, seam):
    member, gift = till.shop.member(100), till.gift()
    pageless = seam[1] == "end_unpaid"
    if pageless:
        till.stripe.faults.append(Fault(SESSIONS, "before", times=1000))
    order = till.order(member, gift)
    if end == "cancelled":
        assert till.shop.post(f"/orders/{order['id']}/cancel", member).status_code == 200
    later = LATE if end == "expired" else SOON
    assert cut(seam, lambda: till.work(later), till.hear_all) > 0
    for more in (SOON, 2 * SOON, 3 * SOON):
        till.work(later + more)
    till.hear_all()
    assert till.status(order, member) == end
    assert till.shop.wallet(member) == {"available": 100, "held": 0, "redeemed": 0, "debt": 0}
    assert till.shop.stock(gift) == 10
    assert [one["status"] for one in till.stripe.sessions.values()] == ([] if pageless else ["expired"])
    assert till.stripe.refunds == {}
    assert till.shop.sql("SELECT session_over_at IS NOT NULL FROM order_payments") is True
    till.balanced()


LATE_SEAMS = {
    "message read, not stored": (events, "_store"),
    "message stored, not settled": (events, "settle_event"),
    "refund promised, order not moved": (settle, "move_order"),
    "refund promised, not sent": (refunds, "_send"),
    "refund sent, not written down": (refunds, "note_refund"),
}


@pytest.mark.parametrize("seam", LATE_SEAMS.values(), ids=LATE_SEAMS)
def test_a_payment_that_came_too_late_is_paid_back_once_wherever_that_is_cut_off(till, cut, seam):
    member, gift = till.shop.member(100), till.gift()
    order = till.order(member, gift)
    page = till.page(order)
    till.work(LATE)
    till.stripe.sessions[page]["status"] = "open"  # as if paid in the moment in which it was closed
    till.stripe.pay(page)
    first = till.told
    assert cut(seam, till.hear_all, lambda: till.work(LATE + SOON), till.hear_all) > 0
    till.told = first
    till.hear_all()  # Stripe says again what was not answered with success
    for more in (2, 3, 4):
        till.work(LATE + more * SOON)
    till.hear_all()
    assert (till.status(order, member), till.cash(order, member)["refunded"]) == ("refunded", 1990)
    assert [one["amount"] for one in till.stripe.refunds.values()] == [1990]
    assert till.shop.wallet(member) == {"available": 100, "held": 0, "redeemed": 0, "debt": 0}
    assert till.shop.stock(gift) == 10
    till.balanced()


@pytest.mark.parametrize("against", ["expiry", "cancel"])
def test_a_payment_against_expiry_and_cancelling_ends_one_way_or_the_other(till, against, pytestconfig):
    rounds = pytestconfig.getoption("--race-rounds")
    gift = till.gift(stock=rounds)
    for _ in range(rounds):
        member = till.shop.member(100)
        order = till.order(member, gift)
        page = till.page(order)

        def pay(page=page):
            try:
                till.stripe.pay(page)
            except ValueError:
                return
            till.hear(till.stripe.events[-1])

        def end(order=order, member=member):
            if against == "cancel":
                till.shop.post(f"/orders/{order['id']}/cancel", member)
            else:
                till.work(LATE)

        till.shop.at_once([pay, end])
        till.hear_all()
        for minutes in (31, 32, 33):
            till.work(timedelta(minutes=minutes))
        till.hear_all()
        paid, status = bool(till.stripe.sessions[page]["payment_intent"]), till.status(order, member)
        back = [one for one in till.stripe.refunds.values() if one["payment_intent"] == _intent(till, page)]
        assert (paid, status, len(back)) in {
            (True, "ready_for_pickup", 0), (True, "refunded", 1), (True, "cancelled", 1),
            (False, "expired", 0), (False, "cancelled", 0),
        }  # fmt: skip
    till.balanced()


def _intent(till, page):
    return till.stripe.sessions[page]["payment_intent"]


def _paid(till, points=100):
    member, gift = till.shop.member(points), till.gift(kind="delivery")
    order = till.order(member, gift, delivery={"name": "Li", "phone": "12345", "address": "Road 1"})
    till.stripe.pay(till.page(order))
    till.hear_all()
    return member, order, _intent(till, till.page(order))


def test_a_disputed_order_is_on_hold_until_it_is_won(till):
    member, order, intent = _paid(till)
    dispute = till.stripe.contest(intent)
    till.hear_all()
    assert till.cash(order, member)["on_hold"] is True
    seen = till.shop.get(f"/admin/orders/{order['id']}", till.shop.owner).json["payment"]
    assert seen == {
        "status": "paid", "on_hold": True, "flag": None, "currency": "CNY", "amount": 1990, "captured": 1990,
        "refunded": 0, "lost": 0,
    }  # fmt: skip
    packer = till.shop.get(f"/admin/orders/{order['id']}", till.shop.staff("fulfilment")).json["payment"]
    assert packer == {"status": "paid", "on_hold": True, "flag": None}
    before = till.shop.snapshot()
    for answer in (
        till.shop.advance(order["id"], "preparing"),
        till.shop.post(f"/orders/{order['id']}/cancel", member),
        till.shop.advance(order["id"], "cancelled", reason="no"),
    ):
        assert (answer.status_code, answer.json["code"]) == (409, "order_on_hold")
    assert till.shop.snapshot() == before
    csv = f"{order['number']},sf,SF1234567890123\n".encode()
    sent = till.shop.post("/admin/orders/shipments", till.shop.owner, data=csv, content_type="text/csv")
    assert sent.status_code == 409
    assert [line["result"] for line in sent.json["lines"]] == ["on_hold"]
    assert till.shop.snapshot() == before
    till.stripe.decide(dispute["id"], won=True)
    till.hear_all()
    assert till.shop.advance(order["id"], "preparing").status_code == 200
    till.balanced()


def test_a_dispute_that_is_lost_leaves_no_cash_to_give_back_even_when_told_backwards(till):
    member, order, intent = _paid(till)
    dispute = till.stripe.contest(intent)
    till.stripe.decide(dispute["id"], won=False)
    for event in reversed(till.stripe.events[till.told :]):
        assert till.hear(event) == 204
    assert till.shop.advance(order["id"], "preparing").json["code"] == "order_on_hold"
    assert till.shop.advance(order["id"], "cancelled", reason="lost").status_code == 200
    till.work()
    assert till.stripe.refunds == {}
    assert till.shop.wallet(member)["available"] == 100
    till.balanced()


def test_the_database_itself_refuses_to_give_back_more_than_came(till):
    _paid(till)
    with pytest.raises(Exception, match="refunds_within_captured"):
        till.shop.write("UPDATE order_payments SET refunded_cents = 1991")


def test_who_leaves_meanwhile_is_paid_back_but_for_what_is_disputed(till):
    member, _, intent = _paid(till)
    till.stripe.contest(intent)
    till.hear_all()
    gift = till.gift()
    till.shop.credit(member, 100)
    other = till.order(member, gift)
    till.stripe.pay(till.page(other))
    till.hear_all()
    answer = till.shop.app.test_client().delete("/api/v1/me", headers=member.auth, json={"password": "no password"})
    assert answer.status_code in (200, 204), answer.text
    statuses = "SELECT string_agg(status, ' ' ORDER BY id) FROM orders"
    assert till.shop.sql(statuses) == "confirmed cancelled"
    till.work()
    assert [one["amount"] for one in till.stripe.refunds.values()] == [1990]
    till.balanced()
