"""Keeping badges: what they are called, what they ask for, whether they are given; under an optimistic version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from mall import audit
from mall.errors import Conflict, NotFound
from points.badges.catalogue import BY_CODE, CATALOGUE, Badge
from points.badges.models import BadgeSetting
from points.earning.versions import By

MOST_GOAL = 100_000


@dataclass(frozen=True, slots=True)
class KeptBadge:
    """A badge as it is now. ``title`` and ``condition`` None: the mall's own words; ``version`` 0: never changed."""

    badge: Badge
    title: Mapping[str, str] | None = None
    condition: Mapping[str, str] | None = None
    version: int = 0
    updated_by: str | None = None
    updated_at: datetime | None = None

    @property
    def usual_goal(self) -> int:
        """The goal where staff have set none."""
        return BY_CODE[self.badge.code].goal


def kept_badges(tx: Session) -> dict[str, KeptBadge]:
    """All badges by code, in the order of the catalogue."""
    rows = {row.code: row for row in tx.scalars(select(BadgeSetting).execution_options(populate_existing=True))}
    return {badge.code: _kept(badge, rows.get(badge.code)) for badge in CATALOGUE}


def change_badge(tx: Session, code: str, seen: int, changes: Mapping[str, Any], by: By) -> KeptBadge:
    """Set ``title``, ``condition`` and ``goal`` (None: the mall's own) and ``active`` where given.

    What was earned is kept, whatever it asks for now. ``seen``: the version that the editor looked at. Raises NotFound,
    Conflict ``changed_meanwhile``.
    """
    if code not in BY_CODE:
        raise NotFound()
    own: dict[str, Any] = {"title": None, "condition": None, "goal": None, "active": True}
    fresh = insert(BadgeSetting).values(
        code=code, **own, version=0, updated_by=by.name, updated_at=by.now
    )  # fmt: skip
    tx.execute(fresh.on_conflict_do_nothing())
    row = tx.get_one(BadgeSetting, code, with_for_update=True, populate_existing=True)
    if row.version != seen:
        raise Conflict("changed_meanwhile")
    for name, value in changes.items():
        setattr(row, name, value)
    if row.goal == BY_CODE[code].goal:
        row.goal = None
    row.version, row.updated_by, row.updated_at = seen + 1, by.name, by.now
    tx.flush()
    told = {name: getattr(row, name) for name in own} | {"version": row.version}
    audit.record(tx, by.name, "badge.changed", f"badge:{code}", told, by.now, by.request_id)
    return _kept(BY_CODE[code], row)


def _kept(badge: Badge, row: BadgeSetting | None) -> KeptBadge:
    if row is None:
        return KeptBadge(badge)
    now = replace(badge, goal=row.goal or badge.goal, active=row.active)
    return KeptBadge(now, row.title, row.condition, row.version, row.updated_by, row.updated_at)
