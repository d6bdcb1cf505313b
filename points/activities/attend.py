"""Signing up for activities, and being there: once a member and activity, by the code shown or by staff."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from mall import audit
from mall.crypto import keyring
from mall.errors import Conflict, NotFound
from mall.identity.models import Member
from mall.ids import new_id
from points.activities.codes import Mac, is_good
from points.activities.keep import activity, signed_up_count
from points.activities.models import Activity, Participation
from points.earning.book_events import book_events
from points.earning.event_types import EventIn, EventSource
from points.earning.versions import By

SOURCE = EventSource("mall:activities", internal=True, label="activity")
EVENT_TYPE = "activity.attended"
MARGIN = timedelta(minutes=30)
"""So long before and after an activity its code is taken."""
MOST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Seen:
    """An activity as a member sees it. ``places_left`` None: no limit."""

    activity: Activity
    places_left: int | None
    signed_up: bool
    attended: bool
    phase: str
    """``coming``, ``on`` (the code is taken), ``over`` or ``cancelled``."""


def code_key(activity_id: str) -> Mac:
    """What makes the codes of an activity."""
    ring = keyring()
    return lambda step: ring.hmac16("activity-code", activity_id, str(step))


def phase_of(row: Activity, now: datetime) -> str:
    """Where an activity is at ``now``; see ``Seen.phase``."""
    if row.state == "cancelled":
        return "cancelled"
    if now < row.starts_at - MARGIN:
        return "coming"
    return "on" if now < row.ends_at + MARGIN else "over"


def open_activities(tx: Session, member_id: str | None, now: datetime) -> list[Seen]:
    """Published activities that are not over, the soonest first, and for a day those called off."""
    query = select(Activity).where(Activity.state != "draft", Activity.ends_at > now - MARGIN)
    rows = tx.scalars(query.order_by(Activity.starts_at, Activity.id).limit(MOST_SHOWN)).all()
    return [_seen(tx, row, member_id, now) for row in rows]


def seen_activity(tx: Session, activity_id: str, member_id: str | None, now: datetime) -> Seen:
    """One activity, also one that is over. Raises NotFound for a draft."""
    row = activity(tx, activity_id)
    if row.state == "draft":
        raise NotFound()
    return _seen(tx, row, member_id, now)


def sign_up(tx: Session, member_id: str, activity_id: str, now: datetime) -> Seen:
    """Sign up; again changes nothing. Raises NotFound, Conflict ``activity_closed`` or ``activity_full``."""
    row = _open(tx, activity_id, now)
    mine = tx.get(Participation, (activity_id, member_id))
    if mine is None or mine.signed_up_at is None:
        if row.capacity is not None and signed_up_count(tx, activity_id) >= row.capacity:
            raise Conflict("activity_full")
        if mine is None:
            tx.add(Participation(activity_id=activity_id, member_id=member_id, signed_up_at=now))
        else:
            mine.signed_up_at = now
        tx.flush()
    return _seen(tx, row, member_id, now)


def withdraw(tx: Session, member_id: str, activity_id: str, now: datetime) -> Seen:
    """Give the place back; without one nothing changes. Raises NotFound, Conflict ``activity_closed`` or
    ``already_attended``."""
    row = _open(tx, activity_id, now)
    mine = tx.get(Participation, (activity_id, member_id))
    if mine is not None:
        if mine.attended_at is not None:
            raise Conflict("already_attended")
        tx.delete(mine)
        tx.flush()
    return _seen(tx, row, member_id, now)


def attend(tx: Session, member_id: str, activity_id: str, code: str, now: datetime) -> int:
    """Be there by the code shown at the venue; returns the points it brought.

    Raises NotFound (``attendance_code_not_good`` for a code that is wrong or too old), Conflict ``activity_not_on``,
    ``sign_up_needed`` or ``already_attended``.
    """
    row = activity(tx, activity_id)
    if row.state == "draft":
        raise NotFound()
    if phase_of(row, now) != "on":
        raise Conflict("activity_not_on")
    if not is_good(code_key(activity_id), code, now):
        raise NotFound("attendance_code_not_good")
    if row.sign_up_needed:
        mine = tx.get(Participation, (activity_id, member_id))
        if mine is None or mine.signed_up_at is None:
            raise Conflict("sign_up_needed")
    return _book(tx, member_id, row, now, None)


def mark_attended(tx: Session, member_id: str, activity_id: str, reason: str, by: By) -> int:
    """Staff say that a member was there; returns the points. Also after the end, never before the beginning.

    Raises NotFound, Conflict ``activity_not_on``, ``member_not_active`` or ``already_attended``.
    """
    row, member = activity(tx, activity_id), tx.get(Member, member_id)
    if member is None:
        raise NotFound()
    if row.state != "published" or phase_of(row, by.now) == "coming":
        raise Conflict("activity_not_on")
    if member.status != "active" or member.alias_of is not None:
        raise Conflict("member_not_active")
    points = _book(tx, member_id, row, by.now, by.name)
    told = {"member": member_id, "points": points, "reason": reason}
    audit.record(tx, by.name, "activity.marked", f"activity:{activity_id}", told, by.now, by.request_id)
    return points


def participations_of(tx: Session, member_id: str) -> list[dict[str, object]]:
    """A member's activities, for the export: each with when they signed up and came."""
    mine = select(Participation).where(Participation.member_id == member_id).order_by(Participation.activity_id)
    return [
        {"activity": row.activity_id, "signed_up_at": row.signed_up_at, "attended_at": row.attended_at}
        for row in tx.scalars(mine)
    ]


def forget_participations(tx: Session, member_id: str) -> None:
    """Nothing tells where somebody was who leaves."""
    tx.execute(delete(Participation).where(Participation.member_id == member_id))


def _book(tx: Session, member_id: str, row: Activity, now: datetime, marked_by: str | None) -> int:
    # The wallet first: whoever comes second waits here, and finds the first one's row below.
    event = EventIn(new_id("att"), EVENT_TYPE, member_id, now, row.id)
    outcome = book_events(tx, SOURCE, [event], now)[0]
    if outcome.body is None:
        raise outcome.error or Conflict("activity_not_on")
    mine = tx.get(Participation, (row.id, member_id), populate_existing=True)
    if mine is None:
        mine = Participation(activity_id=row.id, member_id=member_id)
        tx.add(mine)
    elif mine.attended_at is not None:
        raise Conflict("already_attended")
    mine.attended_at, mine.marked_by = now, marked_by
    tx.flush()
    return int(outcome.body["points"])


def _open(tx: Session, activity_id: str, now: datetime) -> Activity:
    row = activity(tx, activity_id, lock=True)  # places are counted one by one
    if row.state == "draft":
        raise NotFound()
    if row.state != "published" or now >= row.ends_at:
        raise Conflict("activity_closed")
    return row


def _seen(tx: Session, row: Activity, member_id: str | None, now: datetime) -> Seen:
    mine = tx.get(Participation, (row.id, member_id)) if member_id is not None else None
    left = None if row.capacity is None else max(0, row.capacity - signed_up_count(tx, row.id))
    signed_up = mine is not None and mine.signed_up_at is not None
    attended = mine is not None and mine.attended_at is not None
    return Seen(row, left, signed_up, attended, phase_of(row, now))
