"""Finding kept reports."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from admin.reports.models import KeptReport
from mall.db import must_get
from mall.errors import Invalid
from mall.http.pagination import decode_cursor, page_of


def report_page(tx: Session, kind: str | None, limit: int, cursor: str | None) -> dict[str, Any]:
    """A page of reports, of one kind or all, the latest first. Raises Invalid for a strange cursor."""
    query = select(KeptReport).order_by(KeptReport.last_day.desc(), KeptReport.id.desc()).limit(limit + 1)
    if kind is not None:
        query = query.where(KeptReport.kind == kind)
    seen = decode_cursor(cursor, str, str)
    if seen is not None:
        try:
            last = date.fromisoformat(seen[0])
        except ValueError as error:
            raise Invalid({"cursor": [str(error)]}) from error
        query = query.where(tuple_(KeptReport.last_day, KeptReport.id) < (last, seen[1]))
    rows = list(tx.scalars(query))
    return page_of(rows, limit, lambda row: (row.last_day.isoformat(), row.id))


def kept_report(tx: Session, report_id: str) -> KeptReport:
    """A report by its id. Raises NotFound."""
    return must_get(tx, KeptReport, report_id)
