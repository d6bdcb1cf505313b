"""Awards as staff see them: what and why, never for whom when it is confidential, nothing of the source's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Subquery, func, or_, select, type_coerce, union_all
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from mall.db import must_get
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
    last = decode_cursor(cursor, str)
    if wanted.state == "pending":
        return _waiting_page(tx, wanted, limit, last[0] if last else None, now)
    can_be_spent = (Award.points > 0, Award.available_at.is_not(None), Award.available_at <= now)
    query = select(Award).where(*can_be_spent, *_of(wanted)).order_by(Award.award_id.desc()).limit(limit + 1)
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
    if wanted.rule is None and wanted.campaign is None:
        return None
    looked = select(Award.award_id).order_by(Award.award_id.desc()).offset(LOOKED_AT - 1).limit(1)
    return tx.scalar(looked if before is None else looked.where(Award.award_id < before))


def award_row(tx: Session, award_id: str) -> Award:
    """One award. Raises NotFound."""
    return must_get(tx, Award, award_id, populate_existing=True)


def waiting_ids(tx: Session, wanted: AwardFilter, now: datetime) -> tuple[list[str], int]:
    """Ids of up to 500 awards that wait, oldest first, and how many there are in all."""
    waiting = _waiting(wanted, now)
    ids = select(waiting.c.award_id).order_by(waiting.c.award_id).limit(MOST_AT_ONCE)
    return list(tx.scalars(ids)), count_waiting(tx, wanted, now)


def count_waiting(tx: Session, wanted: AwardFilter, now: datetime) -> int:
    """How many awards wait."""
    return tx.scalar(select(func.count()).select_from(_waiting(wanted, now))) or 0


def _waiting_page(tx: Session, wanted: AwardFilter, limit: int, before: str | None, now: datetime) -> dict[str, Any]:
    waiting = _waiting(wanted, now)
    ids = select(waiting.c.award_id).order_by(waiting.c.award_id.desc()).limit(limit + 1)
    if before is not None:
        ids = ids.where(waiting.c.award_id < before)
    query = select(Award).where(Award.award_id.in_(ids)).order_by(Award.award_id.desc())
    return page_of(tx.scalars(query).all(), limit, lambda award: (award.award_id,))


def _waiting(wanted: AwardFilter, now: datetime) -> Subquery:
    """Ids of awards that wait.

    In two parts, each a range of the index of awards that were booked to wait: those that nobody has confirmed, and
    those whose day has not come. What has waited and waits no more is not read, however much it is.
    """
    booked_to_wait = or_(Award.available_at.is_(None), Award.available_at > Award.booked_at)  # the index's condition
    ids = select(Award.award_id).where(Award.points > 0, booked_to_wait, *_of(wanted))
    return union_all(ids.where(Award.available_at.is_(None)), ids.where(Award.available_at > now)).subquery()


def _of(wanted: AwardFilter) -> list[ColumnElement[bool]]:
    """Of which rule, campaign and cases."""
    found: list[ColumnElement[bool]] = []
    if wanted.rule is not None:
        found.append(Award.rule_key == wanted.rule)
    if wanted.campaign is not None:
        found.append(Award.explanation.contains(type_coerce([["campaign", wanted.campaign]], JSONB)))
    if wanted.case_keys is not None:
        found.append(Award.case_key.in_(wanted.case_keys))
    return found
