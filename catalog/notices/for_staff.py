"""Notices to staff: told once, resolved by themselves when there is nothing left to see to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from catalog.notices.staff_models import StaffNotice
from mall.http.pagination import decode_cursor, page_of
from mall.ids import new_id


def tell_staff(tx: Session, kind: str, subject: str, detail: Mapping[str, Any], now: datetime) -> bool:
    """Tell staff, unless they are told already; whether this was news. ``detail``: no secret, no personal data."""
    row = {"id": new_id("stn"), "kind": kind, "subject": subject, "detail": dict(detail), "created_at": now}
    told = insert(StaffNotice).values(row).on_conflict_do_nothing(
        index_elements=["kind", "subject"], index_where=StaffNotice.resolved_at.is_(None)
    )  # fmt: skip
    return tx.execute(told.returning(StaffNotice.id)).scalar_one_or_none() is not None


def resolve_others(tx: Session, kind: str, subjects: set[str], now: datetime) -> int:
    """Close the open notices of a kind whose subject is none of ``subjects``; returns how many."""
    gone = update(StaffNotice).where(
        StaffNotice.kind == kind, StaffNotice.resolved_at.is_(None), StaffNotice.subject.not_in(subjects)
    )  # fmt: skip
    done = tx.execute(gone.values(resolved_at=now).execution_options(synchronize_session=False))
    return int(done.rowcount)  # type: ignore[attr-defined]


def resolve(tx: Session, kind: str, subject: str, now: datetime) -> None:
    """Close the open notice of a subject, if there is one."""
    mine = update(StaffNotice).where(
        StaffNotice.kind == kind, StaffNotice.subject == subject, StaffNotice.resolved_at.is_(None)
    )  # fmt: skip
    tx.execute(mine.values(resolved_at=now).execution_options(synchronize_session=False))


def staff_notices_page(tx: Session, only_open: bool, limit: int, cursor_text: str | None) -> dict[str, Any]:
    """Notices, the newest first."""
    query = select(StaffNotice).order_by(StaffNotice.id.desc())
    if only_open:
        query = query.where(StaffNotice.resolved_at.is_(None))
    seen = decode_cursor(cursor_text, str)
    if seen is not None:
        query = query.where(StaffNotice.id < seen[0])
    return page_of(tx.scalars(query.limit(limit + 1)).all(), limit, lambda row: (row.id,))
