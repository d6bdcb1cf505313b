"""What a gift offers at this moment, read in one statement: the first look of every order and quote."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from catalog.draws.states import PICKUP
from catalog.gifts.limits import Limit, limits_of
from catalog.gifts.windows import COLLECTED_KINDS, Window, is_visible
from catalog.rules.judge import Rule, rule_of
from mall.db import cursor
from mall.errors import Invalid, NotFound

_TERMS = """SELECT g.kind, g.status, g.visible_from, g.on_sale_from, g.on_sale_until, g.name, g.pictures[1],
  coalesce(v.points, g.points), g.limits, g.min_level, g.needs_preparation, g.needs_approval, coalesce(s.on_hand, 0),
  v.id, v.name, v.id IS NULL AND EXISTS (SELECT 1 FROM gift_variants WHERE gift_id = g.id AND active),
  p.id, p.name, p.address, p.hours, p.phone, p.opening, g.top_up,
  (SELECT approval_above_points FROM redemption_policy), g.cause_id, g.cash_cents, g.cash_currency,
  w.id,
  s.queue_id,
  (SELECT jsonb_agg(to_jsonb(r) || jsonb_build_object('filter', t.filter) ORDER BY r.id) FROM redemption_rules AS r
   LEFT JOIN segments AS t ON t.id = r.segment_id
   WHERE r.active AND coalesce(r.gift_id, g.id) = g.id
   AND (r.category_id IS NULL OR r.category_id = g.category_id)), w.handover
 FROM gifts AS g
 LEFT JOIN gift_variants AS v ON v.id = %(variant)s AND v.gift_id = g.id AND v.active
 LEFT JOIN stock_items AS s ON s.item_id = coalesce(%(variant)s, g.id)
 LEFT JOIN draws AS w ON g.kind = 'draw' AND w.gift_id = g.id
 LEFT JOIN pickup_points AS p ON g.kind = ANY(%(collected)s) AND p.active
  AND (w.handover IS NULL OR w.handover = 'pickup')
  AND CASE WHEN %(point)s::text IS NULL THEN p.is_default ELSE p.id = %(point)s END
 WHERE g.id = %(gift)s"""


@dataclass(frozen=True, slots=True)
class Point:
    """A pickup point as an order shows it."""

    id: str
    name: dict[str, str]
    address: dict[str, str]
    hours: dict[str, str]
    phone: str | None
    opening: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Terms:
    """A visible gift, or a variant of one, as it can be ordered now. ``points``: of one piece."""

    gift_id: str
    item_id: str
    window: Window
    name: dict[str, str]
    variant_name: dict[str, str] | None
    picture: str | None
    points: int
    limits: tuple[Limit, ...]
    min_level: int | None
    needs_preparation: bool
    needs_approval: bool
    on_hand: int
    point: Point | None
    top_up: dict[str, str] | None = None
    approval_above_points: int | None = None
    """The owner's threshold for every gift, None: there is none."""
    cause_id: str | None = None
    cash_cents: int | None = None
    cash_currency: str | None = None
    draw_id: str | None = None
    queue_id: str | None = None
    """The waiting room whose turns alone take pieces now."""
    rules: tuple[Rule, ...] = ()
    """The redemption rules that are in force for it."""

    def must_be_approved(self, order_points: int) -> bool:
        """Whether staff confirm an order of ``order_points`` first."""
        above = self.approval_above_points
        return self.needs_approval or (above is not None and order_points > above)

    def check_quantity(self, quantity: int) -> None:
        """Raise Invalid for more than one entry at a time: each has a lot of its own."""
        if self.kind == "draw" and quantity != 1:
            raise Invalid({"quantity": [_("A draw is entered once at a time.")]})

    @property
    def kind(self) -> str:
        return self.window.kind


def _unknown(field: str) -> NotFound:
    return NotFound(errors={field: [_("Not found.")]})


def read_terms(tx: Session, gift_id: str, variant_id: str | None, pickup_point_id: str | None, now: datetime) -> Terms:
    """The terms of a gift.

    Raises NotFound, naming the field, for a gift, variant or pickup point that is unknown or not shown, Invalid
    when the gift has variants and none is named, or a pickup point is named for another kind of gift.
    """
    asked = {
        "gift": gift_id, "variant": variant_id, "point": pickup_point_id, "collected": sorted(COLLECTED_KINDS),
    }  # fmt: skip
    row = cursor(tx).execute(_TERMS, asked).fetchone()
    if row is None:
        raise _unknown("gift")
    window = Window(*(*row[:5], row[0] != "virtual" or row[22] is not None))
    name, picture, points, limits, min_level, preparation, approval, on_hand = row[5:13]
    found_variant, variant_name, variant_missing = row[13:16]
    point = None if row[16] is None else Point(*row[16:22])
    if not is_visible(window, now):
        raise _unknown("gift")
    if variant_id is not None and found_variant is None:
        raise _unknown("variant")
    if variant_missing:
        raise Invalid({"variant": [_("Please choose one.")]})
    later = row[30] not in (None, PICKUP)  # whoever wins says then how the prize is to come
    if pickup_point_id is not None and (window.kind not in COLLECTED_KINDS or later):
        raise Invalid({"pickup_point": [_("This gift is not collected at a pickup point.")]})
    if pickup_point_id is not None and point is None:
        raise _unknown("pickup_point")
    rest = (*row[23:29], tuple(rule_of(stored) for stored in row[29] or ()))
    return Terms(
        gift_id, found_variant or gift_id, window, name, variant_name, picture, points, limits_of(limits), min_level,
        preparation, approval, on_hand, point, row[22] if window.kind == "virtual" else None, *rest,
    )  # fmt: skip
