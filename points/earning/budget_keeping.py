"""Keeping budgets: set, looked at, lifted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from mall import audit
from mall.clock import day_start, local_date
from mall.crypto import keyring
from mall.db import cursor, must_get
from mall.errors import NotFound
from points.earning.book_events import mall_zone
from points.earning.budgets import PACE_DAYS, day_key, pace, period_key, runs_out_on, warns_at
from points.earning.caps import Counters
from points.earning.limits import PROGRAMME, Budget
from points.earning.rule_costs import minted_by_day
from points.earning.rule_models import EarningRule, PointBudget
from points.earning.rules import rules_changed
from points.earning.source_models import CapUsage
from points.earning.store import Writes, load_counters
from points.earning.versions import By


@dataclass(frozen=True, slots=True)
class BudgetView:
    """A budget with its figures of the current period. ``runs_out_on`` at the pace of the last 28 days."""

    budget: PointBudget
    used: int
    warned: bool
    pace: Decimal
    runs_out_on: date | None

    @property
    def percent(self) -> int:
        """Points used, in hundredths of the limit, rounded down."""
        limit = self.budget.limit_points
        return max(0, self.used) * 100 // limit if limit else 100

    @property
    def points_a_day(self) -> int:
        """The pace in whole points."""
        return int(self.pace.quantize(Decimal(1), ROUND_HALF_UP))


def budgets(tx: Session, now: datetime) -> list[BudgetView]:
    """All budgets, by scope."""
    return [_view(tx, row, now) for row in tx.scalars(select(PointBudget).order_by(PointBudget.scope))]


def budget(tx: Session, scope: str, now: datetime) -> BudgetView:
    """The budget of a rule or of the programme. Raises NotFound."""
    row = must_get(tx, PointBudget, scope)
    return _view(tx, row, now)


def set_budget(tx: Session, scope: str, period: str, limit: int, action: str, by: By) -> BudgetView:
    """Set a budget, in force for what is booked from now on. Raises NotFound for a rule that is not there.

    What its period has cost already is added up from the ledger; of a booking that is under way at this moment
    and knows no budget yet nothing is seen.
    """
    if scope != PROGRAMME and tx.get(EarningRule, scope) is None:
        raise NotFound()
    row = tx.get(PointBudget, scope, with_for_update=True)
    before = _told(row) if row else None
    if row is None:
        row = PointBudget(scope=scope, period=period, limit_points=limit, action=action)
        tx.add(row)
    row.period, row.limit_points, row.action = period, limit, action
    row.updated_by, row.updated_at = by.name, by.now
    tx.flush()
    _count_anew(tx, row, by.now)
    rules_changed(cursor(tx))
    audit.record(
        tx, by.name, "budget.set", f"budget:{scope}", {"before": before, "after": _told(row)}, by.now, by.request_id
    )
    return _view(tx, row, by.now)


def lift_budget(tx: Session, scope: str, by: By) -> None:
    """Do without a budget from now on. Raises NotFound."""
    row = must_get(tx, PointBudget, scope, with_for_update=True)
    before = _told(row)
    tx.execute(delete(PointBudget).where(PointBudget.scope == scope))
    rules_changed(cursor(tx))
    audit.record(tx, by.name, "budget.lifted", f"budget:{scope}", {"before": before}, by.now, by.request_id)


def _told(row: PointBudget) -> dict[str, Any]:
    return {"period": row.period, "limit_points": row.limit_points, "action": row.action}


def _pure(row: PointBudget) -> Budget:
    return Budget(row.scope, row.period, row.limit_points, row.action)


def _count_anew(tx: Session, row: PointBudget, now: datetime) -> None:
    """Set the counters of a budget from the ledger, under their locks."""
    cur, zone, budget = cursor(tx), mall_zone(), _pure(row)
    today, period = local_date(now, zone), period_key(budget, now, zone)
    day_keys = {
        day: day_key(budget, day_start(day, zone), zone)
        for day in (today - timedelta(days=back) for back in range(PACE_DAYS))
    }
    counters = Counters()
    load_counters(cur, [period, *day_keys.values()], counters)
    since = min(period.starts_at, day_keys[min(day_keys)].starts_at)
    rule = None if row.scope == PROGRAMME else row.scope
    # What a booking under no budget has minted, no counter says.
    days = minted_by_day(tx, since, zone, rule)
    first = local_date(period.starts_at, zone)
    used = sum(points for day, points in days.items() if day >= first)
    counters[period].points = used
    counters[period].times = int(warns_at(budget, used))  # whoever sets it sees it
    for day, key in day_keys.items():
        counters[key].points = days.get(day, 0)
    counters.changed.update((period, *day_keys.values()))
    writes = Writes(keyring(), now)
    writes.counters(counters)
    writes.write(cur)


def _view(tx: Session, row: PointBudget, now: datetime) -> BudgetView:
    zone, budget = mall_zone(), _pure(row)
    today, period = local_date(now, zone), period_key(budget, now, zone)
    rows = tx.scalars(
        select(CapUsage).where(
            CapUsage.holder == period.holder,
            CapUsage.rule_key == period.rule_key,
            CapUsage.period.in_(("day", row.period)),
            CapUsage.starts_at >= min(period.starts_at, now - timedelta(days=PACE_DAYS + 1)),
        )
    ).all()
    counted = {(one.period, one.starts_at): one for one in rows}
    current = counted.get((row.period, period.starts_at))
    used = current.points if current else 0
    days = {local_date(one.starts_at, zone): one.points for one in rows if one.period == "day"}
    points_a_day = pace(days, today)
    return BudgetView(
        row, used, bool(current and current.times), points_a_day,
        runs_out_on(row.limit_points, used, points_a_day, today, row.period),
    )  # fmt: skip
