"""The order in which gifts, categories, tags and causes stand: a part of it put anew in one step."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.causes.models import Cause
from catalog.gifts.models import Category, Gift, Tag
from mall import audit
from mall.errors import Conflict, Invalid, NotFound

MOST_ARRANGED = 200
ARRANGED: dict[str, tuple[Any, bool]] = {
    "gift": (Gift, True), "category": (Category, False), "tag": (Tag, False), "cause": (Cause, False),
}  # fmt: skip
"""What has an order of its own, and whether the highest place comes first."""


def arrange(
    tx: Session, kind: str, seen: Sequence[str], wanted: Sequence[str], actor: str, now: datetime, request_id: str
) -> None:
    """Put things that stood as ``seen`` in the order ``wanted``: the places they have between them are dealt anew.

    Raises NotFound for a kind without an order or a thing that is not there, Invalid when ``wanted`` are not the same
    things, Conflict ``places_changed`` when they no longer stand as ``seen``.
    """
    if kind not in ARRANGED:
        raise NotFound()
    if sorted(seen) != sorted(wanted) or len(set(seen)) < len(seen) or not 0 < len(seen) <= MOST_ARRANGED:
        raise Invalid({"ids": [_("Name the same things in another order.")]})
    model, descending = ARRANGED[kind]
    rows = {
        row.id: row for row in tx.scalars(select(model).where(model.id.in_(seen)).order_by(model.id).with_for_update())
    }
    if len(rows) < len(seen):
        raise NotFound()
    standing = sorted(rows.values(), key=lambda row: (row.position, row.id), reverse=descending)
    if [row.id for row in standing] != list(seen):
        raise Conflict("places_changed")
    for row_id, place in zip(wanted, _dealt([row.position for row in standing], descending), strict=True):
        rows[row_id].position = place
    tx.flush()
    audit.record(tx, actor, f"{kind}.arranged", f"{kind}:order", {"order": list(wanted)}, now, request_id)


def _dealt(places: list[int], descending: bool) -> list[int]:
    """The same places, no two alike: things on one place would stand by their ids."""
    found: list[int] = []
    for place in places:
        if found and (place >= found[-1] if descending else place <= found[-1]):
            place = found[-1] - 1 if descending else found[-1] + 1
        found.append(place)
    return found
