"""The postings behind a figure: those of one day, newest first, of one sort or all that change what is outstanding."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from mall.db import cursor
from mall.errors import Invalid
from mall.http.fields import parse_instant
from mall.http.pagination import decode_cursor, encode_cursor
from points.ledger.daily import MOVES

SORTS = tuple(MOVES)
_BEHIND = {**MOVES, "expired": "(credit = 'expired' OR debit = 'expired')"}
# A posting that takes back what had expired counts twice: it is taken back, and it is expired no more.
_SIGNED = "CASE WHEN debit = 'expired' THEN -points ELSE points END"
# Bounds of a day: the index of blocks by time finds its part of the table, and no further index burdens each credit.
_PAGE = """SELECT member_id, version, kind, label, {points}, posted_at, ref FROM ledger.postings
 WHERE posted_at >= %(since)s AND posted_at < %(until)s AND {condition} {further}
 ORDER BY posted_at DESC, member_id DESC, version DESC LIMIT %(limit)s"""
_FURTHER = "AND posted_at <= %(moment)s AND (posted_at, member_id, version) < (%(moment)s, %(member)s, %(version)s)"


@dataclass(frozen=True, slots=True)
class Movement:
    """One posting. ``points``: what it adds to its figure; ``label`` is the neutral one of the statement."""

    member_id: str
    version: int
    kind: str
    label: str
    points: int
    posted_at: datetime
    ref: str | None


def movements(
    tx: Session, since: datetime, until: datetime, sort: str, limit: int, cursor_text: str | None
) -> tuple[list[Movement], str | None]:
    """A page of the postings of ``sort`` (one of ``SORTS``) from ``since`` until just before ``until``, and the next.

    Meant for a day at most: it reads all of the span. Raises Invalid for a cursor that is not ours.
    """
    asked = {"since": since, "until": until, "limit": limit + 1}
    seen = decode_cursor(cursor_text, str, str, int)
    if seen is not None:
        moment = parse_instant(seen[0])
        if moment is None:
            raise Invalid({"cursor": [_("This cursor is not valid.")]})
        asked |= {"moment": moment, "member": seen[1], "version": seen[2]}
    points = _SIGNED if sort == "expired" else "points"
    query = _PAGE.format(points=points, condition=_BEHIND[sort], further=_FURTHER if seen else "")
    rows = [Movement(*row) for row in cursor(tx).execute(query, asked)]  # type: ignore[call-overload]
    if len(rows) <= limit:
        return rows, None
    last = rows[limit - 1]
    return rows[:limit], encode_cursor(last.posted_at.isoformat(), last.member_id, last.version)
