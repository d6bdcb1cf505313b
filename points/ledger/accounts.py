"""Pure: the accounts of a book and the postings that may move points between them.

A posting moves N points from the account it debits to the account it credits. ``issued`` and ``debt`` are
debit-normal (a debit raises them), the others credit-normal, so every posting keeps

    issued + debt = available + pending + held + redeemed + expired + reversed

(design: section 4, conservation). ``MOVES`` is the whole list of what may happen; the database holds the
same list as a CHECK.
"""

from __future__ import annotations

from enum import StrEnum


class Account(StrEnum):
    """An account of a member's book."""

    ISSUED = "issued"
    PENDING = "pending"
    AVAILABLE = "available"
    HELD = "held"
    REDEEMED = "redeemed"
    EXPIRED = "expired"
    REVERSED = "reversed"
    DEBT = "debt"


DEBIT_NORMAL = frozenset({Account.ISSUED, Account.DEBT})

MOVES: tuple[tuple[Account, Account], ...] = (
    (Account.ISSUED, Account.AVAILABLE),  # credit
    (Account.ISSUED, Account.PENDING),  # credit that has to mature
    (Account.PENDING, Account.AVAILABLE),  # maturing
    (Account.AVAILABLE, Account.DEBT),  # repayment
    (Account.PENDING, Account.REVERSED),  # clawback: the award's own pending,
    (Account.EXPIRED, Account.REVERSED),  # its own expired points,
    (Account.AVAILABLE, Account.REVERSED),  # unspent lots,
    (Account.DEBT, Account.REVERSED),  # then debt
    (Account.AVAILABLE, Account.HELD),  # hold
    (Account.HELD, Account.REDEEMED),  # capture
    (Account.HELD, Account.AVAILABLE),  # release
    (Account.REDEEMED, Account.AVAILABLE),  # refund
    (Account.AVAILABLE, Account.EXPIRED),  # expiry
    (Account.ISSUED, Account.DEBT),  # write-off
)


def net_change(debit: str, credit: str, points: int) -> int:
    """How a posting changes (available − debt), the figure a statement adds up to."""
    change = 0
    if debit in (Account.AVAILABLE, Account.DEBT):
        change -= points
    if credit in (Account.AVAILABLE, Account.DEBT):
        change += points
    return change
