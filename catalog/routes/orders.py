"""Quotes and orders of members."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import Response, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from catalog.addresses.book import find_address
from catalog.payment.pages import page_of
from catalog.redemption.addresses import Address
from catalog.redemption.advance import cancel_order
from catalog.redemption.look import refuse_if_sold_out
from catalog.redemption.place import OrderRequest, place_order
from catalog.redemption.quote import quote
from catalog.redemption.together import Order, place_together
from catalog.redemption.views import OrderView, order_view, orders_page
from catalog.routes.outlook import days_ahead
from catalog.routes.quote_schemas import QuoteSchema
from catalog.routes.schemas import OrderSchema, PlaceOrderSchema, QuoteInSchema
from catalog.routes.wire import order_wire, quote_wire
from mall.db import Login, run_tx
from mall.errors import Invalid, NotFound
from mall.http import idempotency
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.ids import checked_id
from mall.http.json_answer import JsonAnswer
from mall.http.pagination import PageQuery, list_schema
from mall.http.principals import MEMBER, MemberPrincipal
from mall.i18n import language
from mall.identity.step_up import require_full
from mall.json_text import compact
from points.viewer import require_active

blp = api_blueprint("orders", __name__, description="Points become gifts")

REFUSALS = (
    "payment_unavailable", "not_on_sale", "not_eligible", "sold_out", "queue_turn_needed", "queue_one_each",
    "redemption_rule", "limit_reached", "in_debt", "insufficient_points",
)  # fmt: skip


def order_request(body: dict[str, Any]) -> OrderRequest:
    """What a request body asks for. Raises NotFound, naming the field, for ids that cannot be any."""
    return OrderRequest(
        _id_of(body, "gift") or "",
        body["quantity"],
        _id_of(body, "variant"),
        _id_of(body, "pickup_point"),
        Address(**body["delivery"]) if "delivery" in body else None,
        body.get("target"),
    )


def with_saved_address(tx: Session, member: MemberPrincipal, body: dict[str, Any], asked: OrderRequest) -> OrderRequest:
    """The request with the address of the member's book that ``body`` names, if it names one.

    Raises NotFound, naming the field, Invalid beside a ``delivery``, Forbidden for a session that came by a link.
    """
    if "address" not in body:
        return asked
    if asked.delivery is not None:
        raise Invalid({"address": [_("Either an address of the book or another one.")]})
    require_full(member)
    try:
        saved = find_address(tx, member.member_id, checked_id(body["address"]))
    except NotFound as error:
        raise NotFound(errors={"address": [_("Not found.")]}) from error
    return replace(asked, delivery=saved.address)


def _id_of(body: dict[str, Any], field: str) -> str | None:
    if field not in body:
        return None
    try:
        return checked_id(body[field])
    except NotFound as error:
        raise NotFound(errors={field: [_("Not found.")]}) from error


_WITHOUT_PAGE = b'"checkout_url":null'


@endpoint(blp, "POST", "/quotes", auth=MEMBER, login=Login.REDEMPTION, body=QuoteInSchema, response=QuoteSchema)
def post_quote(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    offered = quote(call.tx, call.member, order_request(body), call.now)
    return quote_wire(offered, days_ahead(call.member, offered.missing_points, call.now))


@endpoint(
    blp, "POST", "/orders", auth=MEMBER, login=None, body=PlaceOrderSchema, response=OrderSchema, status=201,
    idempotency="required", errors=REFUSALS, dump=False, alike=("gift", "variant", "quantity", "pickup_point"),
)  # fmt: skip
def post_order(call: Call, body: dict[str, Any]) -> Response:
    """Place an order. Opens its own transaction, after a look that turns away whoever comes too late."""
    require_active(call.member)
    key = call.key
    assert key is not None
    asked, who = order_request(body), call.principal.name
    keyed = idempotency.keyed(who, key, "POST", request.path, call.json_body)
    refuse_if_sold_out(asked, keyed.key_hash, call.now)
    secrets = not call.member.restricted

    def whole(tx: Session) -> OrderRequest:
        return with_saved_address(tx, call.member, body, asked)

    def effect(tx: Session, patient: bool) -> Response:
        member_id = call.member.member_id
        return _answer(place_order(tx, member_id, whole(tx), call.now, secrets=secrets, patient=patient))

    def alone(patient: bool) -> Response:
        def work(tx: Session) -> Response:
            return idempotency.once(tx, who, key, keyed.asked, call.now, lambda: effect(tx, patient))

        return run_tx(Login.REDEMPTION, work)

    order = Order(call.member.member_id, keyed, secrets, language(), call.now, whole, _answer, alone)
    return _with_page(place_together(asked.gift_id, asked.variant_id, order), call.now)


def _answer(placed: OrderView) -> Response:
    return JsonAnswer(compact(order_wire(placed)), status=201, content_type="application/json")


def _with_page(answer: Response, now: datetime) -> Response:
    """The answer with the address to pay at, which is made once the order stands; also when it is a repeat."""
    if _WITHOUT_PAGE not in answer.get_data():
        return answer
    body = answer.get_json()
    cash = body.get("cash")
    if cash is not None and cash["checkout_url"] is None:
        cash["checkout_url"] = page_of(body["id"], now)
        answer.set_data(compact(body))
    return answer


@endpoint(
    blp, "GET", "/me/orders", auth=MEMBER, login=Login.REDEMPTION, query=PageQuery,
    response=list_schema(OrderSchema), dump=False,
)  # fmt: skip
def list_my_orders(call: Call) -> dict[str, Any]:
    orders, next_cursor = orders_page(call.tx, call.member.member_id, call.query["limit"], call.query.get("cursor"))
    return {"items": [order_wire(order) for order in orders], "next_cursor": next_cursor}


@endpoint(blp, "GET", "/orders/<order_id>", auth=MEMBER, login=Login.REDEMPTION, response=OrderSchema, dump=False)
def get_order(call: Call, order_id: str) -> dict[str, Any]:
    return order_wire(_own(call, order_id))


@endpoint(
    blp, "POST", "/orders/<order_id>/cancel", auth=MEMBER, login=Login.REDEMPTION, response=OrderSchema,
    idempotency="required", errors=("illegal_transition", "draw_closed"), dump=False,
)  # fmt: skip
def post_cancel(call: Call, order_id: str) -> dict[str, Any]:
    require_active(call.member)
    cancel_order(call.tx, call.member.member_id, checked_id(order_id), call.now)
    return order_wire(_own(call, order_id))


def _own(call: Call, order_id: str) -> Any:
    secrets = not call.member.restricted
    return order_view(call.tx, checked_id(order_id), call.member.member_id, call.now, secrets=secrets)
