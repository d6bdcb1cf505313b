"""What a merge will do, read before anybody decides: both books, orders, sessions, what stays behind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from catalog.merging.rules import Account, Figures, afterwards, refusal
from catalog.redemption.lifecycle import OVER
from mall.db import cursor
from mall.identity.members import get_member
from mall.identity.models import Member
from mall.identity.outside.links import has_own_sign_in
from points.households.keep import household_of
from points.ledger.queries import balance
from points.standing.levels import level_of

_COUNTS = """SELECT (SELECT count(*) FROM ledger.lots WHERE member_id = %(member)s AND remaining > 0),
 (SELECT count(*) FROM orders WHERE member_id = %(member)s),
 (SELECT count(*) FROM orders WHERE member_id = %(member)s AND status <> ALL(%(over)s)),
 (SELECT count(*) FROM login_sessions WHERE member_id = %(member)s AND expires_at > %(now)s)"""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two accounts as it is. ``lots``: those with points left; ``open_orders`` are not over yet."""

    member: Member
    figures: Figures
    lots: int
    orders: int
    open_orders: int
    sessions: int
    level: int
    household: str | None


@dataclass(frozen=True, slots=True)
class Outlook:
    """Both accounts, the book that would stay, its household, and the code of what stands in the way, if anything."""

    source: Side
    target: Side
    after: Figures
    household: str | None
    refusal: str | None


def account_of(tx: Session, member: Member) -> Account:
    """What the rules want to know of a member."""
    return Account(member.id, member.status, member.alias_of is not None, has_own_sign_in(tx, member))


def outlook(tx: Session, source_id: str, target_id: str, now: datetime) -> Outlook:
    """What merging ``source_id`` into ``target_id`` would do. Raises NotFound."""
    source, target = _side(tx, source_id, now), _side(tx, target_id, now)
    stands = refusal(account_of(tx, source.member), account_of(tx, target.member))
    after = afterwards(source.figures, target.figures)
    return Outlook(source, target, after, target.household or source.household, stands)


def _side(tx: Session, member_id: str, now: datetime) -> Side:
    member = get_member(tx, member_id)
    found = balance(tx, member_id, now, expiring=False)
    values = {"member": member_id, "now": now, "over": sorted(status.value for status in OVER)}
    row = cursor(tx).execute(_COUNTS, values).fetchone()
    assert row is not None
    lots, orders, open_orders, sessions = row
    figures = Figures(found.available, found.pending, found.held, found.debt)
    level, household = level_of(tx, member_id), household_of(tx, member_id)
    return Side(member, figures, lots, orders, open_orders, sessions, level, household)
