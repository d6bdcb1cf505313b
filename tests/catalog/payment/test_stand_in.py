"""The stand-in cannot lie: what it answers is what Stripe's published description and its own SDK say.

``tests/stripe_stand_in/shapes.json`` holds the fields of each resource of Stripe's OpenAPI fixtures (source named
there); the SDK's classes are generated from the same description and say what may be null and which words there are.
"""

from __future__ import annotations

import builtins
import sys
import time
import types
import typing

import pytest
import requests
import stripe
from stripe.checkout import Session

from tests.stripe_stand_in.objects import SHAPES
from tests.stripe_stand_in.server import SECRET_KEY, WEBHOOK_SECRET, Fault, StandIn

CLASSES = {
    "checkout.session": Session, "payment_intent": stripe.PaymentIntent, "refund": stripe.Refund,
    "dispute": stripe.Dispute, "event": stripe.Event,
}  # fmt: skip
PLAIN = {int: int, str: str, bool: bool, list: list}
KINDS = {"boolean": bool, "integer": int, "string": str, "object": dict, "array": list}


def _fits(value, hint):
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Union or origin is types.UnionType:
        return any(_fits(value, one) for one in args)
    if hint is type(None):
        return value is None
    if origin is typing.Literal:
        return value in args
    if origin is list:
        return isinstance(value, list)
    if hint in PLAIN:
        return type(value) is hint
    return isinstance(value, dict)  # an object of its own


class _Names(dict):
    """What the names in a class's hints mean; those of other classes of the SDK are objects."""

    def __init__(self, module):
        super().__init__()
        self._module = sys.modules[module]

    def __missing__(self, name):
        found = getattr(self._module, name, None) or getattr(builtins, name, None)
        return found if found is not None else dict


def _hints(cls):
    return typing.get_type_hints(cls, localns=_Names(cls.__module__))


def check(thing):
    kind = thing["object"]
    assert set(thing) == set(SHAPES[kind]), "exactly the fields that Stripe names"
    hints = _hints(CLASSES[kind])
    for name, value in thing.items():
        if name in hints:
            assert _fits(value, hints[name]), (kind, name, value, hints[name])
        if value is not None and SHAPES[kind][name] != "any":
            assert isinstance(value, KINDS[SHAPES[kind][name]]), (kind, name, value)


@pytest.fixture
def stand_in():
    found = StandIn().start()
    yield found
    found.stop()


FORM = {
    "mode": "payment", "line_items[0][quantity]": "1", "line_items[0][price_data][currency]": "cny",
    "line_items[0][price_data][unit_amount]": "1990", "line_items[0][price_data][product_data][name]": "Order",
    "client_reference_id": "ord_1", "metadata[order]": "ord_1", "payment_intent_data[metadata][order]": "ord_1",
    "success_url": "http://localhost/", "cancel_url": "http://localhost/",
}  # fmt: skip


def _post(stand_in, path, form, key=None):
    headers = {"Authorization": f"Bearer {SECRET_KEY}", **({"Idempotency-Key": key} if key else {})}
    return requests.post(stand_in.url + path, form, headers=headers, timeout=10)


def _session(stand_in, key=None, **more):
    form = {**FORM, "expires_at": str(int(time.time()) // 100 * 100 + 3600), **more}
    return _post(stand_in, "/v1/checkout/sessions", form, key)


def test_every_object_and_event_has_the_shape_that_stripe_publishes(stand_in):
    for later in (False, True):
        made = _session(stand_in).json()
        check(made)
        stand_in.pay(made["id"], later=later)
        if later:
            stand_in.arrive(made["id"])
        paid = stand_in.sessions[made["id"]]
        check(paid)
    refund = _post(stand_in, "/v1/refunds", {"payment_intent": paid["payment_intent"], "amount": "10"}).json()
    check(refund)
    stand_in.finish_refund(refund["id"], "failed")
    dispute = stand_in.contest(paid["payment_intent"])
    stand_in.decide(dispute["id"], won=False)
    closed = _session(stand_in).json()
    _post(stand_in, f"/v1/checkout/sessions/{closed['id']}/expire", {})
    assert len(stand_in.events) == 10
    for event in stand_in.events:
        check(event)
        check(event["data"]["object"])
        raw, signature = stand_in.signed(event)
        assert stripe.Webhook.construct_event(raw, signature, WEBHOOK_SECRET).id == event["id"]


def test_the_mall_sends_only_parameters_that_the_sdk_knows():
    known = set(_hints(stripe.params.checkout.SessionCreateParams))
    assert {name.split("[")[0] for name in FORM} | {"expires_at"} <= known
    assert {"payment_intent", "amount", "metadata"} <= set(_hints(stripe.params.RefundCreateParams))


def test_idempotency_keys_are_kept_as_stripe_keeps_them(stand_in):
    first, again = _session(stand_in, "k1"), _session(stand_in, "k1")
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    other = _session(stand_in, "k1", client_reference_id="ord_2")
    assert (other.status_code, other.json()["error"]["type"]) == (400, "idempotency_error")
    stand_in.faults.append(Fault("sessions", "after"))
    assert [_session(stand_in, "k2").status_code for _ in range(2)] == [500, 500]
    refused = _session(stand_in, "k3", nonsense="1")
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "parameter_unknown")
    assert _session(stand_in, "k3").status_code == 200


def test_it_refuses_what_stripe_refuses(stand_in):
    assert requests.get(f"{stand_in.url}/v1/refunds", timeout=10).status_code == 401
    assert _session(stand_in, expires_at=str(int(time.time()) + 1700)).status_code == 400
    made = _session(stand_in).json()
    stand_in.pay(made["id"])
    assert _post(stand_in, f"/v1/checkout/sessions/{made['id']}/expire", {}).status_code == 400
    intent = stand_in.sessions[made["id"]]["payment_intent"]
    assert _post(stand_in, "/v1/refunds", {"payment_intent": intent, "amount": "1991"}).status_code == 400
    assert _post(stand_in, "/v1/refunds", {"payment_intent": intent}).json()["amount"] == 1990
    full = _post(stand_in, "/v1/refunds", {"payment_intent": intent})
    assert (full.status_code, full.json()["error"]["code"]) == (400, "charge_already_refunded")
