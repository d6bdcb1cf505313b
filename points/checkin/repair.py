"""Repairing a missed day with a make-up card: the streak is counted again as if the day had been checked in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from mall.clock import local_date
from mall.errors import Conflict
from mall.identity.members import get_member
from points.checkin.models import CheckIn, CheckInSettings
from points.checkin.paying import Due, earn_cards, pay
from points.checkin.records import frozen_days, last_before, lock_records, settings_of
from points.checkin.streaks import mended
from points.earning.book_events import mall_zone

_TAKE_CARD = """UPDATE make_up_cards SET used_at = %s, used_day = %s WHERE id = (SELECT id FROM make_up_cards
 WHERE member_id = %s AND used_at IS NULL ORDER BY id LIMIT 1) RETURNING id"""
_ADD = "INSERT INTO check_ins (member_id, day, streak, points, repaired) VALUES (%s, %s, %s, 0, true)"
_COUNT_AGAIN = """UPDATE check_ins AS c SET streak = n.streak, points = c.points + n.points
 FROM unnest(%s::date[], %s::int4[], %s::int8[]) AS n (day, streak, points)
 WHERE c.member_id = %s AND c.day = n.day"""


@dataclass(frozen=True, slots=True)
class Repaired:
    """A repaired day: the streak that now ends at the last check-in, the points that longer streaks paid, and how
    many make-up cards they earned."""

    day: date
    streak: int
    points: int
    cards: int
    card_id: str


def repair(tx: Session, member_id: str, day: date, now: datetime) -> Repaired:
    """Use the oldest card of a member for ``day``.

    Raises Conflict ``day_checked_in``, ``day_not_repairable`` (today or later, too long ago, before joining, or
    frozen) or ``no_make_up_card``.
    """
    cur = lock_records(tx, member_id)
    settings, today = settings_of(tx), local_date(now, mall_zone())
    frozen = _check(tx, member_id, day, today, settings)
    taken = cur.execute(_TAKE_CARD, (now, day, member_id)).fetchone()
    if taken is None:
        raise Conflict("no_make_up_card")
    later = select(CheckIn.day, CheckIn.streak).where(CheckIn.member_id == member_id, CheckIn.day > day)
    rows = [(row[0], row[1]) for row in tx.execute(later.order_by(CheckIn.day))]
    change = mended(last_before(tx, member_id, day), day, rows, frozen)
    cur.execute(_ADD, (member_id, day, change.streaks[day]))
    due = [
        Due(one, streak, day_itself=one != day or settings.repaired_day_pays, again=one != day)
        for one, streak in change.reached.items()
    ]
    if settings.repaired_day_pays and day not in change.reached:
        due.insert(0, Due(day, change.streaks[day]))
    paid = pay(tx, member_id, due, now)
    cards = earn_cards(cur, member_id, change.reached, settings.card_every_days, now)
    days = list(change.streaks)
    figures = [change.streaks[one] for one in days], [paid.get(one, 0) for one in days]
    cur.execute(_COUNT_AGAIN, (days, *figures, member_id))
    return Repaired(day, change.streaks[days[-1]], sum(paid.values()), cards, taken[0])


def repairable_from(today: date, joined: date, settings: CheckInSettings) -> date:
    """The first day that may still be repaired."""
    return max(joined, today - timedelta(days=settings.repair_days))


def joined_on(tx: Session, member_id: str) -> date:
    """The day in the mall's zone on which a member joined. Raises NotFound."""
    return local_date(get_member(tx, member_id).created_at, mall_zone())


def _check(tx: Session, member_id: str, day: date, today: date, settings: CheckInSettings) -> frozenset[date]:
    joined = joined_on(tx, member_id)
    if tx.get(CheckIn, (member_id, day)) is not None:
        raise Conflict("day_checked_in")
    if day >= today:
        raise Conflict("day_not_repairable", _("Only days that are over can be made up for."))
    if day < joined:
        raise Conflict("day_not_repairable", _("This day was before you joined."))
    if day < today - timedelta(days=settings.repair_days):
        sentence = _("Only the last %(days)s days can be made up for.", days=settings.repair_days)
        raise Conflict("day_not_repairable", sentence)
    before = last_before(tx, member_id, day)
    frozen = frozen_days(tx, before[0] if before else day, today)
    if day in frozen:
        raise Conflict("day_not_repairable", _("This day breaks no streak: the mall was closed for maintenance."))
    return frozen
