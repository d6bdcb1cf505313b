"""Pure: budgets of points, for one rule or for the whole programme, per month or in total.

A budget counts what is minted net, by the moment of the booking: a case that loses value gives its points back
to the budget of that day. At 100 % the admin's choice applies: ``stop`` grants only what is left, ``pend`` grants
but lets the award wait until staff confirm it. A warning is due once, at 80 %. Points promised beforehand (claim
codes) are counted and never stopped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from zoneinfo import ZoneInfo

from points.earning.caps import EVERYONE, CounterKey, Counters
from points.earning.explain import Line
from points.earning.limits import PROGRAMME, Budget, Budgets
from points.earning.periods import period_start

WARN_PERCENT = 80
PACE_DAYS = 28
"""Days that say how quickly points are minted at present."""


def period_key(budget: Budget, now: datetime, zone: ZoneInfo) -> CounterKey:
    """Where its points are counted; ``times`` is 1 once the warning of the period has been given."""
    return CounterKey(EVERYONE, f"budget/{budget.scope}", budget.period, period_start(budget.period, now, zone))


def day_key(budget: Budget, now: datetime, zone: ZoneInfo) -> CounterKey:
    """Where the points of one day are counted, for the pace."""
    return CounterKey(EVERYONE, f"budget/{budget.scope}", "day", period_start("day", now, zone))


def warns_at(budget: Budget, used: int) -> bool:
    """Whether ``used`` points call for the warning."""
    return used * 100 >= budget.limit * WARN_PERCENT


def applying(budgets: Budgets, rule_key: str) -> list[Budget]:
    """The budgets that what a rule grants counts in."""
    found = (budgets.get(rule_key), budgets.get(PROGRAMME))
    return [budget for budget in found if budget is not None]


def budget_keys(budgets: Budgets, rule_keys: Iterable[str], now: datetime, zone: ZoneInfo) -> set[CounterKey]:
    """Every counter that booking awards of these rules uses."""
    used = {budget for key in set(rule_keys) for budget in applying(budgets, key)}
    return {key for budget in used for key in (period_key(budget, now, zone), day_key(budget, now, zone))}


def spend(
    counters: Counters, budgets: list[Budget], change: int, now: datetime, zone: ZoneInfo, *, promised: bool = False
) -> tuple[int, list[Line], bool]:
    """Count a change of what is granted; what is left of it, lines that say so, and whether it has to wait."""
    lines: list[Line] = []
    waits = False
    for budget in budgets:
        room = budget.limit - counters[period_key(budget, now, zone)].points
        if change <= room or change <= 0 or promised:
            continue
        if budget.action == "stop":
            change = max(0, room)
            lines = [Line("budget_stop", (str(change),))]
        else:
            waits = True
    if waits and change > 0:
        lines.append(Line("budget_pend", ()))
    for budget in budgets if change else ():
        counters.count((period_key(budget, now, zone), day_key(budget, now, zone)), change, 0)
    return change, lines, waits and change > 0


def warnings_due(counters: Counters, budgets: Budgets, now: datetime, zone: ZoneInfo) -> list[tuple[Budget, int]]:
    """Budgets that have come to 80 % with this batch, and their points; noted, so that each is told once."""
    due = []
    for budget in budgets.values():
        key = period_key(budget, now, zone)
        if key in counters.changed and not counters[key].times and warns_at(budget, counters[key].points):
            counters[key].times = 1
            due.append((budget, counters[key].points))
    return due


def pace(days: Mapping[date, int], today: date) -> Decimal:
    """Points a day, over the last ``PACE_DAYS`` days or since the first of ``days`` when that is later."""
    recent = {day: points for day, points in days.items() if points and 0 <= (today - day).days < PACE_DAYS}
    if not recent:
        return Decimal(0)
    return Decimal(sum(recent.values())) / ((today - min(recent)).days + 1)


def runs_out_on(limit: int, used: int, points_a_day: Decimal, today: date, period: str) -> date | None:
    """The day on which a budget runs out at this pace; None when it does not within its period."""
    if used >= limit:
        return today
    if points_a_day <= 0:
        return None
    days = int((Decimal(limit - used) / points_a_day).to_integral_value(ROUND_CEILING))
    if days > (date.max - today).days:
        return None
    day = today + timedelta(days=days)
    if period == "month" and (day.year, day.month) != (today.year, today.month):
        return None
    return day
