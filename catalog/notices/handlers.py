"""Notices made from messages: of orders and of points that are to be taken back, and to staff of budgets."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from catalog.notices.for_staff import resolve, tell_staff
from catalog.notices.models import Notification
from catalog.notices.preferences import wants
from catalog.redemption.lifecycle import DRAWN_KINDS
from catalog.redemption.models import Order
from mall.identity.leaving import CLOSED
from mall.identity.members import get_member
from mall.ids import new_id
from mall.outbox import handler
from mall.webhooks.endpoints import FAILING, OFF, TOLD

TOPICS = ("order.placed", "order.confirmed", "order.advanced", "order.cancelled", "order.refunded")


def notify_of_order(tx: Session, payload: dict[str, Any], now: datetime) -> None:
    """Tell the member where the order is. Steps taken at one moment are one notice: that of the last.

    Nobody is left to tell on an account that was closed in the meantime.
    """
    kind = f"order.{payload['status']}"
    if payload["last"] and get_member(tx, payload["member"]).status != CLOSED and _wanted(tx, payload, kind):
        tx.add(
            Notification(
                id=new_id("ntc"),
                member_id=payload["member"],
                kind=kind,
                order_id=payload["order"],
                detail={name: payload[name] for name in ("points", "until") if name in payload},
                created_at=now,
            )
        )


def _wanted(tx: Session, payload: dict[str, Any], kind: str) -> bool:
    """Whether the member wants to hear of this step; how a draw ended is told in any case."""
    return wants(tx, payload["member"], kind) or tx.get_one(Order, payload["order"]).kind in DRAWN_KINDS


for _topic in TOPICS:
    handler(_topic)(notify_of_order)


def _tell(tx: Session, member_id: str, kind: str, now: datetime, detail: dict[str, Any] | None = None) -> None:
    """A notice that is of no order, unless the account was closed meanwhile."""
    if get_member(tx, member_id).status != CLOSED:
        tx.add(Notification(id=new_id("ntc"), member_id=member_id, kind=kind, detail=detail or {}, created_at=now))


@handler("debit.announced")
def notify_of_debit(tx: Session, payload: dict[str, Any], now: datetime) -> None:
    """Tell a member that points are to be taken back; of what they were for a notice says nothing."""
    _tell(tx, payload["member"], "points.debit_announced", now)


@handler("standing.told")
def notify_of_standing(tx: Session, payload: dict[str, Any], now: datetime) -> None:
    """Tell a member of a level, as the package of points put it; ``kind`` says which sentence it becomes."""
    if wants(tx, payload["member"], payload["kind"]):
        detail = {name: value for name, value in payload.items() if name not in ("member", "kind")}
        _tell(tx, payload["member"], payload["kind"], now, detail)


@handler("account.told")
def notify_of_account(tx: Session, payload: dict[str, Any], now: datetime) -> None:
    """Tell a member what was done to the account; nobody can switch this off."""
    detail = {name: value for name, value in payload.items() if name not in ("member", "kind")}
    _tell(tx, payload["member"], payload["kind"], now, detail)


@handler("budget.warned")
def tell_of_budget(tx: Session, payload: dict[str, Any], now: datetime) -> None:
    """Tell staff that a budget of points has come to 80 %."""
    tell_staff(tx, "budget.warned", f"{payload['scope']}/{payload['period_start']}", payload, now)


@handler(TOLD)
def tell_of_webhook(tx: Session, payload: dict[str, Any], now: datetime) -> None:
    """Tell staff that an endpoint fails or was switched off, once; or that it is well again (``kind`` None)."""
    subject = f"webhook:{payload['endpoint']}"
    for kind in (FAILING, OFF):
        if kind != payload["kind"]:
            resolve(tx, kind, subject, now)
    if payload["kind"] is not None:
        tell_staff(tx, payload["kind"], subject, {"why": payload.get("why")}, now)
