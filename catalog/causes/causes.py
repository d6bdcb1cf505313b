"""Causes: kept by staff, given to by members, with a running total of what was given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog.causes.models import Cause
from catalog.gifts.edit import flush_unique
from catalog.wording import wording
from mall import audit
from mall.db import cursor, must_get
from mall.ids import new_id

TEXTS, PLAIN = ("name", "description"), ("code", "goal_points", "active", "position")
# A donation that staff refund in part stays with the rest of it.
_TOTALS = """SELECT cause_id, sum(points - refunded_points)::int8, count(*) FROM orders
 WHERE cause_id = ANY(%s) AND status = 'completed' GROUP BY cause_id"""


@dataclass(frozen=True, slots=True)
class Given:
    """A cause and what was given to it: points, and in how many donations."""

    cause: Cause
    points: int
    donations: int

    @property
    def percent(self) -> int | None:
        """How much of the goal is reached, at most 100; None without a goal."""
        goal = self.cause.goal_points
        return None if not goal else min(100, self.points * 100 // goal)


def causes(tx: Session, *, all_of_them: bool = False) -> list[Given]:
    """Causes in their order with what was given; those that are active unless ``all_of_them``."""
    query = select(Cause).order_by(Cause.position, Cause.id)
    return _with_totals(tx, tx.scalars(query if all_of_them else query.where(Cause.active)).all())


def find_cause(tx: Session, cause_id: str) -> Given:
    """A cause with what was given, one that is over too. Raises NotFound."""
    return _with_totals(tx, [_get(tx, cause_id)])[0]


def _with_totals(tx: Session, found: Sequence[Cause]) -> list[Given]:
    rows: list[Any] = cursor(tx).execute(_TOTALS, ([cause.id for cause in found],)).fetchall() if found else []
    totals = {cause_id: (points, count) for cause_id, points, count in rows}
    return [Given(cause, *totals.get(cause.id, (0, 0))) for cause in found]


def _get(tx: Session, cause_id: str) -> Cause:
    return must_get(tx, Cause, cause_id)


def create_cause(
    tx: Session, fields: Mapping[str, Any], actor: str, now: datetime, request_id: str | None = None
) -> Given:
    """Make a cause from ``name`` and whatever else is given. Raises Conflict ``code_taken``."""
    last = tx.execute(select(func.coalesce(func.max(Cause.position), 0))).scalar_one()
    cause = Cause(
        id=new_id("cau"), name={}, description={}, active=True, position=int(last) + 1, created_at=now
    )  # fmt: skip
    _set(cause, fields)
    tx.add(cause)
    flush_unique(tx)
    audit.record(tx, actor, "cause.created", f"cause:{cause.id}", dict(fields), now, request_id)
    return Given(cause, 0, 0)


def change_cause(
    tx: Session, cause_id: str, fields: Mapping[str, Any], actor: str, now: datetime, request_id: str | None = None
) -> Given:
    """Change the fields given; one that is not active is not shown among the causes. Raises NotFound, Conflict."""
    cause = _get(tx, cause_id)
    _set(cause, fields)
    flush_unique(tx)
    audit.record(tx, actor, "cause.changed", f"cause:{cause.id}", dict(fields), now, request_id)
    return find_cause(tx, cause_id)


def _set(cause: Cause, fields: Mapping[str, Any]) -> None:
    for name in TEXTS:
        if name in fields:
            setattr(cause, name, wording(fields[name]))
    for name in PLAIN:
        if name in fields:
            setattr(cause, name, fields[name])
