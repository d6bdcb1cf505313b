"""Jobs of the reports."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import current_app

from admin.figures.roll_up import roll_up
from admin.reports.make import make_due
from mall.jobs import job
from points.earning.book_events import mall_zone


@job("reports", every=timedelta(hours=1), aside=True)
def reports(now: datetime) -> dict[str, int]:
    """Make the daily, weekly and monthly reports that are due; days that are missing are counted first."""
    zone = mall_zone()
    roll_up(now, zone)
    return {"reports": make_due(now, zone, current_app.extensions["settings"].cash_currency)}
