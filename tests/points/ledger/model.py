"""A plain model of the ledger, written from the design and not from the code, to compare the ledger with.

It lives through time eagerly: whatever comes due happens at its own moment, in order (holds expire, pending
points mature, lots expire). The ledger is lazy; nobody may be able to tell.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

RETURNED_LAST = timedelta(days=30)


class Refused(Exception):
    """What the ledger has to refuse; the code says why."""


@dataclass(eq=False)
class ModelLot:
    """Points earned together. ``waits``: pending; ``matures_at`` None then means until confirmed."""

    number: int
    left: int
    expires_at: datetime
    award_id: str | None
    waits: bool = False
    matures_at: datetime | None = None
    expired: int = 0

    @property
    def turn(self) -> tuple[datetime, int]:
        return (self.expires_at, self.number)


@dataclass(eq=False)
class Part:
    """What a hold took from one lot."""

    lot: ModelLot
    open: int
    spent: int = 0


@dataclass(eq=False)
class ModelHold:
    hold_id: str
    expires_at: datetime | None
    parts: list[Part]

    @property
    def open(self) -> int:
        return sum(part.open for part in self.parts)

    @property
    def spent(self) -> int:
        return sum(part.spent for part in self.parts)


@dataclass(eq=False)
class ModelBook:
    """One member's points."""

    now: datetime
    lots: list[ModelLot] = field(default_factory=list)
    holds: dict[str, ModelHold] = field(default_factory=dict)
    issued: int = 0
    reversed: int = 0
    debt: int = 0

    # -- figures

    def accounts(self) -> dict[str, int]:
        """The balance of every account."""
        return {
            "issued": self.issued,
            "pending": sum(lot.left for lot in self.lots if lot.waits),
            "available": self.available,
            "held": sum(hold.open for hold in self.holds.values()),
            "redeemed": sum(hold.spent for hold in self.holds.values()),
            "expired": sum(lot.expired for lot in self.lots),
            "reversed": self.reversed,
            "debt": self.debt,
        }

    @property
    def available(self) -> int:
        return sum(lot.left for lot in self.lots if not lot.waits)

    def expiring(self) -> list[tuple[int, datetime]]:
        """Available points by expiry, the first first."""
        moments: dict[datetime, int] = {}
        for lot in self.spendable():
            moments[lot.expires_at] = moments.get(lot.expires_at, 0) + lot.left
        return [(points, moment) for moment, points in moments.items()]

    def spendable(self) -> list[ModelLot]:
        """Available lots, first to expire first."""
        return sorted((lot for lot in self.lots if lot.left and not lot.waits), key=lambda lot: lot.turn)

    def waiting(self) -> list[ModelLot]:
        """Pending lots, first to mature first, those to be confirmed last."""
        pending = (lot for lot in self.lots if lot.left and lot.waits)
        return sorted(pending, key=lambda lot: (lot.matures_at is None, lot.matures_at or self.now, lot.number))

    # -- time

    def live_until(self, now: datetime) -> None:
        """Let everything happen that happens up to ``now``."""
        while (moment := min(self._coming(), default=None)) is not None and moment <= now:
            self.now = moment
            for hold in sorted(self.holds.values(), key=lambda hold: hold.hold_id):
                if hold.open and hold.expires_at == moment:
                    self._give_back(hold, hold.open, spent=False)
            for lot in self.waiting():
                if lot.matures_at == moment:
                    self._mature(lot)
            self._expire()
        self.now = now

    def _coming(self) -> list[datetime]:
        moments = [lot.expires_at for lot in self.spendable()]
        moments += [lot.matures_at for lot in self.waiting() if lot.matures_at]
        return moments + [hold.expires_at for hold in self.holds.values() if hold.open and hold.expires_at]

    def _expire(self) -> None:
        for lot in self.spendable():
            if lot.expires_at <= self.now:
                lot.expired += lot.left
                lot.left = 0

    def _mature(self, lot: ModelLot) -> None:
        lot.waits = False
        self._repay([lot])

    def _repay(self, lots: list[ModelLot]) -> None:
        for lot in sorted(lots, key=lambda lot: lot.turn):
            paid = min(self.debt, lot.left)
            lot.left -= paid
            self.debt -= paid

    # -- verbs

    def credit(
        self,
        points: int,
        expires_at: datetime,
        award_id: str | None,
        matures_at: datetime | None = None,
        until_confirmed: bool = False,
    ) -> None:
        waits = until_confirmed or (matures_at is not None and matures_at > self.now)
        self.issued += points
        lot = self._add(points, expires_at, award_id)
        if waits:
            lot.waits, lot.matures_at = True, None if until_confirmed else matures_at
        else:
            self._repay([lot])
            self._expire()

    def _add(self, points: int, expires_at: datetime, award_id: str | None) -> ModelLot:
        self.lots.append(ModelLot(len(self.lots), points, expires_at, award_id))
        return self.lots[-1]

    def confirm(self, award_id: str) -> None:
        for lot in self.lots:
            if lot.award_id == award_id and lot.waits and lot.left:
                self._mature(lot)
        self._expire()

    def clawback(self, points: int, award_id: str | None) -> tuple[int, int, int, int]:
        """Returns what came from pending, expired, available and debt."""
        own = sorted((lot for lot in self.lots if award_id and lot.award_id == award_id), key=lambda lot: lot.turn)
        others = [lot for lot in self.spendable() if lot not in own]
        left = points
        taken = []
        for lots, place in (
            ([lot for lot in own if lot.waits], "left"),
            (own, "expired"),
            ([lot for lot in own if not lot.waits] + others, "left"),
        ):
            before = left
            for lot in lots:
                part = min(left, getattr(lot, place))
                setattr(lot, place, getattr(lot, place) - part)
                left -= part
            taken.append(before - left)
        self.debt += left
        self.reversed += points
        return taken[0], taken[1], taken[2], left

    def hold(self, hold_id: str, points: int, expires_at: datetime | None) -> None:
        if self.debt:
            raise Refused("in_debt")
        if points > self.available:
            raise Refused("insufficient_points")
        if hold_id in self.holds:
            raise Refused("hold_exists")
        parts = []
        for lot in self.spendable():
            part = min(points, lot.left)
            lot.left -= part
            points -= part
            if part:
                parts.append(Part(lot, part))
        self.holds[hold_id] = ModelHold(hold_id, expires_at, parts)

    def _held(self, hold_id: str) -> ModelHold:
        if hold_id not in self.holds:
            raise Refused("hold_not_found")
        return self.holds[hold_id]

    def capture(self, hold_id: str, points: int | None) -> None:
        hold = self._held(hold_id)
        left = self._wanted(points, hold.open)
        for part in hold.parts:
            amount = min(left, part.open)
            part.open -= amount
            part.spent += amount
            left -= amount

    def release(self, hold_id: str, points: int | None) -> None:
        hold = self._held(hold_id)
        self._give_back(hold, self._wanted(points, hold.open), spent=False)

    def refund(self, hold_id: str, points: int | None) -> None:
        hold = self._held(hold_id)
        self._give_back(hold, self._wanted(points, hold.spent), spent=True)

    @staticmethod
    def _wanted(points: int | None, most: int) -> int:
        if most == 0 or (points or most) > most:
            raise Refused("hold_exceeded")
        return points or most

    def _give_back(self, hold: ModelHold, points: int, *, spent: bool) -> None:
        place = "spent" if spent else "open"
        back = []
        for part in reversed(hold.parts):
            amount = min(points, getattr(part, place))
            setattr(part, place, getattr(part, place) - amount)
            points -= amount
            if not amount:
                continue
            lot = part.lot
            if lot.expires_at <= self.now:
                lot = self._add(0, self.now + RETURNED_LAST, lot.award_id)
            lot.left += amount
            back.append(lot)
        self._repay(back)

    def write_off(self, points: int) -> None:
        if points > self.debt:
            raise Refused("debt_exceeded")
        self.debt -= points
        self.issued += points

    def merge_into(self, target: ModelBook) -> int:
        """Move everything but held points to the other book of the same person."""
        moved = 0
        for lot in self.spendable() + self.waiting():
            matures_at = lot.matures_at if lot.waits else None
            target.credit(lot.left, lot.expires_at, lot.award_id, matures_at, lot.waits and matures_at is None)
            moved += lot.left
            self.reversed += lot.left
            lot.left = 0
        if owed := self.debt:
            self.write_off(owed)
            target.clawback(owed, None)
        return moved
