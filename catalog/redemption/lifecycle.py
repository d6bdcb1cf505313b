"""Pure: the life of an order, as one table (design, section 6: redemption).

    placed → (awaiting_payment) → confirmed → (preparing → shipped | ready_for_pickup | issued) → completed

    of a prize: confirmed → awaiting_claim → confirmed → …

with the exits cancelled, expired, returned, refunded.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from catalog.gifts.windows import COLLECTED_KINDS, GIFT_KINDS
from mall.errors import Conflict


class Status(StrEnum):
    """Where an order is."""

    PLACED = "placed"
    AWAITING_PAYMENT = "awaiting_payment"
    CONFIRMED = "confirmed"
    AWAITING_CLAIM = "awaiting_claim"
    PREPARING = "preparing"
    SHIPPED = "shipped"
    READY = "ready_for_pickup"
    ISSUED = "issued"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    RETURNED = "returned"
    REFUNDED = "refunded"


class By(StrEnum):
    """Who moves an order on."""

    MEMBER = "member"
    STAFF = "staff"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Step:
    """A transition: from where, to where, for which kinds of gift, by whom."""

    source: Status
    target: Status
    kinds: frozenset[str]
    by: frozenset[By]


PRIZE = "prize"
"""The kind of an order that won a draw and is sent; as an entry it was of the kind draw."""
ORDER_KINDS = (*GIFT_KINDS, PRIZE)
SENT_KINDS = ("delivery", PRIZE)
DRAWN_KINDS = ("draw", PRIZE)


def _step(source: Status, target: Status, kinds: str, *by: By) -> Step:
    return Step(source, target, frozenset(ORDER_KINDS if kinds == "*" else kinds.split()), frozenset(by))


_S = Status
TRANSITIONS: tuple[Step, ...] = (
    _step(_S.PLACED, _S.AWAITING_PAYMENT, "*", By.SYSTEM),
    _step(_S.PLACED, _S.CONFIRMED, "delivery pickup voucher virtual donation", By.STAFF, By.SYSTEM),
    _step(_S.PLACED, _S.CANCELLED, "*", By.MEMBER, By.STAFF),
    # An entry of a draw waits, placed, until the draw alone says what comes of it: won, or not with the points
    # returned or kept.
    _step(_S.PLACED, _S.CONFIRMED, "draw", By.SYSTEM),
    _step(_S.PLACED, _S.CANCELLED, "draw", By.SYSTEM),
    _step(_S.PLACED, _S.COMPLETED, "draw", By.SYSTEM),
    _step(_S.AWAITING_PAYMENT, _S.CONFIRMED, "*", By.SYSTEM),
    _step(_S.AWAITING_PAYMENT, _S.CANCELLED, "*", By.MEMBER, By.STAFF),
    _step(_S.AWAITING_PAYMENT, _S.EXPIRED, "*", By.SYSTEM),
    _step(_S.CONFIRMED, _S.PREPARING, "delivery pickup draw", By.STAFF),
    _step(_S.CONFIRMED, _S.READY, "pickup draw", By.STAFF, By.SYSTEM),
    _step(_S.CONFIRMED, _S.ISSUED, "voucher virtual", By.STAFF, By.SYSTEM),
    _step(_S.CONFIRMED, _S.COMPLETED, "donation", By.STAFF, By.SYSTEM),
    _step(_S.CONFIRMED, _S.CANCELLED, "delivery pickup voucher virtual donation", By.MEMBER, By.STAFF),
    # Who has won does not take the entry back.
    _step(_S.CONFIRMED, _S.CANCELLED, "draw", By.STAFF),
    # A winner says where the prize goes, or picks a point; in time, or the prize is not claimed.
    _step(_S.CONFIRMED, _S.AWAITING_CLAIM, "draw", By.SYSTEM),
    _step(_S.AWAITING_CLAIM, _S.CONFIRMED, "draw", By.MEMBER),
    _step(_S.AWAITING_CLAIM, _S.CANCELLED, "draw", By.STAFF),
    _step(_S.AWAITING_CLAIM, _S.EXPIRED, "draw", By.SYSTEM),
    _step(_S.CONFIRMED, _S.PREPARING, "prize", By.STAFF),
    _step(_S.CONFIRMED, _S.CANCELLED, "prize", By.STAFF),
    _step(_S.PREPARING, _S.CANCELLED, "prize", By.STAFF),
    _step(_S.PREPARING, _S.SHIPPED, "delivery prize", By.STAFF),
    _step(_S.PREPARING, _S.READY, "pickup draw", By.STAFF),
    _step(_S.PREPARING, _S.CANCELLED, "delivery pickup draw", By.STAFF),
    # A top-up that has been sent to its provider is beyond its member's cancelling.
    _step(_S.CONFIRMED, _S.PREPARING, "virtual", By.SYSTEM),
    _step(_S.PREPARING, _S.ISSUED, "virtual", By.SYSTEM),
    _step(_S.PREPARING, _S.CANCELLED, "virtual", By.SYSTEM),
    _step(_S.CONFIRMED, _S.CANCELLED, "virtual", By.SYSTEM),
    _step(_S.SHIPPED, _S.COMPLETED, "delivery prize", By.STAFF, By.SYSTEM),
    _step(_S.SHIPPED, _S.RETURNED, "delivery prize", By.STAFF),
    _step(_S.READY, _S.COMPLETED, "pickup draw", By.STAFF),
    _step(_S.READY, _S.CANCELLED, "pickup", By.MEMBER, By.STAFF),
    _step(_S.READY, _S.CANCELLED, "draw", By.STAFF),
    _step(_S.READY, _S.EXPIRED, "pickup draw", By.SYSTEM),
    _step(_S.ISSUED, _S.COMPLETED, "voucher virtual", By.STAFF, By.SYSTEM),
    _step(_S.COMPLETED, _S.RETURNED, "delivery pickup prize", By.STAFF),
    _step(_S.RETURNED, _S.REFUNDED, "delivery pickup prize", By.STAFF),
    # All points given back although nothing comes back: a broken piece, a code that does not work.
    _step(_S.ISSUED, _S.REFUNDED, "voucher virtual", By.STAFF),
    _step(_S.COMPLETED, _S.REFUNDED, "*", By.STAFF),
    # A payment that arrives after its order has expired or was cancelled.
    _step(_S.EXPIRED, _S.REFUNDED, "*", By.SYSTEM),
    _step(_S.CANCELLED, _S.REFUNDED, "*", By.SYSTEM),
)

REFUNDABLE = frozenset({_S.SHIPPED, _S.ISSUED, _S.COMPLETED, _S.RETURNED})
"""Where staff may give a part of the points back; before that an order is cancelled instead."""
OVER = frozenset({_S.COMPLETED, _S.CANCELLED, _S.EXPIRED, _S.RETURNED, _S.REFUNDED})
"""Nothing more is to be done for the member."""
GIVES_POINTS_BACK = frozenset({_S.CANCELLED, _S.EXPIRED, _S.REFUNDED})
GIVES_STOCK_BACK = frozenset({_S.CANCELLED, _S.EXPIRED})
"""A returned piece is looked at before it is put back: staff correct the stock."""
NOT_COUNTED = frozenset({_S.CANCELLED, _S.EXPIRED, _S.RETURNED, _S.REFUNDED})
"""Orders that leave a member's limits as they were."""
ENDED_EARLY = frozenset({_S.CANCELLED, _S.EXPIRED, _S.RETURNED, _S.REFUNDED})
"""Where the member is told the reason."""


def targets(kind: str, status: str, by: By) -> list[str]:
    """Where ``by`` may move an order of ``kind`` that is ``status``, in the table's order."""
    return [step.target.value for step in TRANSITIONS if step.source == status and kind in step.kinds and by in step.by]


def check_step(kind: str, status: str, target: str, by: By) -> None:
    """Raise Conflict ``illegal_transition`` with the allowed targets unless the table has the step."""
    allowed = targets(kind, status, by)
    if target not in allowed:
        raise Conflict("illegal_transition", extra={"order_status": status, "allowed": allowed})


def path_after(kind: str, status: Status, *, by_hand: bool, approval: bool) -> list[Status]:
    """The steps that follow ``status`` by themselves.

    ``approval``: the gift asks staff to confirm. ``by_hand``: something is to be prepared or was to be
    approved, so a pickup order waits for staff to say that it is ready. An entry of a draw waits for the draw.
    """
    path: list[Status] = []
    while True:
        if status == Status.PLACED and kind != "draw" and not approval:
            status = Status.CONFIRMED
        elif status == Status.CONFIRMED and kind in COLLECTED_KINDS and not by_hand:
            status = Status.READY
        elif status == Status.CONFIRMED and kind == "voucher":
            status = Status.ISSUED
        elif (status == Status.CONFIRMED and kind == "donation") or (status == Status.ISSUED and kind == "voucher"):
            status = Status.COMPLETED
        else:
            return path
        path.append(status)
