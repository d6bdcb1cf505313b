"""Awards as staff see them: what and why, never for whom when it is confidential, nothing of the source's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, or_, select, type_coerce
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from mall.errors import NotFound
from mall.http.pagination import decode_cursor, encode_cursor, page_of
from points.earning.source_models import Award

MOST_AT_ONCE = 500
LOOKED_AT = 50_000
"""Awards that one page of a filter looks at: a rule that paid long ago is found on further pages, an index for it would
be written with every credit."""


@dataclass(frozen=True, slots=True)
class AwardFilter:
    """Which awards are wanted. ``campaign``: one that counted; ``case_keys``: cases they may belong to."""

    state: str = "pending"
    rule: str | None = None
    campaign: str | None = None
    case_keys: Sequence[bytes] | None = None


def award_page(tx: Session, wanted: AwardFilter, limit: int, cursor: str | None, now: datetime) -> dict[str, Any]:
    """Awards, newest first; a page may hold fewer than ``limit`` and still name the next.

    Raises Invalid for a cursor that is not ours.
    """
    query = _filtered(wanted, now).order_by(Award.award_id.desc()).limit(limit + 1)
    last = decode_cursor(cursor, str)
    if last is not None:
        query = query.where(Award.award_id < last[0])
    floor = _floor(tx, wanted, last[0] if last else None)
    if floor is not None:
        query = query.where(Award.award_id >= floor)
    found = page_of(tx.scalars(query).all(), limit, lambda award: (award.award_id,))
    if floor is not None and found["next_cursor"] is None:
        found["next_cursor"] = encode_cursor(floor)
    return found


def _floor(tx: Session, wanted: AwardFilter, before: str | None) -> str | None:
    """The last award that a page looks at; None where an index finds what is wanted, or few are left."""
    if wanted.state == "pending" or (wanted.rule is None and wanted.campaign is None):
        return None
    looked = select(Award.award_id).order_by(Award.award_id.desc()).offset(LOOKED_AT - 1).limit(1)
    return tx.scalar(looked if before is None else looked.where(Award.award_id < before))


def award_row(tx: Session, award_id: str) -> Award:
    """One award. Raises NotFound."""
    found = tx.get(Award, award_id, populate_existing=True)
    if found is None:
        raise NotFound()
    return found


def waiting_ids(tx: Session, wanted: AwardFilter, now: datetime) -> tuple[list[str], int]:
    """Ids of up to 500 awards that wait, oldest first, and how many there are in all."""
    query = _filtered(wanted, now)
    count = tx.scalar(select(func.count()).select_from(query.subquery())) or 0
    ids = query.with_only_columns(Award.award_id).order_by(Award.award_id).limit(MOST_AT_ONCE)
    return list(tx.scalars(ids)), count


def _filtered(wanted: AwardFilter, now: datetime) -> Select[Award]:
    query = select(Award).where(Award.points > 0)
    if wanted.state == "pending":
        # The first condition is that of the index of awards that wait, or once did.
        born_waiting = or_(Award.available_at.is_(None), Award.available_at > Award.booked_at)
        query = query.where(born_waiting, or_(Award.available_at.is_(None), Award.available_at > now))
    else:
        query = query.where(and_(Award.available_at.is_not(None), Award.available_at <= now))
    if wanted.rule is not None:
        query = query.where(Award.rule_key == wanted.rule)
    if wanted.campaign is not None:
        query = query.where(Award.explanation.contains(type_coerce([["campaign", wanted.campaign]], JSONB)))
    if wanted.case_keys is not None:
        query = query.where(Award.case_key.in_(wanted.case_keys))
    return query
