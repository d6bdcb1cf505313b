"""Notices of orders, made from the messages that their steps publish."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from catalog.notices.models import Notification
from mall.identity.leaving import CLOSED
from mall.identity.members import get_member
from mall.ids import new_id
from mall.outbox import handler

TOPICS = ("order.placed", "order.confirmed", "order.advanced", "order.cancelled", "order.refunded")


def notify_of_order(tx: Session, payload: dict[str, Any], now: datetime) -> None:
    """Tell the member where the order is. Steps taken at one moment are one notice: that of the last.

    Nobody is left to tell on an account that was closed in the meantime.
    """
    if payload["last"] and get_member(tx, payload["member"]).status != CLOSED:
        tx.add(
            Notification(
                id=new_id("ntc"),
                member_id=payload["member"],
                kind=f"order.{payload['status']}",
                order_id=payload["order"],
                detail={"points": payload["points"]} if "points" in payload else {},
                created_at=now,
            )
        )


for _topic in TOPICS:
    handler(_topic)(notify_of_order)
