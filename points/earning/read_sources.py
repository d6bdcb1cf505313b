"""Who paid a member, read by staff: with a reason, just after they signed in, and never without a trace.

Design, section 7: sources are confidential. Only the login EARNING can read them, and staff only through here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from mall import audit
from mall.crypto import keyring
from mall.db import cursor
from mall.http.principals import StaffPrincipal
from mall.identity.members import get_member
from points.badges.award import public_badges
from points.earning.keys import open_event
from points.earning.own_effectiveness import own_effectiveness
from points.standing.effectiveness import Effectiveness

MOST_LINES = 100
# From the book to the source, each step by a key: there is no index of events by member, and none is needed.
_LINES = """WITH p AS (SELECT version, award_id, points, debit, posted_at FROM ledger.postings
  WHERE member_id = %(member)s AND award_id IS NOT NULL AND (debit = 'issued' OR credit = 'reversed')
  ORDER BY version DESC LIMIT %(most)s)
 SELECT p.posted_at, CASE WHEN p.debit = 'issued' THEN p.points ELSE -p.points END, a.rule_key, a.rule_version,
  coalesce(c.name, k.source_id), k.type, e.facts ->> 'stage', e.box
 FROM p JOIN sources.awards a ON a.award_id = p.award_id JOIN sources.cases k ON k.case_key = a.case_key
 LEFT JOIN api_clients c ON c.id = k.source_id LEFT JOIN sources.credit_events e ON e.event_key = k.deciding_event
 ORDER BY p.version DESC"""


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A movement and what it was for. ``event_id``: the source's own id of the event that decides the case, so that
    staff can speak with the source of it; None once all were reversed."""

    posted_at: datetime
    points: int
    rule: str
    rule_version: int
    source: str
    type: str
    stage: str | None
    event_id: str | None


@dataclass(frozen=True, slots=True)
class Sources:
    """The newest 100 movements of a member, effectiveness, and the codes of badges that others may see."""

    member_id: str
    lines: list[SourceLine]
    effectiveness: Effectiveness
    waiting_tips: int
    badges: list[str]


def read_sources(
    tx: Session, member_id: str, reason: str, by: StaffPrincipal, now: datetime, request_id: str | None = None
) -> Sources:
    """Where a member's points came from; the reading is an entry of the audit trail, with its reason.

    Whoever lets staff call it asks for the password of the last 15 minutes (``mall.http.principals.fresh``).
    Raises NotFound.
    """
    member = get_member(tx, member_id)
    own = member.alias_of or member.id
    rows = cursor(tx).execute(_LINES, {"member": member.id, "most": MOST_LINES}).fetchall()
    tips = own_effectiveness(tx, own, now)
    told = {"reason": reason, "lines": len(rows)}
    audit.record(tx, by.name, "member.sources_read", f"member:{member.id}", told, now, request_id)
    return Sources(
        member.id, [_line(row) for row in rows], tips.effectiveness, tips.waiting, public_badges(tx, own)
    )  # fmt: skip


def _line(row: tuple[Any, ...]) -> SourceLine:
    posted_at, points, rule, version, source, kind, stage, box = row
    event_id = open_event(keyring(), box)[0] if box is not None else None
    return SourceLine(posted_at, points, rule, version, source, kind, stage, event_id)
