"""Members are told before an order that they have not paid for expires."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from catalog.notices.models import Notification
from catalog.redemption.writer import mark_reminded_once
from mall.db import cursor
from mall.ids import new_id

AT_ONCE = 200
PAY_SOON = "order.pay_soon"
# When a third of the time is left, an hour at most: 10 of 30 minutes. The order's row alone is locked.
_DUE = f"""SELECT o.id, o.member_id, p.expires_at FROM order_payments AS p JOIN orders AS o ON o.id = p.order_id
 WHERE p.session_over_at IS NULL AND p.status = 'open' AND o.status = 'awaiting_payment' AND o.reminders = 0
 AND p.expires_at > %(now)s AND p.expires_at - least((p.expires_at - p.created_at) / 3, interval '1 hour') <= %(now)s
 ORDER BY p.expires_at, o.id LIMIT {AT_ONCE} FOR UPDATE OF o SKIP LOCKED"""


def remind_to_pay(tx: Session, now: datetime) -> int:
    """Tell members whose orders wait for a payment and soon expire; each once. How many at this call, at most 200."""
    cur = cursor(tx)
    due = cur.execute(_DUE, {"now": now}).fetchall()
    if not due:
        return 0
    mark_reminded_once(cur, [row[0] for row in due])
    for order_id, member_id, until in due:
        tx.add(
            Notification(
                id=new_id("ntc"), member_id=member_id, kind=PAY_SOON, order_id=order_id,
                detail={"until": until.isoformat()}, created_at=now,
            )
        )  # fmt: skip
    return len(due)
