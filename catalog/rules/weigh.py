"""Putting the rules in force to a member's order: reading what they ask about, and counting under locks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from catalog.redemption.eligibility import Refusal
from catalog.redemption.models import NOT_COUNTED_SQL
from catalog.rules.judge import HOUSEHOLD, LIMIT, Asked, Facts, Rule, judge, judge_limit, room
from catalog.rules.windows import window_start
from mall.clock import local_date
from mall.db import cursor
from points.earning.book_events import mall_zone
from points.households.keep import household_of, housemates, lock_household
from points.segments.filters import TipBounds, Who
from points.segments.tip_record import tips_meet
from points.standing.levels import level_of

_FACTS = """SELECT m.created_at, coalesce(s.public_points, 0), h.tag,
  %(debts)s AND EXISTS (SELECT 1 FROM ledger.wallets w WHERE w.member_id = m.id AND w.debt > 0),
  %(debts)s AND EXISTS (SELECT 1 FROM member_households o JOIN ledger.wallets w ON w.member_id = o.member_id
   WHERE o.tag = h.tag AND w.debt > 0)
 FROM members m LEFT JOIN standings s ON s.member_id = m.id LEFT JOIN member_households h ON h.member_id = m.id
 WHERE m.id = %(member)s"""
_UNITS = {"quantity": "o.quantity - o.refunded_quantity", "points": "o.points - o.refunded_points"}
_USED = f"""SELECT coalesce(sum({{}}), 0)::int8 FROM orders AS o WHERE o.member_id = ANY(%(members)s)
 AND o.status NOT IN {NOT_COUNTED_SQL} AND (%(start)s::timestamptz IS NULL OR o.placed_at >= %(start)s)
 AND (%(gift)s::text IS NULL OR o.gift_id = %(gift)s)
 AND (%(category)s::text IS NULL OR o.gift_id IN (SELECT id FROM gifts WHERE category_id = %(category)s))
 AND (%(above)s::int8 IS NULL OR o.points > %(above)s * o.quantity)"""
_COUNTS = {unit: _USED.format(what) for unit, what in _UNITS.items()}


@dataclass(frozen=True, slots=True)
class Counted:
    """What limits refuse, and the most pieces that all of them allow (None: no limit says)."""

    refusals: list[Refusal]
    most: int | None


def standing_refusals(tx: Session, rules: Sequence[Rule], member_id: str, asked: Asked, now: datetime) -> list[Refusal]:
    """What rules refuse without counting. No query where no rule needs one."""
    bound = [rule for rule in rules if rule.kind != LIMIT and rule.covers(asked.unit_points)]
    if not bound:
        return []
    facts = None if all(rule.kind == "blackout" for rule in bound) else _facts(tx, bound, member_id, now)

    def meet(bounds: TipBounds) -> bool:
        return tips_meet(tx, member_id, bounds, now)

    found = [judge(rule, facts, meet, now, mall_zone()) for rule in bound]
    return [refusal for refusal in found if refusal is not None]


def counted(
    tx: Session, rules: Sequence[Rule], member_id: str, asked: Asked, now: datetime, *, lock: bool = False
) -> Counted:
    """What limits refuse. Exact with ``lock``, under the lock of the member's wallet: the household is locked too.

    A member in no household counts as one alone.
    """
    bound = [rule for rule in rules if rule.kind == LIMIT and rule.covers(asked.unit_points)]
    if not bound:
        return Counted([], None)
    together = [member_id]
    if any(rule.per_household for rule in bound):
        tag = household_of(tx, member_id)
        if tag is not None and lock:
            lock_household(tx, tag)
        together = [member_id] if tag is None else housemates(tx, tag)
    used = [_used(tx, rule, together if rule.per_household else [member_id], now) for rule in bound]
    zone = mall_zone()
    found = [judge_limit(rule, asked, had, now, zone) for rule, had in zip(bound, used, strict=True)]
    most = min(room(rule, asked, had) for rule, had in zip(bound, used, strict=True))
    return Counted([refusal for refusal in found if refusal is not None], most)


def _facts(tx: Session, rules: Sequence[Rule], member_id: str, now: datetime) -> Facts:
    values = {"member": member_id, "debts": any(rule.kind == "debt" for rule in rules)}
    row = cursor(tx).execute(_FACTS, values).fetchone()
    assert row is not None
    created_at, public_points, household, owes, they_owe = row
    zone = mall_zone()
    joined_on = local_date(created_at, zone)
    days = max(0, (local_date(now, zone) - joined_on).days)
    level = level_of(tx, member_id) if any(rule.asks_level for rule in rules) else 1
    who = Who(level, days, max(0, public_points), joined_on, household)
    return Facts(who, {"member": owes, HOUSEHOLD: owes or they_owe})


def _used(tx: Session, rule: Rule, members: list[str], now: datetime) -> int:
    values = {
        "members": members, "start": window_start(rule.terms["period"], now, mall_zone()), "gift": rule.gift_id,
        "category": rule.category_id, "above": rule.above_points,
    }  # fmt: skip
    row = cursor(tx).execute(_COUNTS[rule.terms["unit"]], values).fetchone()
    assert row is not None
    return int(row[0])
