"""An order as its member sees it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from catalog.draws.states import NOT_DRAWN, Outcome, outcome_of
from catalog.payment.due import Cash, cash_of
from catalog.redemption.addresses import Address, open_address
from catalog.redemption.codes import read_code
from catalog.redemption.lifecycle import ENDED_EARLY, By, Status, targets
from catalog.redemption.models import OVER_SQL
from catalog.redemption.terms import Point
from catalog.topups.asking import open_target
from catalog.vouchers.pool import reveal_codes
from mall import clock
from mall.crypto import keyring
from mall.db import cursor
from mall.errors import NotFound
from mall.http.pagination import decode_cursor, encode_cursor


@dataclass(frozen=True, slots=True)
class HistoryStep:
    """A step: the status it led to, when, by whom (``member``, ``staff`` or ``system``), and why an order ended."""

    status: str
    at: datetime
    by: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order. ``history``: the first step first. Codes and address are secrets of the member."""

    id: str
    number: str
    gift_id: str
    gift_name: dict[str, str]
    variant_name: dict[str, str] | None
    picture: str | None
    kind: str
    status: str
    quantity: int
    points: int
    tracking: str | None
    placed_at: datetime
    pickup_until: datetime | None
    history: list[HistoryStep]
    point: Point | None
    pickup_code: str | None = None
    voucher_codes: tuple[str, ...] = ()
    address: Address | None = None
    carrier: str | None = None
    target: str | None = None
    top_up_state: str | None = None
    refunded_points: int = 0
    refunded_quantity: int = 0
    cause_id: str | None = None
    cause_name: dict[str, str] | None = None
    revealed_at: datetime | None = None
    cash: Cash | None = None
    draw_id: str | None = None
    draw_closes_at: datetime | None = None
    draw_handover: str | None = None
    claim_until: datetime | None = None

    @property
    def outcome(self) -> Outcome | None:
        """What came of an entry of a draw; None for other orders, and for an entry that was taken back."""
        return outcome_of(self.kind, [(step.status, step.reason) for step in self.history])

    @property
    def can_cancel(self) -> bool:
        """Whether the member may still cancel."""
        held = self.cash is not None and self.cash.on_hold
        if self.status == Status.PLACED and self.draw_closes_at is not None:
            held = self.draw_closes_at <= clock.now()
        return not held and Status.CANCELLED.value in targets(self.kind, self.status, By.MEMBER)


_FIELDS = (
    "id", "number", "gift_id", "gift_name", "variant_name", "picture", "kind", "status", "quantity", "points",
    "tracking", "placed_at", "pickup_until", "carrier", "refunded_points", "refunded_quantity", "claim_until",
)  # fmt: skip
_COLUMNS = """o.id, o.number, o.gift_id, o.gift_name, o.variant_name, o.picture, o.kind, o.status, o.quantity, o.points,
 o.tracking, o.placed_at, o.pickup_until, o.carrier,
 o.refunded_points, o.refunded_quantity, o.claim_until, o.cash_cents, o.cash_currency,
 ARRAY(SELECT h.status FROM order_history AS h WHERE h.order_id = o.id ORDER BY h.seq),
 ARRAY(SELECT h.at FROM order_history AS h WHERE h.order_id = o.id ORDER BY h.seq),
 ARRAY(SELECT h.actor FROM order_history AS h WHERE h.order_id = o.id ORDER BY h.seq),
 ARRAY(SELECT h.reason FROM order_history AS h WHERE h.order_id = o.id ORDER BY h.seq),
 CASE WHEN o.kind IN ('draw', 'prize') THEN (SELECT d.id FROM draws AS d WHERE d.gift_id = o.gift_id) END,
 CASE WHEN o.kind IN ('draw', 'prize') THEN (SELECT d.closes_at FROM draws AS d WHERE d.gift_id = o.gift_id) END,
 CASE WHEN o.kind IN ('draw', 'prize') THEN (SELECT d.handover FROM draws AS d WHERE d.gift_id = o.gift_id) END"""
_ONE = f"""SELECT {_COLUMNS}, p.id, p.name, p.address, p.hours, p.phone, p.opening, c.code_box, k.key_box,
  a.address_box, t.target_box, t.state, ca.id, ca.name,
  (SELECT min(v.revealed_at) FROM voucher_codes AS v WHERE v.order_id = o.id)
 FROM orders AS o LEFT JOIN pickup_points AS p ON p.id = o.pickup_point_id
 LEFT JOIN pickup_codes AS c ON c.order_id = o.id AND c.closed_at IS NULL
 LEFT JOIN address_keys AS k ON k.order_id = o.id LEFT JOIN order_addresses AS a ON a.order_id = o.id
 LEFT JOIN top_ups AS t ON t.order_id = o.id LEFT JOIN causes AS ca ON ca.id = o.cause_id
 WHERE o.id = %s AND o.member_id = %s"""
# As one range of the index of members' orders. Of `member_id = … ORDER BY id` PostgreSQL may think that the newest
# orders of everybody are read quicker until enough of the member's were met: of who has not ordered lately, all.
_LIST = f"""SELECT {_COLUMNS} FROM orders AS o WHERE (o.member_id, o.id) < (%(member)s, %(before)s)
 AND o.member_id >= %(member)s ORDER BY o.member_id DESC, o.id DESC LIMIT %(most)s"""
_LIST_OPEN = _LIST.replace("ORDER BY", f"AND o.status NOT IN {OVER_SQL} ORDER BY")
_HIGHEST = "~"
"""Sorts after every id."""


def order_view(tx: Session, order_id: str, member_id: str, now: datetime, *, secrets: bool = True) -> OrderView:
    """A member's order. Raises NotFound for one that does not exist or is somebody else's.

    ``secrets=False`` leaves codes and address closed, and voucher codes unrevealed.
    """
    cur, ring = cursor(tx), keyring()
    row: Any = cur.execute(_ONE, (order_id, member_id)).fetchone()
    if row is None:
        raise NotFound()
    status, kind = row[7], row[6]
    point = None if row[26] is None else Point(*row[26:32])
    code_box, key_box, address_box, target_box, top_up_state, cause_id, cause_name, revealed_at = row[32:]
    codes: tuple[str, ...] = ()
    if secrets and kind == "voucher" and status in (Status.ISSUED, Status.COMPLETED):
        codes = tuple(reveal_codes(cur, ring, order_id, now))
    plain = _plain(row)
    if plain["cash"] is not None:
        plain["cash"] = cash_of(tx, order_id, now)
    return OrderView(
        **plain,
        point=point,
        pickup_code=read_code(ring, code_box) if secrets and code_box is not None else None,
        voucher_codes=codes,
        address=open_address(ring, order_id, key_box, address_box) if secrets else None,
        target=open_target(ring, order_id, target_box) if secrets else None,
        top_up_state=top_up_state,
        cause_id=cause_id,
        cause_name=cause_name,
        revealed_at=revealed_at or (now if codes else None),
    )


def orders_page(
    tx: Session, member_id: str, limit: int, cursor_text: str | None, *, only_open: bool = False
) -> tuple[list[OrderView], str | None]:
    """A page of a member's orders, newest first, without codes and addresses; and the cursor of the next."""
    seen = decode_cursor(cursor_text, str)
    asked = {"member": member_id, "before": seen[0] if seen else _HIGHEST, "most": limit + 1}
    rows: list[Any] = cursor(tx).execute(_LIST_OPEN if only_open else _LIST, asked).fetchall()
    views = [OrderView(**_plain(row), point=None) for row in rows[:limit]]
    return views, encode_cursor(views[-1].id) if len(rows) > limit else None


def _plain(row: Any) -> dict[str, Any]:
    """The columns that every view has."""
    fields = dict(zip(_FIELDS, row[:17], strict=True))
    cash = None if row[17] is None else Cash(row[17], row[18])
    steps = zip(row[19], row[20], row[21], row[22], strict=True)
    draw = {"draw_id": row[23], "draw_closes_at": row[24], "draw_handover": row[25]}
    return {**fields, "cash": cash, **draw, "history": [_step(*step) for step in steps]}


def _step(status: str, at: datetime, actor: str, reason: str | None) -> HistoryStep:
    by = "member" if actor.startswith("member:") else "staff" if actor.startswith("staff:") else "system"
    # Notes of staff along the way are their own; why an order ended is the member's business.
    return HistoryStep(status, at, by, reason if status in ENDED_EARLY or reason == NOT_DRAWN else None)
