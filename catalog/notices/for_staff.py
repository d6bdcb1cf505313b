"""Notices to staff: told once, resolved by themselves when there is nothing left to see to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from catalog.gifts.models import Gift
from catalog.notices.staff_models import StaffNotice
from catalog.redemption.models import Order
from mall import audit
from mall.db import must_get
from mall.http.badges import staff_badge
from mall.http.pagination import newest_first
from mall.ids import new_id
from mall.webhooks.models import WebhookEndpoint

OPEN = (StaffNotice.resolved_at.is_(None), StaffNotice.done_at.is_(None))
"""What waits for somebody."""


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
    query = select(StaffNotice).where(*OPEN) if only_open else select(StaffNotice)
    return newest_first(tx, query, StaffNotice.id, limit, cursor_text)


@staff_badge("notices")
def open_notices(tx: Session) -> int:
    """How many notices wait for somebody."""
    return tx.execute(select(func.count()).select_from(StaffNotice).where(*OPEN)).scalar_one()


def done_with(tx: Session, notice_id: str, actor: str, now: datetime, request_id: str) -> StaffNotice:
    """Somebody has seen to it, or knows: it is not shown as open any more. Twice is once. Raises NotFound."""
    notice = must_get(tx, StaffNotice, notice_id, with_for_update=True)
    if notice.done_at is None:
        notice.done_at, notice.done_by = now, actor
        detail = {"kind": notice.kind, "subject": notice.subject}
        audit.record(tx, actor, "staff_notice.done", f"staff_notice:{notice_id}", detail, now, request_id)
    tx.flush()
    return notice


def open_again(tx: Session, notice_id: str, actor: str, now: datetime, request_id: str) -> bool:
    """It was not seen to after all: open again, unless somebody else saw to it or its cause is gone.

    Whether it is open now.
    """
    notice = tx.get(StaffNotice, notice_id, with_for_update=True)
    if notice is None or notice.done_by != actor or notice.resolved_at is not None:
        return False
    notice.done_at = notice.done_by = None
    tx.flush()
    detail = {"kind": notice.kind, "subject": notice.subject}
    audit.record(tx, actor, "staff_notice.reopened", f"staff_notice:{notice_id}", detail, now, request_id)
    return True


def names_of(tx: Session, notices: Sequence[StaffNotice]) -> dict[str, Any]:
    """What notices are about, by subject: a gift's name in all languages, an order's number, an endpoint's words."""
    by_kind: dict[str, set[str]] = {}
    for notice in notices:
        kind, _colon, key = notice.subject.partition(":")
        by_kind.setdefault(kind, set()).add(str(notice.detail.get("gift", key)) if kind == "item" else key)
    gifts = by_kind.get("gift", set()) | by_kind.get("item", set())
    found: dict[str, Any] = {
        f"gift:{row[0]}": row[1] for row in tx.execute(select(Gift.id, Gift.name).where(Gift.id.in_(gifts)))
    }
    numbers = select(Order.id, Order.number).where(Order.id.in_(by_kind.get("order", set())))
    hooks = select(WebhookEndpoint.id, WebhookEndpoint.description, WebhookEndpoint.url)
    asked = hooks.where(WebhookEndpoint.id.in_(by_kind.get("webhook", set())))
    found |= {f"webhook:{row[0]}": row[1] or row[2] for row in tx.execute(asked)}
    return found | {f"order:{row[0]}": row[1] for row in tx.execute(numbers)}
