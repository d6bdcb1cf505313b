"""Making a report: its figures are taken once, compared with the ledger, and kept for good."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from admin.figures.groups import share, told
from admin.figures.periods import Period
from admin.figures.reach import count_reach
from admin.figures.roll_up import SETTLED_AFTER
from admin.figures.totals import days_of, first_counted, outstanding_on, settings, totals_of
from admin.reports.due import due, report_id
from admin.reports.models import KeptReport
from mall.clock import day_end, local_date
from mall.db import Login, run_tx
from points.ledger.daily import outstanding_at
from points.ledger.forecast import expiring, held_points

POINTS = ("granted", "written_off", "taken_back", "redeemed_gross", "refunded", "expired")


def make_due(now: datetime, zone: ZoneInfo, currency: str) -> int:
    """Make the reports that are due and missing, each in a transaction of its own; returns how many.

    A day is reported an hour after its end, when no transaction of it can be open any more.
    """
    made, today = 0, local_date(now - SETTLED_AFTER, zone)
    since = run_tx(Login.BACKOFFICE, first_counted)
    if since is None:
        return 0
    kept = run_tx(Login.BACKOFFICE, lambda tx: set(tx.scalars(select(KeptReport.id))))
    for kind, period in due(today, since):
        if report_id(kind, period) not in kept:
            run_tx(
                Login.BACKOFFICE,
                lambda tx, kind=kind, period=period: make(tx, kind, period, now, zone, currency),  # type: ignore[misc]
            )
            made += 1
    return made


def make(tx: Session, kind: str, period: Period, now: datetime, zone: ZoneInfo, currency: str) -> None:
    """Take the figures of a period whose days are counted and over, and keep them; one that is there already stays."""
    found = insert(KeptReport).values(
        id=report_id(kind, period), kind=kind, first_day=period.first, last_day=period.last, made_at=now,
        figures=_figures(tx, period, zone, currency),
    )  # fmt: skip
    tx.execute(found.on_conflict_do_nothing())


def _figures(tx: Session, period: Period, zone: ZoneInfo, currency: str) -> dict[str, Any]:
    before = period.before()
    closing, owed = outstanding_on(tx, period.last)
    opening, owed_before = outstanding_on(tx, before.last)
    in_ledger = outstanding_at(tx, day_end(period.last, zone))
    return {
        "points": _points(tx, period),
        "points_before": _points(tx, before),
        "outstanding": {
            "opening": opening, "closing": closing, "owed_before": owed_before, "owed": owed,
            "in_ledger": in_ledger, "difference": closing - owed - in_ledger,
        },
        "worth": {"points_per_unit": settings(tx).points_per_unit, "currency": currency},
        "members": _members(tx, period, zone),
        "members_before": _members(tx, before, zone),
        "orders": _orders(tx, period),
        "orders_before": _orders(tx, before),
        "days": [
            {"day": row.day.isoformat(), "granted": row.granted_points - row.taken_back_points,
             "redeemed": row.redeemed_points - row.refunded_points, "expired": row.expired_points,
             "orders": row.orders_placed, "active": told(row.members_active),
             "checked_in": told(row.members_checked_in)}
            for row in days_of(tx, period)
        ],
        "expiring": [{"month": f"{month:%Y-%m}", "points": points} for month, points in expiring(tx, zone)],
        "held": held_points(tx),
    }  # fmt: skip


def _points(tx: Session, period: Period) -> dict[str, int]:
    totals = asdict(totals_of(days_of(tx, period)))
    return {name: totals[name] for name in POINTS}


def _members(tx: Session, period: Period, zone: ZoneInfo) -> dict[str, Any]:
    found, totals = count_reach(tx, period, zone), totals_of(days_of(tx, period))
    return {
        "members": told(found.members), "joined": told(totals.joined), "signed_in": told(found.signed_in),
        "checked_in": told(found.checked_in), "redeemed": told(found.redeemed),
        "active_a_day": totals.a_day(totals.active), "check_in_rate": totals.check_in_rate,
        "redeemed_share": share(found.redeemed, found.members),
    }  # fmt: skip


def _orders(tx: Session, period: Period) -> dict[str, int]:
    totals = totals_of(days_of(tx, period))
    return {"placed": totals.orders_placed, "completed": totals.orders_completed, "points": totals.ordered_points}
