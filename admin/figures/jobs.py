"""Jobs of the figures."""

from __future__ import annotations

from datetime import datetime, timedelta

from admin.figures.origins import count_origins
from admin.figures.reach import keep_asked, keep_usual
from admin.figures.roll_up import roll_up
from mall.jobs import job
from points.earning.book_events import mall_zone


@job("day-figures", every=timedelta(minutes=15), aside=True)
def day_figures(now: datetime) -> dict[str, int]:
    """Count today, yesterday and days that are missing, and the members of the periods that pages offer."""
    zone = mall_zone()
    return {"days": roll_up(now, zone), "periods": keep_usual(now, zone)}


@job("rule-days", every=timedelta(minutes=15), aside=True)
def rule_days(now: datetime) -> dict[str, int]:
    """Count what each rule granted by day."""
    return {"days": count_origins(now, mall_zone())}


@job("asked-periods", every=timedelta(seconds=2), lane="asked")
def asked_periods(now: datetime) -> dict[str, int]:
    """Count the members of long periods that somebody waits for."""
    counted = keep_asked(now, mall_zone())
    return {"periods": counted} if counted else {}
