"""Reading credit events back: only a source's own."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from mall.crypto import keyring
from mall.db import cursor
from mall.errors import Invalid, NotFound
from mall.http.fields import parse_instant
from mall.http.pagination import decode_cursor, page_of
from points.earning.event_rows import event_body
from points.earning.keys import open_event
from points.earning.reverse_event import find_key

_COLUMNS = "event_key, box, status, points, reason, awards, reversed_at, posted_at"
_ONE = f"SELECT {_COLUMNS} FROM sources.credit_events WHERE event_key = %s AND source_id = %s"
_MANY = f"""SELECT {_COLUMNS} FROM sources.credit_events
 WHERE source_id = %s AND posted_at > %s AND posted_at < %s AND (posted_at, event_key) > (%s, %s)
 ORDER BY posted_at, event_key LIMIT %s"""
_SINCE_EVER = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_FOR_EVER = datetime.fromisoformat("9000-01-01T00:00:00+00:00")


def get_event(tx: Session, source_id: str, either_id: str) -> dict[str, Any]:
    """An event as it was answered, ``status`` ``reversed`` once it was. Raises NotFound."""
    row = cursor(tx).execute(_ONE, (find_key(source_id, either_id), source_id)).fetchone()
    if row is None:
        raise NotFound()
    return _body(row)


def list_events(
    tx: Session,
    source_id: str,
    *,
    posted_after: datetime | None,
    posted_before: datetime | None,
    limit: int,
    cursor_text: str | None,
) -> dict[str, Any]:
    """A page of a source's events in the order they were posted, for reconciling; bounds are exclusive."""
    last_at, last_key = _after(cursor_text)
    bounds = (posted_after or _SINCE_EVER, posted_before or _FOR_EVER)
    rows = cursor(tx).execute(_MANY, (source_id, *bounds, last_at, last_key, limit + 1)).fetchall()
    page = page_of(rows, limit, lambda row: (row[7].isoformat(), row[0].hex()))
    return {**page, "items": [{**_body(row), "posted_at": row[7].isoformat()} for row in page["items"]]}


def _after(cursor_text: str | None) -> tuple[datetime, bytes]:
    seen = decode_cursor(cursor_text, str, str)
    if seen is None:
        return _SINCE_EVER, b""
    moment = parse_instant(seen[0])
    if moment is None or not re.fullmatch("[0-9a-f]{32}", seen[1]):
        raise Invalid({"cursor": [_("This cursor is not valid.")]})
    return moment, bytes.fromhex(seen[1])


def _body(row: tuple[Any, ...]) -> dict[str, Any]:
    event_key, box, status, points, reason, awards, reversed_at, _posted_at = row
    event_id, _, _ = open_event(keyring(), box)
    return event_body(event_key, event_id, "reversed" if reversed_at else status, points, awards, reason)
