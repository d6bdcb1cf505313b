"""Comparing a source's own list with what was booked for it: what is missing, what differs, what the list lacks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from mall.crypto import keyring
from mall.db import cursor
from mall.errors import Invalid
from points.earning.keys import event_key, open_event, public_id
from points.earning.reconcile_lines import BookedEvent, Listed, Reconciliation

MOST_UNLISTED = 1_000
"""Events the list lacks that are told one by one; ``unlisted_more`` says that there are others."""

_FOUND = """SELECT event_key, status, points, reversed_at, posted_at FROM sources.credit_events
 WHERE event_key = ANY(%s) AND source_id = %s"""
_POSTED = """SELECT event_key, status, points, reversed_at, posted_at, box FROM sources.credit_events
 WHERE source_id = %s AND posted_at >= %s AND posted_at < %s AND event_key <> ALL(%s)
 ORDER BY posted_at, event_key LIMIT %s"""


def reconcile(
    tx: Session, source_id: str, lines: Sequence[Listed], since: datetime | None, until: datetime | None
) -> Reconciliation:
    """Compare a list with the events of its source; ``booked`` are those that are there and as expected.

    With both bounds, also what was posted from ``since`` to before ``until`` and is not in the list.
    Raises Invalid naming ``until`` for one bound alone, or an end before the beginning.
    """
    if (since is None) != (until is None):
        raise Invalid({"until": [_("A period has a beginning and an end.")]})
    if since is not None and until is not None and since >= until:
        raise Invalid({"until": [_("Must be later than the beginning.")]})
    ring, by_key, repeated = keyring(), dict[bytes, Listed](), dict[str, None]()
    for line in lines:
        key = event_key(ring, source_id, line.event_id)
        if key in by_key:
            repeated[line.event_id] = None
        by_key.setdefault(key, line)
    rows = cursor(tx).execute(_FOUND, (list(by_key), source_id)).fetchall()
    found = {row[0]: _booked(row, by_key[row[0]].event_id, by_key[row[0]].points) for row in rows}
    booked, differing, missing = [], [], []
    for key, line in by_key.items():
        event = found.get(key)
        if event is None:
            missing.append(line.event_id)
        elif line.points is not None and line.points != event.points:
            differing.append(event)
        else:
            booked.append(event)
    unlisted = _unlisted(tx, source_id, list(by_key), since, until) if since and until else []
    return Reconciliation(
        len(by_key), booked, missing, differing, list(repeated), unlisted[:MOST_UNLISTED],
        len(unlisted) > MOST_UNLISTED,
    )  # fmt: skip


def _unlisted(tx: Session, source_id: str, keys: list[bytes], since: datetime, until: datetime) -> list[BookedEvent]:
    rows = cursor(tx).execute(_POSTED, (source_id, since, until, keys, MOST_UNLISTED + 1)).fetchall()
    return [_booked(row, open_event(keyring(), row[5])[0], None) for row in rows]


def _booked(row: tuple[Any, ...], event_id: str, expected: int | None) -> BookedEvent:
    key, status, points, reversed_at, posted_at = row[:5]
    stands = 0 if reversed_at else points
    return BookedEvent(public_id(key), event_id, "reversed" if reversed_at else status, stands, posted_at, expected)
