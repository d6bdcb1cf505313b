"""Deeds of staff on orders, each with its entry in the audit trail: the same for the API and the orders desk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from catalog.redemption.advance import Step, take_step
from catalog.redemption.lifecycle import By
from catalog.redemption.pickup import collect
from catalog.redemption.refund import RefundRequest, refund_order
from mall import audit
from mall.db import Login, run_tx
from mall.errors import Forbidden, Invalid, MallError
from mall.http.call import Call
from mall.http.ids import checked_id
from mall.http.principals import OWNER_ROLE

SEES_FIGURES = frozenset({OWNER_ROLE, "catalog", "auditor"})
SEES_MEMBERS = frozenset({OWNER_ROLE, "auditor"})
SEES_ADDRESSES = frozenset({OWNER_ROLE, "fulfilment"})
"""Fulfilment sees item and label, never price, balance or member (design, section 7)."""
ADVANCED, ALREADY, REFUSED = "advanced", "already", "refused"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an order. ``result``: advanced, already (it was there before), or refused with ``error``."""

    order_id: str
    result: str
    error: MallError | None = None


def advance_as_staff(tx: Session, call: Call, order_id: str, body: dict[str, Any]) -> None:
    """One step of one order. ``body``: as AdvanceSchema loads it. Raises as ``take_step``."""
    step = Step(body["to"], By.STAFF, call.staff.name, body.get("reason"), body.get("tracking"), body.get("carrier"))
    before = take_step(tx, order_id, step, call.now)
    detail = {"from": before.status, "to": step.to, "reason": step.reason}
    _note(tx, call, "order.advanced", order_id, detail)


def advance_many(call: Call, orders: Sequence[str], body: dict[str, Any]) -> list[Outcome]:
    """Take the step of ``body`` with each order that it is open to; one that is refused stops no other.

    Each is a transaction of its own. Asked again it does nothing twice: what is there already is told as such.
    """
    return [_advance_one(call, order_id, body) for order_id in dict.fromkeys(orders)]


def _advance_one(call: Call, order_id: str, body: dict[str, Any]) -> Outcome:
    def work(tx: Session) -> None:
        advance_as_staff(tx, call, checked_id(order_id), body)

    try:
        run_tx(Login.BACKOFFICE, work)
    except MallError as error:
        there = error.code == "illegal_transition" and error.extra.get("order_status") == body["to"]
        return Outcome(order_id, ALREADY) if there else Outcome(order_id, REFUSED, error)
    return Outcome(order_id, ADVANCED)


def collect_as_staff(tx: Session, call: Call, code: str) -> str:
    """Hand over what waits for a pickup code; returns the order's id. Raises as ``collect``."""
    order_id = collect(tx, code, call.staff.name, call.now)
    _note(tx, call, "order.collected", order_id, {})
    return order_id


def refund_as_staff(tx: Session, call: Call, order_id: str, body: dict[str, Any]) -> None:
    """Give points and cash of an order back. ``body``: as OrderRefundSchema loads it.

    Raises Invalid for pieces and points at once, Forbidden ``role_missing`` for figures by those who see none, and as
    ``refund_order``.
    """
    if "quantity" in body and "points" in body:
        raise Invalid({"points": [_("Give either pieces or points.")]})
    if ("points" in body or "cash" in body) and call.staff.role not in SEES_FIGURES:
        raise Forbidden("role_missing")
    asked = RefundRequest(body["reason"], body.get("quantity"), body.get("points"), body["restock"], body.get("cash"))
    part, cents = refund_order(tx, checked_id(order_id), asked, call.staff.name, call.now)
    detail = {"points": part.points, "quantity": part.pieces, "restock": part.restocked, "reason": asked.reason}
    _note(tx, call, "order.refunded", order_id, {**detail, **({"cash": cents} if cents else {})})


def _note(tx: Session, call: Call, deed: str, order_id: str, detail: dict[str, Any]) -> None:
    audit.record(tx, call.staff.name, deed, f"order:{order_id}", detail, call.now, call.request_id)
