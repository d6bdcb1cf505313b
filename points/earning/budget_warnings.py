"""Telling staff, once in a period, that a budget has come to 80 %."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from mall import audit, outbox
from points.earning.budgets import period_key
from points.earning.keys import wire_moment
from points.earning.limits import Budget


def tell_warnings(tx: Session, due: Sequence[tuple[Budget, int]], now: datetime, zone: ZoneInfo) -> None:
    """Write the messages that tell staff of budgets at 80 %, in the transaction of the booking."""
    for budget, used in due:
        told = {
            "scope": budget.scope, "period": budget.period, "limit_points": budget.limit, "used_points": used,
            "period_start": wire_moment(period_key(budget, now, zone).starts_at),
        }  # fmt: skip
        outbox.publish(tx, "budget.warned", told, now)


@outbox.handler("budget.warned")
def note_warning(tx: Session, payload: dict[str, Any], now: datetime) -> None:
    """The warning as staff find it: in the audit trail, where the back office's notices come from."""
    audit.record(tx, "system", "budget.warned", f"budget:{payload['scope']}", payload, now)
