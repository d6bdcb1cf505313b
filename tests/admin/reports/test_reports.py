"""Reports are made when they are due, add up to the ledger to the point, and never change."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from admin.figures.periods import Period
from admin.figures.roll_up import roll_up
from admin.reports.due import due, report_id
from admin.reports.make import make_due
from mall.db import Login
from points.ledger.books import open_books

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)  # a Monday, at noon
LISTED = "/api/v1/admin/reports"


def book(run, member, moment, deed):
    def work(tx):
        with open_books(tx, [member], moment) as books:
            deed(books[member])

    run(Login.EARNING, work)


@pytest.fixture
def reported(run, make_member):
    """500 points granted on Saturday, 120 spent on Sunday, 30 taken back on Monday, after the reports' days."""
    member, at = make_member().id, NOW - timedelta(days=2)
    lasts = datetime(2026, 5, 10, tzinfo=UTC)
    book(run, member, at, lambda it: it.credit(500, expires_at=lasts, occurred_at=at))
    book(run, member, at + timedelta(days=1), lambda it: it.hold(120, hold_id="h", label="gift", ref="ord_1"))
    book(run, member, at + timedelta(days=1), lambda it: it.capture("h"))
    book(run, member, NOW, lambda it: it.clawback(30, occurred_at=NOW))
    roll_up(NOW, ZONE)
    assert make_due(NOW, ZONE, "CNY") == 4
    return member


def test_reports_are_due_when_their_days_are_over():
    found = [report_id(kind, period) for kind, period in due(date(2026, 3, 2), date(2026, 2, 28))]
    assert found == [
        "daily-2026-02-28", "monthly-2026-02", "daily-2026-03-01", "weekly-2026-02-23",
    ]  # fmt: skip
    assert len(list(due(date(2026, 3, 2), date(2020, 1, 1)))) == 7 + 4 + 3
    assert list(due(date(2026, 3, 2), date(2026, 3, 2))) == []
    assert Period(date(2026, 2, 23), date(2026, 3, 1)) in [period for _kind, period in due(date(2026, 3, 2), date.min)]


def test_a_report_adds_up_to_the_ledger_and_is_told_as_list_figures_and_workbook(client, make_staff, reported):
    headers = {**make_staff("auditor").auth, "Accept-Language": "en"}
    listed = client.get(f"{LISTED}?kind=weekly", headers=headers).json["items"]
    assert [(one["id"], one["reconciled"]) for one in listed] == [("weekly-2026-02-23", True)]
    first = client.get(f"{LISTED}?limit=3", headers=headers).json
    rest = client.get(f"{LISTED}?limit=3&cursor={first['next_cursor']}", headers=headers).json
    assert [one["id"] for one in [*first["items"], *rest["items"]]] == [
        "weekly-2026-02-23", "daily-2026-03-01", "monthly-2026-02", "daily-2026-02-28",
    ]  # fmt: skip
    figures = client.get(f"{LISTED}/weekly-2026-02-23", headers=headers).json["figures"]
    assert figures["points"] == {
        "granted": 500, "written_off": 0, "taken_back": 0, "redeemed_gross": 120, "refunded": 0, "expired": 0,
    }  # fmt: skip
    assert figures["outstanding"] == {
        "opening": 0, "closing": 380, "owed_before": 0, "owed": 0, "in_ledger": 380, "difference": 0,
    }  # fmt: skip
    assert (figures["expiring"], figures["held"]) == ([{"month": "2026-05", "points": 350}], 0)
    assert figures["members"]["members"] is None  # fewer than 20
    answer = client.get(f"{LISTED}/weekly-2026-02-23.xlsx", headers=headers)
    cells = list(load_workbook(io.BytesIO(answer.data)).active.iter_rows(values_only=True))
    assert cells[0][:2] == ("Weekly report", "23 Feb 2026 to 1 Mar 2026")
    assert ("Granted", 500, 0) in [row[:3] for row in cells]
    assert "The days add up to the ledger to the point." in [row[0] for row in cells]
    assert client.get(f"{LISTED}/weekly-2026-02-24", headers=headers).status_code == 404


def test_a_kept_report_never_changes_and_a_wrong_figure_is_told(run, client, make_staff, desk, reported):
    headers = make_staff("catalog").auth
    before = client.get(f"{LISTED}/monthly-2026-02", headers=headers).json
    with pytest.raises(DBAPIError, match="kept_reports"):
        run(Login.OWNER, lambda tx: tx.execute(text("UPDATE kept_reports SET kind = 'daily'")))
    run(
        Login.OWNER,
        lambda tx: tx.execute(text("UPDATE day_figures SET granted_points = 501 WHERE granted_points = 500")),
    )
    assert make_due(NOW, ZONE, "CNY") == 0
    assert client.get(f"{LISTED}/monthly-2026-02", headers=headers).json == before
    roll_up(NOW + timedelta(days=1), ZONE)
    assert make_due(NOW + timedelta(days=1), ZONE, "CNY") == 1
    told = client.get(f"{LISTED}/daily-2026-03-02", headers=headers).json
    assert (told["reconciled"], told["figures"]["outstanding"]["difference"]) == (False, 1)
    page = desk("catalog").get("/admin/reports/daily-2026-03-02").text
    assert "The days do not add up to the ledger." in page
    assert "The days differ from the ledger by 1 points." in page


def test_an_owner_says_what_a_point_is_worth_and_nobody_else(client, make_staff, desk, reported, now):
    roll_up(now, ZONE)
    assert "¥" not in desk("rules").get("/admin").text
    refused = client.put(
        "/api/v1/admin/report-settings", json={"points_per_unit": 100}, headers=make_staff("rules").auth
    )
    assert refused.status_code == 403
    owner = desk("owner")
    wrong = owner.post("/admin/report-settings", data={"points_per_unit": "-3"})
    assert wrong.status_code == 422 and 'value="-3"' in wrong.text
    assert owner.post("/admin/report-settings", data={"points_per_unit": "100"}).status_code == 303
    assert "¥3.50" in desk("rules").get("/admin").text
    found = client.get("/api/v1/admin/report-settings", headers=make_staff("auditor").auth).json
    assert found == {"points_per_unit": 100, "currency": "CNY"}
