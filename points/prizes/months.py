"""What a month offers: set by staff under an optimistic version, until the month is closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from mall import audit
from mall.clock import local_date
from mall.db import must_get
from mall.errors import Conflict, Invalid
from points.earning.book_events import mall_zone
from points.earning.versions import By
from points.prizes.models import PrizeMonth
from points.prizes.shares import closes_on

MOST_PLACES = 50
MOST_GRACE_DAYS = 14


@dataclass(frozen=True, slots=True)
class Offer:
    """What staff want a month to offer. ``version``: the one that was looked at, 0 for a month without prizes."""

    prizes: Sequence[int]
    budget_points: int
    grace_days: int
    version: int


def prize_months(tx: Session) -> Sequence[PrizeMonth]:
    """All months that have prizes, the latest first."""
    return tx.scalars(select(PrizeMonth).order_by(PrizeMonth.month.desc())).all()


def prize_month(tx: Session, month: date) -> PrizeMonth:
    """What a month offers. Raises NotFound."""
    return must_get(tx, PrizeMonth, month)


def set_prizes(tx: Session, month: date, offer: Offer, by: By) -> PrizeMonth:
    """Set the prizes of a month. Raises Invalid when they come to more than the budget or rise with the place,
    Conflict ``month_closed``, or ``prizes_changed`` when somebody else was quicker."""
    _refuse_faults(offer)
    if local_date(by.now, mall_zone()) >= closes_on(month, offer.grace_days):
        raise Conflict("month_closed")
    values = {
        "prizes": list(offer.prizes), "budget_points": offer.budget_points, "grace_days": offer.grace_days,
        "version": offer.version + 1, "updated_by": by.name, "updated_at": by.now,
    }  # fmt: skip
    made = None
    if offer.version == 0:
        fresh = insert(PrizeMonth).values(month=month, **values).on_conflict_do_nothing()
        made = tx.execute(fresh.returning(PrizeMonth.month)).scalar_one_or_none()
    if made is None:
        row = tx.get(PrizeMonth, month, with_for_update=True)
        if row is not None and row.closed_at is not None:
            raise Conflict("month_closed")
        if row is None or row.version != offer.version:
            raise Conflict("prizes_changed", extra={"version": row.version if row else 0})
        for name, value in values.items():
            setattr(row, name, value)
        tx.flush()
    told = {name: value for name, value in values.items() if not name.startswith("updated")}
    audit.record(tx, by.name, "prizes.set", f"prizes:{month:%Y-%m}", told, by.now, by.request_id)
    return prize_month(tx, month)


def _refuse_faults(offer: Offer) -> None:
    if sum(offer.prizes) > offer.budget_points:
        raise Invalid({"budget_points": [_("The prizes come to more than the budget.")]})
    if any(later > earlier for earlier, later in zip(offer.prizes, offer.prizes[1:], strict=False)):
        raise Invalid({"prizes": [_("A later place must not win more than one before it.")]})
