"""Notices made from messages: of orders and of points that are to be taken back, and to staff of budgets."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from catalog.notices.for_staff import resolve, tell_staff
from catalog.notices.kinds import group_of
from catalog.notices.models import Notification
from catalog.notices.preferences import wants
from catalog.redemption.lifecycle import DRAWN_KINDS
from catalog.redemption.writer import MESSAGE_TOPICS
from mall.arrays import arrays
from mall.db import cursor
from mall.identity.leaving import CLOSED
from mall.identity.members import get_member
from mall.ids import new_id
from mall.outbox import Message, group_handler, handler
from mall.webhooks.endpoints import FAILING, OFF, TOLD

# How a draw ended is told in any case. Nobody is left to tell on an account that was closed in the meantime.
_ORDER_NOTICES = """INSERT INTO notifications (id, member_id, kind, order_id, detail, created_at)
 SELECT n.id, n.member_id, n.kind, n.order_id, n.detail, %(now)s
 FROM unnest(%(n0)s::text[], %(n1)s::text[], %(n2)s::text[], %(n3)s::text[], %(n4)s::jsonb[], %(n5)s::text[])
 WITH ORDINALITY AS n(id, member_id, kind, order_id, detail, in_group, place)
 JOIN members AS m ON m.id = n.member_id LEFT JOIN notice_preferences AS p ON p.member_id = n.member_id
 WHERE m.status <> %(closed)s AND (n.in_group IS NULL OR coalesce(n.in_group <> ALL(p.off), true)
  OR EXISTS (SELECT 1 FROM orders AS o WHERE o.id = n.order_id AND o.kind = ANY(%(drawn)s)))
 ORDER BY n.place"""


@group_handler(*MESSAGE_TOPICS)
def notify_of_orders(tx: Session, messages: Sequence[Message], now: datetime) -> None:
    """Tell members where their orders are. Steps taken at one moment are one notice: that of the last."""
    notices = [_order_notice(message.payload) for message in messages if message.payload["last"]]
    if notices:
        ids = sorted([new_id("ntc") for _notice in notices])  # made in one moment, and listed by them
        rows = [(id_, *notice) for id_, notice in zip(ids, notices, strict=True)]
        values = {f"n{place}": column for place, column in enumerate(arrays(rows))}
        cursor(tx).execute(_ORDER_NOTICES, values | {"now": now, "closed": CLOSED, "drawn": list(DRAWN_KINDS)})


def _order_notice(payload: dict[str, Any]) -> tuple[Any, ...]:
    kind = f"order.{payload['status']}"
    detail = {name: payload[name] for name in ("points", "until") if name in payload}
    return payload["member"], kind, payload["order"], json.dumps(detail), group_of(kind)


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
