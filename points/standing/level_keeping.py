"""Keeping the levels: what staff decide, under an optimistic version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from mall import audit
from mall.errors import Conflict, Invalid
from points.earning.versions import By
from points.standing.ladder import DEFAULT, Ladder, Step, threshold_faults
from points.standing.level_models import LevelSettings

ONLY_ROW = 1


@dataclass(frozen=True, slots=True)
class LevelsView:
    """The ladder, and who set it when; nobody while the defaults hold."""

    ladder: Ladder
    updated_by: str | None = None
    updated_at: datetime | None = None


def levels_view(tx: Session) -> LevelsView:
    """The levels as they are."""
    row = tx.get(LevelSettings, ONLY_ROW)
    if row is None:
        return LevelsView(DEFAULT)
    steps = tuple(Step(step["from_points"], step["name"], step["perks"]) for step in row.steps)
    found = Ladder(steps, row.policy, row.window_months, row.warn_days, row.version)
    return LevelsView(found, row.updated_by, row.updated_at)


def set_levels(tx: Session, wanted: Ladder, by: By) -> LevelsView:
    """Set all levels and the policy. ``wanted.version``: the version that was looked at.

    Members move to their new levels, and hear of it, within a minute (job ``standing``). Raises Invalid for
    thresholds that do not rise from 0, Conflict ``levels_changed`` when somebody else was quicker.
    """
    _refuse_faults([step.from_points for step in wanted.steps])
    values = {
        "version": wanted.version + 1, "steps": steps_wire(wanted.steps), "policy": wanted.policy,
        "window_months": wanted.window_months, "warn_days": wanted.warn_days, "updated_by": by.name,
        "updated_at": by.now,
    }  # fmt: skip
    made = None
    if wanted.version == DEFAULT.version:
        fresh = insert(LevelSettings).values(id=ONLY_ROW, **values).on_conflict_do_nothing()
        made = tx.execute(fresh.returning(LevelSettings.id)).scalar_one_or_none()
    if made is None:
        row = tx.get(LevelSettings, ONLY_ROW, with_for_update=True)
        if row is None or row.version != wanted.version:
            raise Conflict("levels_changed", extra={"version": row.version if row else DEFAULT.version})
        for name, value in values.items():
            setattr(row, name, value)
        tx.flush()
    told = {name: value for name, value in values.items() if not name.startswith("updated")}
    audit.record(tx, by.name, "levels.set", "levels", told, by.now, by.request_id)
    return levels_view(tx)


def steps_wire(steps: Sequence[Step]) -> list[dict[str, Any]]:
    """Levels as they are stored and told."""
    return [{"from_points": one.from_points, "name": dict(one.name), "perks": dict(one.perks)} for one in steps]


def _refuse_faults(found: list[int]) -> None:
    errors = {
        f"levels.{place}.from_points": [
            _("The first level begins at 0.") if place == 0 else _("Must be more than the level below.")
        ]
        for place in threshold_faults(found)
    }
    if errors:
        raise Invalid(errors)
