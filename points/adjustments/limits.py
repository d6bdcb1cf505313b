"""The owner's limits on points given, taken or forgiven by hand: at once, in a month, and from what an owner decides.

A second person decides always; that is no setting.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mall import audit
from mall.clock import local_date
from mall.errors import Conflict, Forbidden
from points.adjustments.models import Adjustment, AdjustmentLimits
from points.earning.book_events import mall_zone
from points.earning.versions import By


@dataclass(frozen=True, slots=True)
class Limits:
    """``most_points``: the most of one request. ``month_points``: the most one person may ask for in a calendar
    month, refused requests left out, given and taken alike; None: any. ``owner_above_points``: requests of more are
    approved by an owner alone; None: by whoever may."""

    most_points: int
    month_points: int | None
    owner_above_points: int | None


def read_limits(tx: Session) -> Limits:
    """The limits in force."""
    return _limits(tx.execute(select(AdjustmentLimits)).scalar_one())


def _limits(row: AdjustmentLimits) -> Limits:
    return Limits(row.most_points, row.month_points, row.owner_above_points)


def change_limits(tx: Session, wanted: Limits, by: By) -> Limits:
    """Put limits in force for what is asked and decided from now on."""
    row = tx.execute(select(AdjustmentLimits).with_for_update()).scalar_one()
    before = _limits(row)
    row.most_points, row.month_points = wanted.most_points, wanted.month_points
    row.owner_above_points = wanted.owner_above_points
    tx.flush()
    told = {"before": asdict(before), "after": asdict(wanted)}
    audit.record(tx, by.name, "adjustment_limits.changed", "adjustment_limits", told, by.now, by.request_id)
    return wanted


def check_request(tx: Session, points: int, by: By) -> None:
    """Raise Conflict ``adjustment_too_large`` or ``month_limit_reached`` for a request beyond a limit.

    Requests wait for each other here: two of one person at the same moment are counted one after the other.
    """
    limits = _limits(tx.execute(select(AdjustmentLimits).with_for_update()).scalar_one())
    if abs(points) > limits.most_points:
        raise Conflict("adjustment_too_large", extra={"most": limits.most_points})
    if limits.month_points is None:
        return
    first = local_date(by.now, mall_zone()).replace(day=1)
    since = datetime(first.year, first.month, 1, tzinfo=mall_zone()).astimezone(UTC)
    asked = select(func.coalesce(func.sum(func.abs(Adjustment.points)), 0)).where(
        Adjustment.requested_by == by.name, Adjustment.requested_at >= since, Adjustment.state != "rejected"
    )
    left = limits.month_points - int(tx.scalar(asked) or 0)
    if abs(points) > left:
        raise Conflict("month_limit_reached", extra={"left": max(0, left)})


def check_decision(tx: Session, points: int, by: By) -> None:
    """Raise Forbidden ``owner_must_decide`` for an approval that the owner has kept for owners."""
    above = read_limits(tx).owner_above_points
    if above is not None and abs(points) > above and not by.owner:
        raise Forbidden("owner_must_decide", extra={"above": above})
