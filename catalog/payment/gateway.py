"""Pure: what the mall asks of a payment provider, and how the provider may fail.

Amounts are integers in minor units; currencies are ISO codes in capitals. Nothing here is called inside a
transaction: every method goes over the network, but ``read_event``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class PaymentError(Exception):
    """The provider did not do what it was asked to."""


class Unreachable(PaymentError):
    """No answer, too many requests, or the same request still running: what happened is not known.

    The same request with the same idempotency key may be made again.
    """


class Broken(PaymentError):
    """The provider says that it failed (5xx), and would repeat that for the same idempotency key."""


class Refused(PaymentError):
    """The provider understood and said no (4xx)."""


class BadEvent(PaymentError):
    """A message that the provider has not signed, or that cannot be read."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A payment to be asked for. ``expires_at``: when the provider's page closes by itself."""

    order_id: str
    attempt: int
    amount_cents: int
    currency: str
    label: str
    expires_at: datetime
    return_url: str

    @property
    def key(self) -> str:
        """The idempotency key: one page for each order and attempt, however often it is asked for."""
        return f"mall-session-{self.order_id}-{self.attempt}"


@dataclass(frozen=True, slots=True)
class Session:
    """The provider's payment page; ``order_id``: as it was given.

    ``status``: open, complete, expired, or failed: complete, but the payment that took its time did not go through.
    """

    id: str
    order_id: str | None
    status: str
    paid: bool
    amount_cents: int
    currency: str
    intent_id: str | None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class RefundWanted:
    """Cash to be sent back."""

    refund_id: str
    attempt: int
    intent_id: str
    amount_cents: int

    @property
    def key(self) -> str:
        """The idempotency key."""
        return f"mall-refund-{self.refund_id}-{self.attempt}"


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund at the provider. ``status``: pending, requires_action, succeeded, failed or canceled."""

    id: str
    refund_id: str | None
    status: str
    amount_cents: int


@dataclass(frozen=True, slots=True)
class Dispute:
    """A payment that its payer contests. ``status``: won, lost, or anything else while it is open."""

    id: str
    intent_id: str | None
    status: str
    amount_cents: int


@dataclass(frozen=True, slots=True)
class Event:
    """A message of the provider; ``about`` is None for kinds that the mall does not follow."""

    id: str
    type: str
    about: Session | Refund | Dispute | None


class Gateway(Protocol):
    """A payment provider. Every method raises a PaymentError."""

    def open_session(self, wanted: Wanted) -> Session:
        """Ask for a payment page; the same ``wanted.key`` gives the same one."""

    def session(self, session_id: str) -> Session:
        """A payment page as it is now."""

    def expire_session(self, session_id: str) -> Session:
        """Close an open page. Raises Refused when it is not open any more."""

    def refund(self, wanted: RefundWanted) -> Refund:
        """Send cash back; the same ``wanted.key`` gives the same refund."""

    def refunds_of(self, intent_id: str) -> Sequence[Refund]:
        """The refunds of a payment."""

    def read_event(self, raw: bytes, signature: str) -> Event:
        """A message, its signature checked. Raises BadEvent."""
