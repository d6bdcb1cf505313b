"""What webhooks tell, to whom, and what they never tell."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from catalog.stock.alerts import watch_stock
from mall.db import Login
from mall.webhooks.events import EVENTS, Fact, body_of, openapi_webhooks
from points.ledger.jobs import settle_due

NEVER = (
    "mem_",
    "u-829",
    "tip",
    "member",
    "rule",
    "label",
    "name",
    "phone",
    "address",
    "code",
    "stage",
    "source",
    "cli_",
)


def order_of(hooks, member, gift):
    answer = hooks.order(member, gift)
    assert answer.status_code == 201, answer.json
    return answer.json["id"]


def everything(hooks):
    """Let each kind of event happen once at least; returns ids that none of them may hold."""
    source, member = hooks.source(), hooks.member(1000)
    event = hooks.tip(source, "tip-0001/adopted")
    hooks.post("/credit-events/tip-0001/adopted/reversal", source, {"reason": "a mistake"})
    assert hooks.post("/me/checkin", member).status_code == 201
    gift = hooks.gift(100, stock=4, kind="delivery")
    home = {"name": "Li Wen", "phone": "13800138000", "address": "Street 1"}
    sent = hooks.order(member, gift, delivery=home).json["id"]
    for step in ("preparing", "shipped", "completed"):
        assert hooks.advance(sent, step).status_code == 200
    refund = {"points": 40, "reason": "a scratch"}
    assert hooks.post(f"/admin/orders/{sent}/refunds", hooks.owner, refund).status_code == 201
    assert hooks.post(f"/orders/{order_of(hooks, member, hooks.gift(100))}/cancel", member).status_code == 200
    alert = {"low_at": 3}
    assert hooks.post(f"/admin/gifts/{gift}/stock-alert", hooks.owner, alert, method="PUT").status_code < 300
    hooks.run(Login.BACKOFFICE, lambda tx: watch_stock(tx, datetime.now(UTC)))
    hooks.credit(member, 70, timedelta(seconds=-1))
    settle_due(datetime.now(UTC))
    return [member.id, source.id, event and "tip-0001", "Li Wen", "13800138000"]


def test_every_event_reaches_the_malls_own_endpoint_signed_and_holds_nothing_but_what_is_documented(hooks, receiver):
    endpoint = hooks.hook("/own")
    secret_things = everything(hooks)
    assert hooks.pass_on() > 9
    told = hooks.verified(endpoint, "/own")
    assert {one["type"] for one in told} == set(EVENTS)
    for one in told:
        assert set(one) == {"type", "timestamp", "data"} and set(one["data"]) == set(EVENTS[one["type"]].example)
        text = json.dumps(one["data"])
        assert not any(thing in text for thing in (*secret_things, *NEVER)), one
    ids = [headers["webhook-id"] for headers, _body in receiver.seen["/own"]]
    assert len(set(ids)) == len(ids) and all(one.startswith("msg_") for one in ids)
    assert hooks.pass_on() == 0
    assert [one["data"]["status"] for one in told if one["type"] == "order.refunded"] == ["part_refunded"]
    assert {one["data"]["points"] for one in told if one["type"] == "points.expired"} == {70}


def test_steps_of_one_order_arrive_in_their_order(hooks, receiver):
    hooks.hook("/own", ["order.placed", "order.confirmed", "order.advanced", "order.cancelled"])
    member = hooks.member(500)
    orders = [order_of(hooks, member, hooks.gift(10)) for _ in range(4)]
    hooks.post(f"/orders/{orders[0]}/cancel", member)
    hooks.pass_on()
    steps = {order: [] for order in orders}
    for one in receiver.told("/own"):
        steps[one["data"]["order"]].append(one["data"]["status"])
    ready = ["placed", "confirmed", "ready_for_pickup"]
    assert steps == {order: [*ready, "cancelled"] if order == orders[0] else ready for order in orders}


def test_credits_go_to_their_own_source_and_the_mall_and_to_no_other_source(hooks, receiver):
    one, other = hooks.source(), hooks.source()
    hooks.hook("/one", client_id=one.id)
    hooks.hook("/other", client_id=other.id)
    hooks.hook("/own")
    hooks.hook("/deaf", ["order.placed"], client_id=one.id)
    mine, theirs = hooks.tip(one, "a"), hooks.tip(other, "b")
    hooks.post("/me/checkin", hooks.member())
    hooks.post("/credit-events/a/reversal", one, {"reason": "a mistake"})
    hooks.pass_on()
    seen = {
        path: [(told["type"], told["data"]["event"]) for told in receiver.told(path)] for path in ("/one", "/other")
    }
    assert sorted(seen["/one"]) == [("credit.booked", mine), ("credit.reversed", mine)]
    assert seen["/other"] == [("credit.booked", theirs)]
    assert len(receiver.told("/own")) == 4 and receiver.told("/deaf") == []
    assert hooks.get(f"/credit-events/{mine}", one).json["event_id"] == "a"


def test_a_tip_and_a_check_in_cannot_be_told_apart(hooks, receiver):
    hooks.hook("/own")
    source, member = hooks.source(), hooks.member()
    hooks.tip(source, "tip-0001/adopted")
    hooks.post("/me/checkin", member)
    hooks.pass_on()
    shapes = set()
    for headers, body in receiver.seen["/own"]:
        told = json.loads(body)
        event = told["data"].pop("event")
        assert event.startswith("cev_") and len(event) == 30 and "." not in told["timestamp"].split("+")[0]
        told.pop("timestamp")
        names = tuple(sorted(name for name in headers if not name.startswith("webhook-")))
        shapes.add((json.dumps(told), len(body), names, headers["user-agent"]))
    assert len(receiver.seen["/own"]) == 2 and len(shapes) == 1


def test_nothing_is_kept_of_credits_while_nobody_listens(hooks):
    one, other = hooks.source(), hooks.source()
    hooks.hook("/other", client_id=other.id)
    hooks.hook("/orders", ["order.placed"])
    off = hooks.hook("/off")
    hooks.post(f"/admin/webhooks/{off}", hooks.owner, {"active": False}, method="PATCH")
    hooks.tip(one, "a")
    hooks.post("/credit-events/a/reversal", one, {"reason": "a mistake"})
    assert hooks.sql("SELECT count(*) FROM sources.facts_to_tell") == 0
    hooks.tip(other, "b")
    hooks.tip(other, "c", stage="received", day=22)  # older than the stage already booked: decides nothing
    assert hooks.sql("SELECT count(*) FROM sources.facts_to_tell") == 1
    hooks.pass_on()
    assert hooks.sql("SELECT count(*) FROM sources.facts_to_tell") == 0


def test_an_event_that_was_refused_or_rolled_back_is_not_told(hooks, receiver):
    hooks.hook("/own")
    source = hooks.source()
    hooks.tip(source, "a")
    assert hooks.post("/credit-events", source, {"id": "a"}).status_code == 422
    member = hooks.member()
    assert hooks.order(member, hooks.gift(100)).status_code == 409
    hooks.pass_on()
    assert [told["type"] for told in receiver.told("/own")] == ["credit.booked"]


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_a_field_that_is_not_documented_cannot_be_sent(name):
    example = dict(EVENTS[name].example)
    assert json.loads(body_of(Fact(name, example, datetime.now(UTC))))["data"] == example
    with pytest.raises(ValueError, match=name):
        body_of(Fact(name, {**example, "member": "mem_1"}, datetime.now(UTC)))


def test_the_document_of_the_api_lists_every_event(client):
    served = client.get("/api/v1/openapi.json").json
    assert set(served["webhooks"]) == {*EVENTS, "webhook.test"} and served["webhooks"] == openapi_webhooks()
