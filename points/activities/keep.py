"""Keeping activities: made, changed, published, called off; every step in the audit trail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mall import audit, outbox
from mall.db import cursor, must_get
from mall.errors import Conflict, Invalid
from mall.http.pagination import decode_cursor, newest_first, page_of
from mall.ids import new_id
from points.activities.models import Activity, Participation
from points.earning.versions import By

FIELDS = ("title", "about", "place", "starts_at", "ends_at", "sign_up_needed", "capacity", "state")
_COUNTS = """SELECT activity_id, count(signed_up_at), count(attended_at) FROM participations
 WHERE activity_id = ANY(%s) GROUP BY 1"""


def activity(tx: Session, activity_id: str, *, lock: bool = False) -> Activity:
    """One activity, a draft too. Raises NotFound."""
    return must_get(tx, Activity, activity_id, with_for_update=lock)


def create_activity(tx: Session, fields: Mapping[str, Any], by: By) -> Activity:
    """A new activity, a draft unless ``state`` says otherwise. Raises Invalid naming the field."""
    made = Activity(
        id=new_id("act"), about={}, sign_up_needed=False, capacity=None, state="draft", version=1,
        created_by=by.name, created_at=by.now, updated_at=by.now,
    )  # fmt: skip
    _set(made, fields)
    tx.add(made)
    tx.flush()
    _note(tx, "created", made, by)
    return made


def change_activity(tx: Session, activity_id: str, seen: int, fields: Mapping[str, Any], by: By) -> Activity:
    """Change the fields given. ``seen``: the version that the editor looked at.

    Who has signed up is told when it is called off, or takes place at another time or place. Raises NotFound, Invalid,
    Conflict ``changed_meanwhile``; ``activity_called_off`` for one that was.
    """
    found = activity(tx, activity_id, lock=True)
    if found.version != seen:
        raise Conflict("changed_meanwhile")
    if found.state == "cancelled":
        raise Conflict("activity_called_off")
    before = (found.state, found.starts_at, dict(found.place), found.ends_at)
    with tx.no_autoflush:
        if fields.get("state") == "draft" and found.state != "draft":
            raise Invalid({"state": [_("What members have seen is called off, not hidden.")]})
        _set(found, fields)
    found.version, found.updated_at = seen + 1, by.now
    tx.flush()
    _note(tx, "changed", found, by)
    _tell(tx, found, before, by)
    return found


def _tell(tx: Session, row: Activity, before: tuple[str, datetime, dict[str, str], datetime], by: By) -> None:
    """Publish ``activity.changed`` where those who signed up need to know of a change."""
    state, starts_at, place, ends_at = before
    if state != "published" or ends_at <= by.now:
        return
    if row.state == "cancelled":
        kind = "activity.cancelled"
    elif (row.starts_at, row.place) != (starts_at, place):
        kind = "activity.moved"
    else:
        return
    outbox.publish(tx, "activity.changed", {"kind": kind, **told_of(row)}, by.now)


def told_of(row: Activity) -> dict[str, Any]:
    """What a notice needs to know of an activity."""
    return {
        "activity": row.id, "title": dict(row.title), "place": dict(row.place), "starts_at": row.starts_at.isoformat()
    }  # fmt: skip


def activities_page(tx: Session, limit: int, cursor_text: str | None) -> dict[str, Any]:
    """All activities for staff, the newest first."""
    return newest_first(tx, select(Activity), Activity.id, limit, cursor_text)


def counts(tx: Session, activity_ids: Sequence[str]) -> dict[str, tuple[int, int]]:
    """How many signed up and how many came, by activity."""
    rows = cursor(tx).execute(_COUNTS, (list(activity_ids),)).fetchall() if activity_ids else []
    return {name: (signed, came) for name, signed, came in rows}


def participants_page(tx: Session, activity_id: str, limit: int, cursor_text: str | None) -> dict[str, Any]:
    """Who signed up or came, by member."""
    query = select(Participation).where(Participation.activity_id == activity_id).order_by(Participation.member_id)
    seen = decode_cursor(cursor_text, str)
    if seen is not None:
        query = query.where(Participation.member_id > seen[0])
    return page_of(tx.scalars(query.limit(limit + 1)).all(), limit, lambda row: (row.member_id,))


def signed_up_count(tx: Session, activity_id: str) -> int:
    """How many have signed up."""
    mine = select(func.count()).where(Participation.activity_id == activity_id, Participation.signed_up_at.is_not(None))
    return int(tx.execute(mine).scalar_one())


def _set(row: Activity, fields: Mapping[str, Any]) -> None:
    for name in FIELDS:
        if name in fields:
            setattr(row, name, fields[name])
    if row.ends_at <= row.starts_at:
        raise Invalid({"ends_at": [_("Lies before its beginning.")]})


def _note(tx: Session, deed: str, row: Activity, by: By) -> None:
    told = {name: getattr(row, name) for name in FIELDS}
    told |= {"starts_at": row.starts_at.isoformat(), "ends_at": row.ends_at.isoformat(), "version": row.version}
    audit.record(tx, by.name, f"activity.{deed}", f"activity:{row.id}", told, by.now, by.request_id)
