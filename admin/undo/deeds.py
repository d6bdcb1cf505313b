"""How each deed is taken back: by the use case that did it, with the values of before, unless somebody else has changed
them meanwhile. A deed that is safe to undo is named in ``DEEDS``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from admin.undo.fields import bring_heading_back, take_fields_back
from catalog.gifts.edit import change_gift, get_gift
from catalog.gifts.models import Gift
from catalog.gifts.places import arrange
from catalog.gifts.variants import change_variant, variants_of
from catalog.notices.for_staff import open_again
from catalog.stock.change import change_stock
from mall.errors import Conflict, MallError
from points.earning.versions import By

GIFT_FIELDS = ("status", "points", "category_id", "tag_ids")


def gift_values(tx: Session, gift: Gift) -> dict[str, Any]:
    """What an edit in the list, or of many at once, can change of a gift."""
    own = {one.id: one.points for one in variants_of(tx, gift.id) if one.points is not None}
    return {**{name: getattr(gift, name) for name in GIFT_FIELDS}, "variants": own}


def gifts_before(tx: Session, before: Mapping[str, dict[str, Any]], changed: Sequence[str]) -> dict[str, Any]:
    """The detail of a change of gifts: what differs now from ``before``, and as of when."""
    kept = []
    for gift_id in changed:
        gift = get_gift(tx, gift_id)
        now = gift_values(tx, gift)
        fields = {name: before[gift_id][name] for name in GIFT_FIELDS if before[gift_id][name] != now[name]}
        variants = {
            key: points for key, points in before[gift_id]["variants"].items() if now["variants"][key] != points
        }
        kept.append({"id": gift_id, "seen": gift.updated_at.isoformat(), "fields": fields, "variants": variants})
    return {"gifts": kept}


def _gifts(tx: Session, detail: dict[str, Any], by: By) -> tuple[int, int]:
    done = 0
    for one in detail["gifts"]:
        point = tx.begin_nested()
        try:
            with point:
                _gift(tx, one, by)
        except MallError:
            continue
        done += 1
    return done, len(detail["gifts"]) - done


def _gift(tx: Session, one: dict[str, Any], by: By) -> None:
    who = (by.name, by.now, by.request_id)
    change_gift(tx, one["id"], one["fields"], *who, seen=datetime.fromisoformat(one["seen"]))
    for variant, points in one["variants"].items():
        change_variant(tx, one["id"], variant, {"points": points}, *who)
    if one.get("pieces"):
        change_stock(tx, one["id"], None, -one["pieces"], _("Undone"), by.name, by.now, request_id=by.request_id)


def _places(tx: Session, detail: dict[str, Any], by: By) -> tuple[int, int]:
    try:
        arrange(tx, detail["kind"], detail["now"], detail["before"], by.name, by.now, by.request_id or "")
    except Conflict:
        return 0, 1
    return 1, 0


def _notice(tx: Session, detail: dict[str, Any], by: By) -> tuple[int, int]:
    reopened = open_again(tx, detail["notice"], by.name, by.now, by.request_id or "")
    return (1, 0) if reopened else (0, 1)


DEEDS: dict[str, Callable[[Session, dict[str, Any], By], tuple[int, int]]] = {
    "gifts": _gifts,
    "places": _places,
    "notice": _notice,
    "fields": take_fields_back,
    "heading": bring_heading_back,
}
"""What takes a deed back; it says of how many things, and how many somebody else has changed meanwhile."""
