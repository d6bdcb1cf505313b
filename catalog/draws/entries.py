"""Entries of a draw: the name by which the published list knows one, and until when it can be taken back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from mall.crypto import Keyring
from mall.db import cursor
from mall.errors import Conflict

_ENTERED = "SELECT id FROM orders WHERE member_id = %s AND gift_id = %s AND status = 'placed' ORDER BY id DESC"
_FIXED = "SELECT closes_at FROM draws WHERE gift_id = %s AND (closes_at <= %s OR frozen_at IS NOT NULL)"


def entry_name(ring: Keyring, draw_id: str, order_id: str) -> str:
    """The public name of an entry: whoever sees it learns neither the order nor its member."""
    return "ent_" + ring.hmac16("draw-entry", draw_id, order_id).hex()


def entered_orders(tx: Session, member_id: str, gift_id: str) -> list[str]:
    """A member's orders that wait for the draw of a gift, the newest first."""
    return [str(row[0]) for row in cursor(tx).execute(_ENTERED, (member_id, gift_id))]


def is_fixed(tx: Session, gift_id: str, now: datetime) -> bool:
    """Whether the entries of a gift's draw can be neither made nor taken back any more."""
    return cursor(tx).execute(_FIXED, (gift_id, now)).fetchone() is not None


def refuse_if_fixed(tx: Session, gift_id: str, now: datetime) -> None:
    """Raise Conflict ``draw_closed`` once the draw's entries are closed."""
    if is_fixed(tx, gift_id, now):
        raise Conflict("draw_closed")
