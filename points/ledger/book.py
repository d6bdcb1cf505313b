"""Pure: one member's book, and everything that can happen to its points.

A Book is opened under the lock of its wallet (``points.ledger.books``), changed by the verbs below and
written back in one go. It reads lots and holds through a ``Shelf`` only when a verb needs them, so a plain
credit touches the wallet alone. Source of the rules: design, section 4.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from mall.errors import Conflict
from points.ledger.accounts import Account
from points.ledger.leaves import Leaves, Shelf, check_positive, remaining
from points.ledger.states import Clawback, DrawRow, HoldState, LotState, ShareState, WalletState

RETURN_GRACE = timedelta(days=30)
"""How long points last that come back after their own lot has expired (design, section 4: lots)."""


class Book(Leaves):
    """One member's book, open for writing at the moment ``now``."""

    def __init__(self, wallet: WalletState, now: datetime, shelf: Shelf) -> None:
        super().__init__(wallet, now, shelf)
        if wallet.next_due_at is not None and wallet.next_due_at <= now:
            self._settle_due()

    def credit(
        self,
        points: int,
        *,
        expires_at: datetime,
        occurred_at: datetime,
        award_id: str | None = None,
        kind: str = "earned",
        label: str = "points",
        ref: str | None = None,
        available_at: datetime | None = None,
        until_confirmed: bool = False,
    ) -> LotState:
        """Grant ``points`` (> 0). They repay debt first, unless pending: then when they mature."""
        check_positive(points)
        pending = until_confirmed or (available_at is not None and available_at > self.now)
        to = Account.PENDING if pending else Account.AVAILABLE
        posting = self._post(
            Account.ISSUED, to, points, kind, label, ref, award_id, occurred_at,
            available_at=None if until_confirmed else available_at, expires_at=expires_at,
        )  # fmt: skip
        lot = self._new_lot(posting, pending=pending)
        if not pending:
            self._repay([lot])
            if expires_at <= self.now:
                self._expire_due_lots()
        self._watch(expires_at if lot.available_at is None or not pending else min(lot.available_at, expires_at))
        return lot

    def confirm(self, award_id: str) -> int:
        """Mature every pending lot of an award now; returns how many points became available or repaid debt."""
        total = 0
        for lot in self.award_lots(award_id):
            if lot.pending and lot.remaining:
                total += lot.remaining
                self._mature(lot)
        self._expire_due_lots()
        return total

    def clawback(
        self,
        points: int,
        *,
        occurred_at: datetime,
        award_id: str | None = None,
        kind: str = "reversed",
        label: str = "points",
        ref: str | None = None,
    ) -> Clawback:
        """Take ``points`` (> 0) back; never refused.

        In this order: the award's own pending, its own expired points, its own unspent lots, other lots by
        expiry, then debt. Never held points, never another award's pending.
        """
        check_positive(points)
        own = self.award_lots(award_id) if award_id is not None else []
        by_expiry = sorted(own, key=lambda lot: (lot.expires_at, lot.version))
        left = points

        def take(amount: int, debit: Account, lots: Iterable[LotState]) -> int:
            nonlocal left
            if amount:
                posting = self._post(debit, Account.REVERSED, amount, kind, label, ref, award_id, occurred_at)
                self._draw(posting.version, amount, lots)
                left -= amount
            return amount

        own_pending = [lot for lot in by_expiry if lot.pending and lot.remaining]
        pending = take(min(left, remaining(own_pending)), Account.PENDING, own_pending)
        expired = min(left, sum(lot.expired_points for lot in by_expiry))
        if expired:
            self._post(Account.EXPIRED, Account.REVERSED, expired, kind, label, ref, award_id, occurred_at)
            self._take_expired(expired, by_expiry)
            left -= expired
        available = 0
        if left and self.wallet.available:
            unspent = [lot for lot in by_expiry if not lot.pending and lot.remaining]
            others = [lot for lot in self.open_lots() if lot.award_id != award_id or award_id is None]
            available = take(min(left, self.wallet.available), Account.AVAILABLE, [*unspent, *others])
        debt = left
        if debt:
            self._post(Account.DEBT, Account.REVERSED, debt, kind, label, ref, award_id, occurred_at)
        return Clawback(pending, expired, available, debt)

    def hold(
        self,
        points: int,
        *,
        hold_id: str,
        label: str = "gift",
        ref: str | None = None,
        expires_at: datetime | None = None,
        new_id: bool = False,
    ) -> HoldState:
        """Set ``points`` (> 0) aside, drawn from the lots that expire first.

        ``new_id``: the id was made a moment ago (``mall.ids``), so no hold of that name is looked for.
        Raises Conflict ``in_debt`` or ``insufficient_points`` (with ``missing``, in points).
        """
        check_positive(points)
        if self.wallet.debt:
            raise Conflict("in_debt", extra={"debt": self.wallet.debt})
        if self.wallet.available < points:
            raise Conflict("insufficient_points", extra={"missing": points - self.wallet.available})
        if hold_id in self._holds or not (new_id or self._shelf.hold(self.member_id, hold_id) is None):
            raise Conflict("hold_exists")
        posting = self._post(Account.AVAILABLE, Account.HELD, points, "held", label, ref, None, self.now)
        drawn = self._draw(posting.version, points, self.open_lots())
        hold = HoldState(self.member_id, hold_id, points, label, ref, expires_at)
        hold.shares = [ShareState(version, amount) for version, amount in drawn]
        self._holds[hold_id] = self.changed_holds[hold_id] = hold
        if expires_at is not None:
            self._watch(expires_at)
        return hold

    def capture(self, hold_id: str, points: int | None = None) -> int:
        """Spend held points, all that is open by default; returns how many.

        A part is taken from the shares that expire first. Raises Conflict ``hold_exceeded`` when less is open.
        """
        hold = self.find_hold(hold_id)
        amount = _part(points, hold.open_points)
        self._post(Account.HELD, Account.REDEEMED, amount, "captured", hold.label, hold.ref, None, self.now)
        hold.captured += amount
        for share, part in _spread(amount, hold.shares, lambda s: s.points - s.captured - s.released):
            share.captured += part
        self.changed_holds[hold_id] = hold
        return amount

    def release(self, hold_id: str, points: int | None = None, *, kind: str = "released") -> int:
        """Give held points back to their lots, all that is open by default; returns how many.

        A part goes to the shares that expire last. Raises Conflict ``hold_exceeded`` when less is open.
        """
        hold = self.find_hold(hold_id)
        amount = _part(points, hold.open_points)
        hold.released += amount
        parts = list(_spread(amount, reversed(hold.shares), lambda s: s.points - s.captured - s.released))
        for share, part in parts:
            share.released += part
        self._give_back(Account.HELD, kind, hold, parts)
        return amount

    def refund(self, hold_id: str, points: int | None = None, *, kind: str = "refunded") -> int:
        """Give captured points back to their lots, all by default; returns how many.

        A part goes to the shares that expire last. Raises Conflict ``hold_exceeded`` when less was captured.
        """
        hold = self.find_hold(hold_id)
        amount = _part(points, hold.refundable)
        hold.refunded += amount
        parts = list(_spread(amount, reversed(hold.shares), lambda s: s.captured - s.refunded))
        for share, part in parts:
            share.refunded += part
        self._give_back(Account.REDEEMED, kind, hold, parts)
        return amount

    def take_lot(self, lot: LotState, *, kind: str, ref: str | None = None) -> None:
        """Take all that remains of a lot out of the book (it moves to another of the same person)."""
        debit = Account.PENDING if lot.pending else Account.AVAILABLE
        posting = self._post(debit, Account.REVERSED, lot.remaining, kind, "points", ref, lot.award_id, self.now)
        self._draw(posting.version, lot.remaining, [lot])

    def write_off(self, points: int, *, ref: str | None = None, kind: str = "written_off") -> None:
        """Forgive ``points`` of debt. Raises Conflict ``debt_exceeded`` beyond what is owed."""
        check_positive(points)
        if points > self.wallet.debt:
            raise Conflict("debt_exceeded", extra={"debt": self.wallet.debt})
        self._post(Account.ISSUED, Account.DEBT, points, kind, "debt", ref, None, self.now)

    def _settle_due(self) -> None:
        """Let pass what has come due, each thing at its own moment and in that order.

        So it makes no difference to a member whether a wallet was looked at in between.
        """
        holds = self._shelf.due_holds(self.member_id, self.now)
        self._holds.update((hold.hold_id, hold) for hold in holds)
        while (moment := self._earliest_due(holds)) is not None and moment <= self.now:
            self._moment = moment
            for hold in holds:
                if hold.expires_at == moment and hold.open_points:
                    self.release(hold.hold_id, kind="hold_expired")
            for lot in self.pending_lots():
                if lot.available_at is not None and lot.available_at <= moment:
                    self._mature(lot)
            self._expire_due_lots()
        self._moment = self.now
        later_hold = self._shelf.next_hold_expiry(self.member_id, self.now)
        self.wallet.next_due_at = min(filter(None, (self._earliest_due([]), later_hold)), default=None)

    def _earliest_due(self, holds: list[HoldState]) -> datetime | None:
        moments = [lot.expires_at for lot in self.open_lots()]
        moments += [lot.available_at for lot in self.pending_lots() if lot.available_at is not None]
        moments += [hold.expires_at for hold in holds if hold.expires_at is not None and hold.open_points]
        return min(moments, default=None)

    def _mature(self, lot: LotState) -> None:
        self._post(
            Account.PENDING, Account.AVAILABLE, lot.remaining, "matured", "points", None, lot.award_id, self._moment
        )
        lot.pending = False
        self.changed_lots[lot.version] = lot
        self._watch(lot.expires_at)
        self._repay([lot])

    def _expire_due_lots(self) -> None:
        due: dict[datetime, list[LotState]] = {}
        for lot in self.open_lots():
            if lot.expires_at <= self._moment:
                due.setdefault(lot.expires_at, []).append(lot)
        for expires_at, lots in due.items():
            amount = remaining(lots)
            posting = self._post(
                Account.AVAILABLE, Account.EXPIRED, amount, "expired", "expired", None, None, expires_at
            )
            for lot in lots:
                lot.expired_points += lot.remaining
            self._draw(posting.version, amount, lots)

    def _give_back(self, source: Account, kind: str, hold: HoldState, parts: list[tuple[ShareState, int]]) -> None:
        """Points come back: to their own lots, or to new ones of 30 days where those have expired."""
        self.changed_holds[hold.hold_id] = hold
        versions = [share.lot_version for share, _ in parts]
        missing = [version for version in versions if version not in self._lots]
        for lot in self._shelf.lots(self.member_id, missing) if missing else ():
            self._lots.setdefault(lot.version, lot)
        touched: list[LotState] = []
        returning = [(self._lots[share.lot_version], part) for share, part in parts]
        own = [(lot, part) for lot, part in returning if lot.expires_at > self._moment]
        if own:
            amount = sum(part for _, part in own)
            posting = self._post(source, Account.AVAILABLE, amount, kind, hold.label, hold.ref, None, self._moment)
            for lot, part in own:
                lot.remaining += part
                self.draws.append(DrawRow(self.member_id, posting.version, lot.version, -part))
                self.changed_lots[lot.version] = lot
                self._watch(lot.expires_at)
                touched.append(lot)
        for lot, part in returning:
            if lot.expires_at <= self._moment:
                grace = self._moment + RETURN_GRACE
                posting = self._post(
                    source, Account.AVAILABLE, part, kind, hold.label, hold.ref, lot.award_id, self._moment,
                    expires_at=grace,
                )  # fmt: skip
                touched.append(self._new_lot(posting, pending=False))
                self._watch(grace)
        touched.sort(key=lambda lot: (lot.expires_at, lot.version))
        self._repay(touched)


def _part(points: int | None, most: int) -> int:
    amount = most if points is None else points
    if amount <= 0 or amount > most:
        raise Conflict("hold_exceeded", extra={"open": most})
    return amount


def _spread(amount: int, shares: Iterable[ShareState], room) -> Iterable[tuple[ShareState, int]]:  # type: ignore[no-untyped-def]
    for share in shares:
        part = min(amount, room(share))
        if part:
            amount -= part
            yield share, part
        if not amount:
            return
