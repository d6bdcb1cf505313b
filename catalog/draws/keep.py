"""Keeping draws: staff announce them and change what is not open yet. The seed is seen by nobody until it is drawn."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.draws.fair import commitment_of
from catalog.draws.guard import refuse_if_open
from catalog.draws.models import Draw, DrawSeed
from catalog.draws.states import CLAIM_DAYS, PICKUP
from catalog.gifts.edit import get_gift
from catalog.gifts.models import Gift, GiftVariant
from catalog.gifts.windows import GiftStatus
from mall import audit
from mall.crypto import keyring
from mall.db import must_get
from mall.errors import Conflict, Invalid
from mall.ids import new_id

SEED_PURPOSE = "draw-seed"
SEED_BYTES = 32
LONGEST = timedelta(days=366)


def create_draw(
    tx: Session, gift_id: str, fields: dict[str, Any], actor: str, now: datetime, request_id: str | None = None
) -> Draw:
    """Announce the draw of a gift. ``fields``: ``closes_at``, ``winners``, ``losers``; ``opens_at``
    unless now, ``handover`` and ``claim_days`` unless as usual.

    From here on the gift can be entered for while the draw is open, and its seed is promised. Raises NotFound, Conflict
    ``not_a_draw``, ``draw_exists`` or ``draw_with_variants``, Invalid for times in the wrong order.
    """
    gift = get_gift(tx, gift_id, lock=True)
    if gift.kind != "draw":
        raise Conflict("not_a_draw")
    if tx.execute(select(Draw.id).where(Draw.gift_id == gift_id)).first() is not None:
        raise Conflict("draw_exists")
    if tx.execute(select(GiftVariant.id).where(GiftVariant.gift_id == gift_id).limit(1)).first() is not None:
        raise Conflict("draw_with_variants")
    draw_id, seed = new_id("drw"), secrets.token_hex(SEED_BYTES)
    draw = Draw(
        id=draw_id,
        gift_id=gift_id,
        opens_at=max(now, fields.get("opens_at") or now),
        closes_at=fields["closes_at"],
        winners=fields["winners"],
        losers=fields["losers"],
        handover=fields.get("handover", PICKUP),
        claim_days=fields.get("claim_days", CLAIM_DAYS),
        commitment=commitment_of(draw_id, seed),
        created_at=now,
    )
    _apply(gift, draw, now)
    tx.add(draw)
    tx.flush()
    tx.add(DrawSeed(draw_id=draw_id, seed_box=keyring().encrypt(SEED_PURPOSE, seed.encode())))
    tx.flush()
    audit.record(tx, actor, "draw.announced", f"gift:{gift_id}", _told(draw), now, request_id)
    return draw


def change_draw(
    tx: Session, draw_id: str, changes: dict[str, Any], actor: str, now: datetime, request_id: str | None = None
) -> Draw:
    """Change the terms of a draw that is not open yet. Raises NotFound, Conflict ``draw_open``, Invalid."""
    found = find_draw(tx, draw_id)
    # The gift before its draw, as when announcing.
    gift = get_gift(tx, found.gift_id, lock=True)
    draw = tx.execute(
        select(Draw).where(Draw.id == draw_id).with_for_update().execution_options(populate_existing=True)
    ).scalar_one()
    refuse_if_open(draw, now)
    before = _told(draw)
    for name, value in changes.items():
        setattr(draw, name, value)
    draw.opens_at = max(now, draw.opens_at)
    _apply(gift, draw, now)
    tx.flush()
    detail = {"before": before, "after": _told(draw)}
    audit.record(tx, actor, "draw.changed", f"gift:{draw.gift_id}", detail, now, request_id)
    return draw


def find_draw(tx: Session, draw_id: str) -> Draw:
    """A draw as staff see it. Raises NotFound."""
    return must_get(tx, Draw, draw_id)


def draw_of_gift(tx: Session, gift_id: str) -> Draw | None:
    """The draw of a gift, if one is announced."""
    return tx.execute(select(Draw).where(Draw.gift_id == gift_id)).scalar_one_or_none()


def gifts_to_draw(tx: Session) -> list[Gift]:
    """Gifts of the kind draw that have none yet, the newest first."""
    announced = select(Draw.id).where(Draw.gift_id == Gift.id).exists()
    waiting = select(Gift).where(Gift.kind == "draw", Gift.status != GiftStatus.ARCHIVED.value, ~announced)
    return list(tx.scalars(waiting.order_by(Gift.id.desc()).limit(100)))


def _apply(gift: Gift, draw: Draw, now: datetime) -> None:
    """Check the times and make them those of the gift's sale. Raises Invalid."""
    if draw.closes_at <= draw.opens_at:
        raise Invalid({"closes_at": [_("Must be after the opening.")]})
    if draw.closes_at - draw.opens_at > LONGEST:
        raise Invalid({"closes_at": [_("A draw is open for a year at most.")]})
    gift.on_sale_from, gift.on_sale_until, gift.updated_at = draw.opens_at, draw.closes_at, now


def _told(draw: Draw) -> dict[str, Any]:
    return {
        "draw": draw.id,
        "opens_at": draw.opens_at.isoformat(),
        "closes_at": draw.closes_at.isoformat(),
        "winners": draw.winners,
        "losers": draw.losers,
        "handover": draw.handover,
        "claim_days": draw.claim_days,
        "commitment": draw.commitment,
    }
