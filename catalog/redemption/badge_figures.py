"""What a member's orders count for badges: gifts received, donations made. Counted anew after each step to the end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog.redemption.lifecycle import DRAWN_KINDS, Status
from catalog.redemption.models import Order
from mall.outbox import Message, group_handler
from points.badges.figures import set_figures

RECEIVED = (Status.ISSUED.value, Status.COMPLETED.value)
NO_GIFTS = ("donation", *DRAWN_KINDS)
"""A donation is counted by itself; an entry of a draw that was not drawn ends as completed too, and
a prize is luck."""


@group_handler("order.advanced", "order.confirmed")
def count_orders(tx: Session, messages: Sequence[Message], now: datetime) -> None:
    """Count what has come to its end, of the members whose orders have."""
    payloads = [message.payload for message in messages]
    members = {payload["member"] for payload in payloads if payload["status"] in RECEIVED}
    if not members:
        return
    counted = (
        select(
            Order.member_id,
            func.count().filter(Order.kind.not_in(NO_GIFTS)),
            func.count().filter(Order.kind == "donation"),
        )
        .where(Order.member_id.in_(members), Order.status.in_(RECEIVED))
        .group_by(Order.member_id)
    )
    figures = {member: (gifts, donations) for member, gifts, donations in tx.execute(counted)}
    for member in sorted(members):  # always in this order, so that two who count do not wait for each other
        gifts, donations = figures.get(member, (0, 0))
        set_figures(tx, member, {"redemptions": gifts, "donations": donations}, now)
