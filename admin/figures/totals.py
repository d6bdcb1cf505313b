"""Reading what was rolled up: days, their totals, and what was outstanding at the end of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from admin.figures.groups import share, told
from admin.figures.models import DayFigures, FigureSettings
from admin.figures.periods import Period
from mall import audit
from mall.db import cursor
from points.earning.versions import By

_OUTSTANDING = """SELECT coalesce(sum(granted_points + written_off_points - taken_back_points - redeemed_points
 + refunded_points - expired_points), 0), coalesce(sum(owed_points), 0) FROM day_figures WHERE day <= %s"""


@dataclass(frozen=True, slots=True)
class Totals:
    """The figures of a period's days together; a member counts once for each day."""

    granted: int = 0
    written_off: int = 0
    taken_back: int = 0
    redeemed_gross: int = 0
    refunded: int = 0
    expired: int = 0
    joined: int = 0
    active: int = 0
    checked_in: int = 0
    orders_placed: int = 0
    orders_completed: int = 0
    ordered_points: int = 0
    members: int = 0
    days: int = 0

    @property
    def minted(self) -> int:
        """Points granted less what was taken back."""
        return self.granted - self.taken_back

    @property
    def redeemed(self) -> int:
        """Points spent less what was given back."""
        return self.redeemed_gross - self.refunded

    @property
    def redemption_rate(self) -> float | None:
        """Points redeemed for 100 that were granted; None where none were."""
        return round(self.redeemed * 100 / self.minted, 1) if self.minted > 0 else None

    def a_day(self, count: int) -> int | None:
        """A count of members on an average day; None for a group that is too small to tell."""
        return told(round(count / self.days)) if self.days else None

    @property
    def active_rate(self) -> float | None:
        """Of 100 members there were on a day, how many were active; None where those are too few to tell."""
        return share(self.active, self.members) if self.a_day(self.active) is not None else None

    @property
    def check_in_rate(self) -> float | None:
        """Of 100 members who were there on a day, how many checked in; None where too few did either on most days."""
        few = self.a_day(self.active) is None or self.a_day(self.checked_in) is None
        return None if few else round(self.checked_in * 100 / self.active, 1)


def days_of(tx: Session, period: Period) -> list[DayFigures]:
    """The rows of a period's days, the oldest first; days nobody counted have none."""
    rows = select(DayFigures).where(DayFigures.day.between(period.first, period.last)).order_by(DayFigures.day)
    return list(tx.scalars(rows))


def totals_of(days: Sequence[DayFigures]) -> Totals:
    """Days added up."""

    def sum_of(name: str) -> int:
        return sum(getattr(day, name) for day in days)

    return Totals(
        sum_of("granted_points"), sum_of("written_off_points"), sum_of("taken_back_points"),
        sum_of("redeemed_points"), sum_of("refunded_points"), sum_of("expired_points"), sum_of("members_joined"),
        sum_of("members_active"), sum_of("members_checked_in"), sum_of("orders_placed"), sum_of("orders_completed"),
        sum_of("ordered_points"), sum_of("members"), len(days),
    )  # fmt: skip


def outstanding_on(tx: Session, day: date) -> tuple[int, int]:
    """Points that members held at the end of ``day``, and points that they owed."""
    row = cursor(tx).execute(_OUTSTANDING, (day,)).fetchone()
    assert row is not None
    net, owed = int(row[0]), int(row[1])
    return net + owed, owed


def counted_until(tx: Session) -> tuple[date, datetime] | None:
    """The latest day that was counted, and when; None before the first time."""
    row = tx.execute(select(DayFigures.day, DayFigures.computed_at).order_by(DayFigures.day.desc()).limit(1)).first()
    return (row[0], row[1]) if row else None


def first_counted(tx: Session) -> date | None:
    """The first day that there are figures of."""
    return tx.scalar(select(func.min(DayFigures.day)))


def settings(tx: Session) -> FigureSettings:
    """What the owner decided about figures."""
    return tx.get_one(FigureSettings, 1)


def change_settings(tx: Session, points_per_unit: int | None, by: By) -> FigureSettings:
    """Say how many points are worth one unit of currency; None: money is not shown."""
    found = tx.get_one(FigureSettings, 1, with_for_update=True)
    before, found.points_per_unit = found.points_per_unit, points_per_unit
    tx.flush()
    told: dict[str, Any] = {"before": before, "after": points_per_unit}
    audit.record(tx, by.name, "figures.worth_set", "figures", told, by.now, by.request_id)
    return found
