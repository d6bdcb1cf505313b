"""Keeping segments: made, changed, deleted; every step in the audit trail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from mall import audit
from mall.db import must_get
from mall.errors import Conflict, Invalid
from mall.ids import new_id
from points.earning.versions import By
from points.segments.filters import crossed
from points.segments.models import Segment


def segments(tx: Session) -> list[Segment]:
    """All segments, the newest first."""
    return list(tx.scalars(select(Segment).order_by(Segment.id.desc())))


def segment(tx: Session, segment_id: str, *, lock: bool = False) -> Segment:
    """One segment. Raises NotFound."""
    return must_get(tx, Segment, segment_id, with_for_update=lock)


def stored_filter(given: Mapping[str, Any]) -> dict[str, Any]:
    """A filter as it is kept: days as text, nothing for what is not asked. Raises Invalid naming the field."""
    kept = {name: value for name, value in given.items() if value is not None and value != []}
    if wrong := crossed(kept):
        raise Invalid({f"filter.{name}": [_("Lies below the lower end.")] for name in wrong})
    if not kept:
        raise Invalid({"filter": [_("Ask for something: without a filter it would be everybody.")]})
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in kept.items()}


def create_segment(
    tx: Session, name: dict[str, str], given: Mapping[str, Any], by: By, *, segment_id: str | None = None
) -> Segment:
    """Save a filter; ``segment_id``: the one it has in a rule set's file. Raises Invalid."""
    made = Segment(
        id=segment_id or new_id("seg"), name=name, filter=stored_filter(given), version=1, created_by=by.name,
        created_at=by.now, updated_at=by.now,
    )  # fmt: skip
    tx.add(made)
    tx.flush()
    _note(tx, "segment.created", made, by)
    return made


def change_segment(
    tx: Session, segment_id: str, seen: int, name: dict[str, str] | None, given: Mapping[str, Any] | None, by: By
) -> Segment:
    """Another name or filter; ``seen``: the version that the editor looked at.

    Raises NotFound, Invalid, Conflict ``changed_meanwhile``.
    """
    found = segment(tx, segment_id, lock=True)
    if found.version != seen:
        raise Conflict("changed_meanwhile")
    if name is not None:
        found.name = name
    if given is not None:
        found.filter = stored_filter(given)
    found.version, found.updated_at = seen + 1, by.now
    tx.flush()
    _note(tx, "segment.changed", found, by)
    return found


def delete_segment(tx: Session, segment_id: str, by: By) -> None:
    """Delete a segment that nothing asks for. Raises NotFound, Conflict ``segment_in_use``."""
    found = segment(tx, segment_id, lock=True)
    try:
        with tx.begin_nested():
            tx.delete(found)
    except IntegrityError as error:
        raise Conflict("segment_in_use") from error
    _note(tx, "segment.deleted", found, by)


def _note(tx: Session, action: str, found: Segment, by: By) -> None:
    detail = {"name": found.name, "filter": found.filter, "version": found.version}
    audit.record(tx, by.name, action, f"segment:{found.id}", detail, by.now, by.request_id)
