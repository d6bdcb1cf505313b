"""Where the payment provider sends its messages."""

from __future__ import annotations

from flask import request

from catalog.payment.events import receive
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.principals import PUBLIC

blp = api_blueprint("payments", __name__, description="Messages of the payment provider")

MOST_BYTES = 256 * 1024
"""Stripe's events are some kilobytes."""


@endpoint(blp, "POST", "/stripe/webhook", auth=PUBLIC, login=None, status=204, max_bytes=MOST_BYTES)
def post_stripe_webhook(call: Call) -> None:
    """Take a signed message of Stripe: 204 once it is stored, 400 when Stripe has not signed it."""
    receive(call.raw_body, request.headers.get("Stripe-Signature", ""), call.now)
