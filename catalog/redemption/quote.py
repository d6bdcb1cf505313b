"""What an order would cost, and every reason why it would be refused. Changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from catalog.payment.configured import can_be_paid
from catalog.queue.turn import queue_refusals
from catalog.redemption.eligibility import (
    Refusal,
    cash_refusals,
    limit_refusals,
    most_possible,
    purse_refusals,
    shop_refusals,
)
from catalog.redemption.place import OrderRequest
from catalog.redemption.pricing import MAX_QUANTITY, order_cash, order_points
from catalog.redemption.terms import read_terms
from catalog.redemption.usage import used_within
from catalog.rules.judge import Asked
from catalog.rules.weigh import counted, standing_refusals
from mall.http.principals import MemberPrincipal
from points.earning.book_events import mall_zone
from points.ledger.queries import balance
from points.standing.levels import level_of


@dataclass(frozen=True, slots=True)
class Quote:
    """A price in points with the reasons against it, in the order in which an order would give them."""

    gift_id: str
    variant_id: str | None
    quantity: int
    unit_points: int
    points: int
    available: int
    debt: int
    max_quantity: int
    refusals: list[Refusal]
    cash_cents: int | None = None
    cash_currency: str | None = None

    @property
    def points_after(self) -> int:
        """What would be left; less than nothing when points are missing."""
        return self.available - self.debt - self.points

    @property
    def missing_points(self) -> int:
        """Points still to be earned for this order."""
        return max(0, -self.points_after)


def quote(tx: Session, member: MemberPrincipal, asked: OrderRequest, now: datetime) -> Quote:
    """Price an order. Raises NotFound and Invalid as placing it would, but for a missing address."""
    terms = read_terms(tx, asked.gift_id, asked.variant_id, asked.pickup_point_id, now)
    terms.check_quantity(asked.quantity)
    level = level_of(tx, member.member_id)
    figures = balance(tx, member.member_id, now, expiring=False)
    used = used_within(tx, [member.member_id], terms.gift_id, terms.limits, now, mall_zone())[member.member_id]
    points = order_points(terms.points, asked.quantity)
    refusals = [Refusal("forbidden")] if member.suspended else []
    refusals += cash_refusals(can_be_paid(terms.cash_cents, terms.cash_currency))
    refusals += shop_refusals(terms.window, terms.min_level, terms.on_hand, asked.quantity, level, now)
    refusals += queue_refusals(tx, terms.queue_id, member.member_id, asked.quantity, now)
    weighed = Asked(asked.quantity, terms.points)
    refusals += standing_refusals(tx, terms.rules, member.member_id, weighed, now)
    refusals += limit_refusals(terms.limits, used, asked.quantity)
    ruled = counted(tx, terms.rules, member.member_id, weighed, now)
    refusals += ruled.refusals
    refusals += purse_refusals(points, figures.available, figures.debt)
    single = terms.kind == "draw" or terms.queue_id is not None
    most = 1 if single else MAX_QUANTITY if ruled.most is None else min(MAX_QUANTITY, ruled.most)
    most = most_possible(terms.limits, used, terms.on_hand, most)
    return Quote(
        terms.gift_id, asked.variant_id, asked.quantity, terms.points, points, figures.available, figures.debt, most,
        refusals, order_cash(terms.cash_cents, asked.quantity), terms.cash_currency,
    )  # fmt: skip
