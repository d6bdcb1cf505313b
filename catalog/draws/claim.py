"""Claiming a prize: its winner says where it goes, or where it is collected; then it is an order to prepare."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from catalog.draws.models import Draw
from catalog.draws.states import PICKUP
from catalog.redemption.addresses import Address, seal_address
from catalog.redemption.lifecycle import By, Status, check_step, path_after
from catalog.redemption.writer import Claim, lock_order, move_order
from mall.crypto import keyring
from mall.db import cursor
from mall.errors import Conflict, Invalid, NotFound
from mall.identity.members import lock_present

MOST_SHOWN = 100
_CLAIM = """SELECT o.claim_until, d.handover, g.needs_preparation FROM orders AS o
 JOIN draws AS d ON d.gift_id = o.gift_id JOIN gifts AS g ON g.id = o.gift_id WHERE o.id = %s"""
_POINT = "SELECT 1 FROM pickup_points WHERE id = %s AND active"
_PRIZES = """SELECT e.rank, o.id, o.number, o.kind, o.status, o.claim_until FROM draw_entries AS e
 JOIN orders AS o ON o.id = e.order_id WHERE e.draw_id = %s AND e.rank <= %s ORDER BY e.rank LIMIT %s"""


def claim_prize(
    tx: Session, member_id: str, order_id: str, delivery: Address | None, pickup_point_id: str | None, now: datetime
) -> None:
    """Say how a prize is to come: sent to ``delivery``, or collected at a point where the draw leaves the choice.

    Raises NotFound for an order that is unknown or somebody else's, or an unknown point, Conflict
    ``illegal_transition`` when nothing is to be claimed, ``claim_over`` when it is too late, Invalid for both, neither,
    or a way that the draw does not have.
    """
    lock_present(tx, member_id)  # an address is not kept for nobody
    cur, ring = cursor(tx), keyring()
    order = lock_order(cur, order_id)
    if order is None or order.member_id != member_id:
        raise NotFound()
    check_step(order.kind, order.status, Status.CONFIRMED, By.MEMBER)
    row: Any = cur.execute(_CLAIM, (order_id,)).fetchone()
    until, handover, by_hand = row
    if until <= now:
        raise Conflict("claim_over")
    if delivery is None and pickup_point_id is None:
        raise Invalid({"delivery": [_("Please say where it should go.")]})
    if delivery is not None and pickup_point_id is not None:
        raise Invalid({"pickup_point": [_("Either sent or collected, not both.")]})
    path = [Status.CONFIRMED]
    if delivery is not None:
        claim = Claim(address=seal_address(ring, order_id, delivery))
    else:
        if handover != "either":
            raise Invalid({"pickup_point": [_("This prize is sent.")]})
        if cur.execute(_POINT, (pickup_point_id,)).fetchone() is None:
            raise NotFound(errors={"pickup_point": [_("Not found.")]})
        claim = Claim(pickup_point_id=pickup_point_id)
        path += path_after("draw", Status.CONFIRMED, by_hand=by_hand, approval=False)
    move_order(cur, ring, order, path, f"member:{member_id}", now, claim=claim)


@dataclass(frozen=True, slots=True)
class Prize:
    """A prize as staff see it: its order, and until when it is to be claimed. Whose it is they need not know."""

    rank: int
    order_id: str
    number: str
    kind: str
    status: str
    claim_until: datetime | None


def prizes_of(tx: Session, draw: Draw) -> list[Prize]:
    """The first 100 prizes of a draw that winners claim, by rank; none before the draw, or where none are claimed."""
    if draw.drawn_at is None or draw.handover == PICKUP:
        return []
    rows: list[Any] = cursor(tx).execute(_PRIZES, (draw.id, draw.winners, MOST_SHOWN)).fetchall()
    return [Prize(*row) for row in rows]
