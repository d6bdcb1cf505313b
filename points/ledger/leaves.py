"""Pure: the leaves of a book: its wallet, lots and holds as far as they were needed, and what is written on them.

``Leaves`` knows how a posting is made, how lots are drawn from and how debt is repaid; which of that happens
when is the matter of ``points.ledger.book``.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from mall.errors import NotFound
from points.ledger.accounts import DEBIT_NORMAL, Account
from points.ledger.states import DrawRow, HoldState, LotState, PostingRow, WalletState, posting_hash


class Shelf(Protocol):
    """Where a book finds its lots and holds."""

    def open_lots(self, member_id: str) -> list[LotState]:
        """Lots with points remaining."""

    def award_lots(self, member_id: str, award_id: str) -> list[LotState]:
        """Every lot of one award, spent and expired ones too."""

    def lots(self, member_id: str, versions: list[int]) -> list[LotState]:
        """Lots by their versions."""

    def hold(self, member_id: str, hold_id: str) -> HoldState | None:
        """A hold with its shares in the order they were drawn."""

    def due_holds(self, member_id: str, now: datetime) -> list[HoldState]:
        """Open holds whose time is over."""

    def next_hold_expiry(self, member_id: str, now: datetime) -> datetime | None:
        """The earliest expiry of an open hold after ``now``."""


class Leaves:
    """One member's wallet with the lots and holds read so far, and the postings made so far."""

    def __init__(self, wallet: WalletState, now: datetime, shelf: Shelf) -> None:
        self.wallet = wallet
        self.now = now
        self.postings: list[PostingRow] = []
        self.draws: list[DrawRow] = []
        self.changed_lots: dict[int, LotState] = {}
        self.changed_holds: dict[str, HoldState] = {}
        self._shelf = shelf
        self._due_at_opening = wallet.next_due_at
        self._moment = now
        self._lots: dict[int, LotState] = {}
        self._all_open_loaded = wallet.version == 0
        self._holds: dict[str, HoldState] = {}

    @property
    def member_id(self) -> str:
        return self.wallet.member_id

    @property
    def changed(self) -> bool:
        """Whether there is something to write: postings, or only that less is due than was thought."""
        return bool(self.postings) or self.wallet.next_due_at != self._due_at_opening

    def open_lots(self) -> list[LotState]:
        """Lots with available points, the first to expire first."""
        found = [lot for lot in self._open().values() if lot.remaining and not lot.pending]
        return sorted(found, key=lambda lot: (lot.expires_at, lot.version))

    def pending_lots(self) -> list[LotState]:
        """Lots still to mature, the first to mature first; those awaiting confirmation last."""
        found = [lot for lot in self._open().values() if lot.remaining and lot.pending]
        return sorted(found, key=lambda lot: (lot.available_at is None, lot.available_at or self.now, lot.version))

    def award_lots(self, award_id: str) -> list[LotState]:
        """Every lot of an award, oldest first."""
        for lot in self._shelf.award_lots(self.member_id, award_id) if self.wallet.version else ():
            self._lots.setdefault(lot.version, lot)
        found = [lot for lot in self._lots.values() if lot.award_id == award_id]
        return sorted(found, key=lambda lot: lot.version)

    def within_reach(self, award_id: str | None, *, waiting_only: bool) -> int:
        """How many points ``clawback`` would take for an award without debt; of pending ones only if asked."""
        own = self.award_lots(award_id) if award_id is not None else []
        waiting = sum(lot.remaining for lot in own if lot.pending)
        if waiting_only:
            return waiting
        return waiting + sum(lot.expired_points for lot in own) + self.wallet.available

    def find_hold(self, hold_id: str) -> HoldState:
        """A hold of this book. Raises NotFound."""
        hold = self._holds.get(hold_id) or self._shelf.hold(self.member_id, hold_id)
        if hold is None:
            raise NotFound("hold_not_found")
        self._holds[hold_id] = hold
        return hold

    def written(self) -> None:
        """Forget what has been written; the book may go on in the same transaction."""
        for lot in self.changed_lots.values():
            lot.is_new = False
        self.postings, self.draws = [], []
        self.changed_lots, self.changed_holds = {}, {}
        self._due_at_opening = self.wallet.next_due_at

    def _watch(self, moment: datetime) -> None:
        due = self.wallet.next_due_at
        if due is None or moment < due:
            self.wallet.next_due_at = moment

    def _open(self) -> dict[int, LotState]:
        if not self._all_open_loaded:
            for lot in self._shelf.open_lots(self.member_id):
                self._lots.setdefault(lot.version, lot)
            self._all_open_loaded = True
        return self._lots

    def _post(
        self,
        debit: Account,
        credit: Account,
        points: int,
        kind: str,
        label: str,
        ref: str | None,
        award_id: str | None,
        occurred_at: datetime,
        *,
        available_at: datetime | None = None,
        expires_at: datetime | None = None,
    ) -> PostingRow:
        wallet = self.wallet
        check_positive(points)
        for account, sign in ((debit, 1), (credit, -1)):
            rises = sign if account in DEBIT_NORMAL else -sign
            balance = getattr(wallet, account) + rises * points
            if balance < 0:
                raise AssertionError(f"{account.value} of {wallet.member_id} would be {balance}")
            setattr(wallet, account, balance)
        wallet.version += 1
        row = PostingRow(
            wallet.member_id, wallet.version, debit.value, credit.value, points, kind, label, ref, award_id,
            occurred_at, self.now, available_at, expires_at, wallet.available - wallet.debt,
        )  # fmt: skip
        row.hash = wallet.head_hash = posting_hash(wallet.head_hash, row)
        self.postings.append(row)
        return row

    def _new_lot(self, posting: PostingRow, *, pending: bool) -> LotState:
        assert posting.expires_at is not None
        lot = LotState(
            posting.member_id, posting.version, posting.award_id, posting.points, posting.points, 0, pending,
            posting.available_at, posting.expires_at, is_new=True,
        )  # fmt: skip
        self._lots[lot.version] = self.changed_lots[lot.version] = lot
        return lot

    def _draw(self, version: int, points: int, lots: Iterable[LotState]) -> list[tuple[int, int]]:
        drawn = []
        left = points
        for lot in lots:
            amount = min(left, lot.remaining)
            if amount:
                lot.remaining -= amount
                left -= amount
                self.draws.append(DrawRow(self.member_id, version, lot.version, amount))
                self.changed_lots[lot.version] = lot
                drawn.append((lot.version, amount))
            if not left:
                break
        assert left == 0, "lots and wallet disagree"
        return drawn

    def _take_expired(self, points: int, lots: Iterable[LotState]) -> None:
        left = points
        for lot in lots:
            amount = min(left, lot.expired_points)
            lot.expired_points -= amount
            left -= amount
            if amount:
                self.changed_lots[lot.version] = lot

    def _repay(self, lots: list[LotState]) -> None:
        amount = min(self.wallet.debt, remaining(lots))
        if amount:
            posting = self._post(
                Account.AVAILABLE, Account.DEBT, amount, "debt_repaid", "debt", None, None, self._moment
            )
            self._draw(posting.version, amount, lots)


def check_positive(points: int) -> None:
    if type(points) is not int or points <= 0:
        raise ValueError(f"points must be a positive whole number, not {points!r}")


def remaining(lots: Iterable[LotState]) -> int:
    return sum(lot.remaining for lot in lots)
