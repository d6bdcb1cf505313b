"""What staff may change of a gift that is drawn: what was announced stands."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.draws.models import Draw
from catalog.gifts.models import Gift
from mall.errors import Conflict, Invalid

ANNOUNCED = ("points", "limits", "min_level")


def check_gift_change(tx: Session, gift: Gift, fields: Mapping[str, Any], now: datetime) -> None:
    """Raise Invalid for dates of sale (the draw has its own), Conflict ``draw_open`` for terms once it is open."""
    for name in ("on_sale_from", "on_sale_until"):
        if name in fields and fields[name] != getattr(gift, name):
            raise Invalid({name: [_("The draw says when it is open.")]})
    if all(name not in fields or fields[name] == getattr(gift, name) for name in ANNOUNCED):
        return
    with tx.no_autoflush:
        refuse_if_open(tx.execute(select(Draw).where(Draw.gift_id == gift.id)).scalar_one_or_none(), now)


def refuse_if_open(draw: Draw | None, now: datetime) -> None:
    """Raise Conflict ``draw_open`` when members may have entered already."""
    if draw is not None and draw.opens_at <= now:
        raise Conflict("draw_open")
