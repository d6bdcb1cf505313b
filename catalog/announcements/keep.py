"""Keeping announcements: written, scheduled, changed until they go out, withdrawn; every step in the audit trail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.announcements.links import checked_link
from catalog.announcements.models import Announcement
from catalog.announcements.phases import OPEN, Phase, phase_at
from mall import audit
from mall.db import cursor, must_get
from mall.errors import Conflict, Invalid
from mall.http.pagination import newest_first
from mall.ids import id_at, new_id
from points.earning.versions import By
from points.segments.filters import read_filter
from points.segments.models import Segment
from points.segments.preview import FEW, ROUND, Preview

FIELDS = ("title", "body", "link", "important", "audience", "levels", "segment_id", "from_at", "until_at", "state")
LONGEST = timedelta(days=366)
_READERS = "SELECT announcement_readers(%s)"


def announcement(tx: Session, announcement_id: str, *, lock: bool = False) -> Announcement:
    """One announcement, a draft too. Raises NotFound."""
    return must_get(tx, Announcement, announcement_id, with_for_update=lock, populate_existing=True)


def phase_of(row: Announcement, now: datetime) -> Phase:
    """Where an announcement is."""
    return phase_at(row.state, row.from_at, row.until_at, now)


def create_announcement(tx: Session, fields: Mapping[str, Any], by: By) -> Announcement:
    """A new announcement: a draft, or published with ``state``; without ``from_at`` that is at once. Raises Invalid."""
    made = Announcement(
        id=new_id("ann"), link=None, important=False, audience="everybody", levels=None, segment_id=None, from_at=None,
        state="draft", notice_id=None, version=1, created_by=by.name, created_at=by.now, updated_at=by.now,
    )  # fmt: skip
    _set(tx, made, fields, by.now)
    tx.add(made)
    tx.flush()
    _note(tx, "created", made, by)
    return made


def change_announcement(
    tx: Session, announcement_id: str, seen: int, fields: Mapping[str, Any], by: By
) -> Announcement:
    """Change the fields given. ``seen``: the version that the editor looked at.

    Raises NotFound, Invalid, Conflict ``changed_meanwhile``, ``announcement_out`` once members may have seen it.
    """
    found = _seen(tx, announcement_id, seen)
    if phase_of(found, by.now) not in OPEN:
        raise Conflict("announcement_out")
    with tx.no_autoflush:
        _set(tx, found, fields, by.now)
    found.version, found.updated_at = seen + 1, by.now
    tx.flush()
    _note(tx, "changed", found, by)
    return found


def withdraw_announcement(tx: Session, announcement_id: str, seen: int, by: By) -> Announcement:
    """Take it out of every inbox, for good. Raises NotFound, Conflict ``changed_meanwhile``."""
    found = _seen(tx, announcement_id, seen)
    if found.state != "withdrawn":
        found.state, found.version, found.updated_at = "withdrawn", seen + 1, by.now
        tx.flush()
        _note(tx, "withdrawn", found, by)
    return found


def announcements_page(tx: Session, limit: int, cursor_text: str | None) -> dict[str, Any]:
    """All announcements for staff, the newest first."""
    return newest_first(tx, select(Announcement), Announcement.id, limit, cursor_text)


def readers_of(tx: Session, row: Announcement) -> Preview:
    """How many members have read it. Of a segment few are never counted out, and where it asks about tips the number
    is rounded, as when the segment itself is counted."""
    found: Any = cursor(tx).execute(_READERS, (row.id,)).fetchone()
    count = int(found[0])
    if row.segment_id is None:
        return Preview(count, True)
    if count < FEW:
        return Preview(None, False)
    asked = read_filter(tx.get_one(Segment, row.segment_id).filter)
    return Preview(count // ROUND * ROUND, False) if asked.asks_tips else Preview(count, True)


def _seen(tx: Session, announcement_id: str, seen: int) -> Announcement:
    found = announcement(tx, announcement_id, lock=True)
    if found.version != seen:
        raise Conflict("changed_meanwhile")
    return found


def _set(tx: Session, row: Announcement, fields: Mapping[str, Any], now: datetime) -> None:
    for name in FIELDS:
        if name in fields:
            setattr(row, name, checked_link(fields[name]) if name == "link" else fields[name])
    _set_audience(tx, row)
    begins = max(now, row.from_at or now)
    if row.until_at <= begins:
        raise Invalid({"until_at": [_("Must lie after the beginning, and ahead.")]})
    if row.until_at - begins > LONGEST:
        raise Invalid({"until_at": [_("An announcement stands for a year at most.")]})
    if row.state == "published":
        row.from_at, row.notice_id = begins, id_at("ntc", begins)
    elif row.from_at is not None and row.from_at < now:
        row.from_at = None


def _set_audience(tx: Session, row: Announcement) -> None:
    """Keep what the audience asks for and nothing else. Raises Invalid where that is missing or unknown."""
    if row.audience == "levels":
        row.levels = sorted(set(row.levels or ()))
        if not row.levels:
            raise Invalid({"levels": [_("Choose at least one level.")]})
    else:
        row.levels = None
    if row.audience != "segment":
        row.segment_id = None
    elif row.segment_id is None or tx.get(Segment, row.segment_id) is None:
        raise Invalid({"segment": [_("Choose a segment.")]})


def _note(tx: Session, deed: str, row: Announcement, by: By) -> None:
    told = {name: getattr(row, name) for name in FIELDS} | {"version": row.version}
    told |= {name: told[name] and told[name].isoformat() for name in ("from_at", "until_at")}
    audit.record(tx, by.name, f"announcement.{deed}", f"announcement:{row.id}", told, by.now, by.request_id)
