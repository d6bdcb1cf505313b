"""Pure: which reports there should be by now: one for each day, each week from Monday, each month."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from admin.figures.periods import Period, month_of, week_of

KINDS = ("daily", "weekly", "monthly")
DAYS_BACK, WEEKS_BACK, MONTHS_BACK = 7, 4, 3
"""How far back a report that was missed is still made."""


def report_id(kind: str, period: Period) -> str:
    """The one id of a period's report."""
    return f"{kind}-{period.first:%Y-%m}" if kind == "monthly" else f"{kind}-{period.first.isoformat()}"


def due(today: date, since: date) -> Iterator[tuple[str, Period]]:
    """Reports of periods that are over before ``today`` and touch a day from ``since`` on, the oldest first."""
    found = [
        *(("daily", Period(day, day)) for day in (today - timedelta(days=back) for back in range(1, DAYS_BACK + 1))),
        *(("weekly", week_of(today - timedelta(weeks=back))) for back in range(1, WEEKS_BACK + 1)),
    ]
    month = month_of(today)
    for _each in range(MONTHS_BACK):
        month = month_of(month.first - timedelta(days=1))
        found.append(("monthly", month))
    for kind, period in sorted(found, key=lambda one: (one[1].last, KINDS.index(one[0]))):
        if period.last >= since:
            yield kind, period
