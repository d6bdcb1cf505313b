"""Figures that other parts of the mall count for badges."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from points.badges.models import BadgeFigure


def set_figures(tx: Session, member_id: str, figures: Mapping[str, int], now: datetime) -> None:
    """Note a member's figures as they are; the badges follow within a minute."""
    rows = [
        {"member_id": member_id, "fact": fact, "value": value, "updated_at": now} for fact, value in figures.items()
    ]
    row = insert(BadgeFigure).values(rows)
    changed = {"value": row.excluded.value, "updated_at": row.excluded.updated_at}
    tx.execute(row.on_conflict_do_update(index_elements=["member_id", "fact"], set_=changed))


def counted_since(tx: Session, since: datetime) -> set[str]:
    """Members of whom a figure was noted since then."""
    return set(tx.scalars(select(BadgeFigure.member_id).where(BadgeFigure.updated_at >= since)))
