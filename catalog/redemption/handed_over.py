"""What a member of staff has handed over lately, for the desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from mall.db import cursor

_LATELY = """SELECT o.number, o.gift_name, o.quantity, e.at FROM audit_entries AS e
 JOIN orders AS o ON o.id = substr(e.subject, 7)
 WHERE e.actor = %s AND e.action = 'order.collected' ORDER BY e.id DESC LIMIT %s"""


@dataclass(frozen=True, slots=True)
class HandedOver:
    """An order that was handed over, and when."""

    number: str
    gift_name: dict[str, str]
    quantity: int
    at: datetime


def handed_over_lately(tx: Session, actor: str, count: int) -> list[HandedOver]:
    """The last ``count`` orders that ``actor`` has handed over, the latest first."""
    rows: list[Any] = cursor(tx).execute(_LATELY, (actor, count)).fetchall()
    return [HandedOver(*row) for row in rows]
