"""What a member's orders count for badges: gifts received, donations made. Counted anew after each step to the end."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog.redemption.lifecycle import DRAWN_KINDS, Status
from catalog.redemption.models import Order
from mall.outbox import handler
from points.badges.figures import set_figures

RECEIVED = (Status.ISSUED.value, Status.COMPLETED.value)
NO_GIFTS = ("donation", *DRAWN_KINDS)
"""A donation is counted by itself; an entry of a draw that was not drawn ends as completed too, and
a prize is luck."""


def count_orders(tx: Session, payload: dict[str, Any], now: datetime) -> None:
    """Count what has come to its end, when an order has."""
    if payload["status"] not in RECEIVED:
        return
    mine = select(
        func.count().filter(Order.kind.not_in(NO_GIFTS)), func.count().filter(Order.kind == "donation")
    ).where(Order.member_id == payload["member"], Order.status.in_(RECEIVED))
    gifts, donations = tx.execute(mine).one()
    set_figures(tx, payload["member"], {"redemptions": gifts, "donations": donations}, now)


handler("order.advanced")(count_orders)
handler("order.confirmed")(count_orders)
