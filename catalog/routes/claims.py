"""Claiming a prize: over the API, and the form on its order's page."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from flask import Blueprint, Response, flash, redirect, request
from flask_babel import gettext as _
from marshmallow import fields
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Redirect

from catalog.addresses.book import add_address, find_address
from catalog.draws.claim import claim_prize
from catalog.redemption.addresses import Address
from catalog.redemption.views import order_view
from catalog.routes.order_pages import order_page
from catalog.routes.schemas import ID_MOST, DeliverySchema, OrderSchema
from catalog.routes.wire import order_wire
from mall.db import Login, run_tx
from mall.errors import Conflict, Invalid, NotFound
from mall.http import idempotency
from mall.http.blueprint import api_blueprint
from mall.http.call import Call, load
from mall.http.endpoint import endpoint
from mall.http.fields import StrictSchema, Text
from mall.http.ids import checked_id
from mall.http.page import page
from mall.http.principals import MEMBER
from mall.http.problems import plain_errors, problem_of
from mall.identity.step_up import require_full
from points.viewer import require_active

blp = api_blueprint("prize-claims", __name__, description="Winners say how a prize is to come")
pages = Blueprint("claim_pages", __name__)
PARTS = ("name", "phone", "address")


class PrizeClaimSchema(StrictSchema):
    """How a prize is to come: one of an ``address`` of the member's book, another ``delivery``, or a ``pickup_point``
    where the order's ``claim.ways`` has that."""

    address = Text(1, ID_MOST)
    delivery = fields.Nested(DeliverySchema)
    pickup_point = Text(1, ID_MOST)


def _claim(tx: Session, call: Call, order_id: str, body: dict[str, Any]) -> None:
    require_active(call.member)
    delivery = Address(**body["delivery"]) if "delivery" in body else None
    point = _named(body, "pickup_point")
    if "address" in body:
        if delivery is not None:
            raise Invalid({"address": [_("Either an address of the book or another one.")]})
        require_full(call.member)
        try:
            delivery = find_address(tx, call.member.member_id, _named(body, "address") or "").address
        except NotFound as error:
            raise NotFound(errors={"address": [_("Not found.")]}) from error
    claim_prize(tx, call.member.member_id, checked_id(order_id), delivery, point, call.now)


def _named(body: dict[str, Any], field: str) -> str | None:
    if field not in body:
        return None
    try:
        return checked_id(body[field])
    except NotFound as error:
        raise NotFound(errors={field: [_("Not found.")]}) from error


@endpoint(
    blp, "POST", "/orders/<order_id>/claim", auth=MEMBER, login=Login.REDEMPTION, body=PrizeClaimSchema,
    response=OrderSchema, errors=("illegal_transition", "claim_over"), dump=False,
)  # fmt: skip
def post_claim_prize(call: Call, body: dict[str, Any], order_id: str) -> dict[str, Any]:
    """Say where a prize goes, or where it is collected; then it is an order like others."""
    _claim(call.tx, call, order_id, body)
    secrets = not call.member.restricted
    return order_wire(order_view(call.tx, checked_id(order_id), call.member.member_id, call.now, secrets=secrets))


@page(pages, "POST", "/orders/<order_id>/claim", auth=MEMBER, login=None, on_error="/orders/{order_id}")
def claim_form(call: Call, order_id: str) -> Response | Redirect:
    """The form on the order's page, once for each hidden key. A refusal shows it again, as it was filled in."""
    form = request.form.to_dict()
    key = idempotency.check_form(form.get("_key"), required=True)
    assert key is not None
    body = _body(form)
    asked = idempotency.fingerprint("POST", request.path, body)

    def work(tx: Session) -> Response:
        def effect() -> Response:
            loaded = load(PrizeClaimSchema(), body)
            _claim(tx, call, order_id, loaded)
            if form.get("keep") == "1" and "delivery" in loaded and not call.member.restricted:
                with suppress(Conflict):  # a full book does not stand in the way
                    add_address(tx, call.member.member_id, loaded["delivery"], call.now)
            return Response("claimed", content_type="text/plain")

        return idempotency.once(tx, call.principal.name, key, asked, call.now, effect)

    try:
        run_tx(Login.REDEMPTION, work)
    except Invalid as error:
        flash(str(problem_of(error)["detail"]), "error")
        found = plain_errors(error.errors) if error.errors else {}
        errors = {name.removeprefix("delivery."): texts for name, texts in found.items()}
        again = run_tx(Login.REDEMPTION, lambda tx: order_page(call, tx, order_id, errors=errors, form=form))
        return Response(again, status=422)
    flash(_("Thank you! We get your prize on its way."), "success")
    return redirect(f"/orders/{checked_id(order_id)}", 303)


def _body(form: dict[str, str]) -> dict[str, Any]:
    way = form.get("way", "")
    if way.startswith("point:"):
        return {"pickup_point": way.removeprefix("point:")}
    if way.startswith("book:"):
        return {"address": way.removeprefix("book:")}
    return {"delivery": {name: form.get(name, "") for name in PARTS}}
