"""Drops and alerts of low stock, for the back office."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import marshmallow as ma
from flask_babel import lazy_gettext as _l
from marshmallow import fields

from admin.acting import traced
from admin.routes.gifts import EDITORS, READERS
from catalog.drops.keep import change_drop, create_drop, drops_of, find_drop
from catalog.drops.models import Drop
from catalog.gifts.edit import get_gift
from catalog.queue.show import rooms_page
from catalog.routes.schemas import ID_MOST
from catalog.stock.alerts import LowItem, low_items, set_alert
from mall.db import Login
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Flag, Instant, StrictSchema, Text, Whole
from mall.http.ids import checked_id
from mall.http.pagination import PageQuery, list_schema, page_in_memory

blp = api_blueprint("admin-drops", __name__, description="Drops and low stock, for the back office")
MOST_PIECES = 1_000_000
MOST_WAITING = 240
LEAST_TURN, MOST_TURN = 30, 3600
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


class TimeOfDay(ma.fields.String):
    """``"10:00"``, read as minutes since midnight."""

    default_error_messages = {"invalid": _l("Must be a time of day: 10:00.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata={"pattern": r"^([01]\d|2[0-3]):[0-5]\d$"}, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        match = _TIME.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            raise self.make_error("invalid")
        return int(match[1]) * 60 + int(match[2])

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else f"{value // 60:02}:{value % 60:02}"


class Day(ma.fields.Date):
    """A day: ``2026-12-01``."""

    default_error_messages = {"invalid": _l("Must be a day: 2026-12-01.")}

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return value if isinstance(value, str) else super()._serialize(value, attr, obj, **kwargs)  # kept as text

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> date:
        if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
            raise self.make_error("invalid")
        try:
            return date.fromisoformat(value)
        except ValueError as error:
            raise self.make_error("invalid") from error


class DropChangeSchema(StrictSchema):
    """Changes of a drop. ``weekdays``: 1 is Monday, none means every day. ``reserve_seen``: what the reserve was when
    it was looked at, needed with another ``reserve``: a release may have come meanwhile."""

    pieces = Whole(1, MOST_PIECES)
    at = TimeOfDay(attribute="minute")
    weekdays = fields.List(Whole(1, 7), validate=ma.validate.Length(max=7))
    first_day = Day()
    last_day = Day(allow_none=True)
    withdraws = Flag()
    reserve = Whole(0, MOST_PIECES)
    reserve_seen = Whole(0, MOST_PIECES)
    active = Flag()
    waiting_minutes = Whole(1, MOST_WAITING, allow_none=True)
    turn_seconds = Whole(LEAST_TURN, MOST_TURN)


class NewDropSchema(StrictSchema):
    """A new drop. ``reserve``: pieces there are to release; ``withdraws``: leftovers go back before the next;
    ``waiting_minutes``: a waiting room opens so long before a release (null: none), turns last ``turn_seconds``."""

    variant = Text(1, ID_MOST)
    pieces = Whole(1, MOST_PIECES, required=True)
    at = TimeOfDay(attribute="minute", required=True)
    weekdays = fields.List(Whole(1, 7), validate=ma.validate.Length(max=7), load_default=list)
    first_day = Day(required=True)
    last_day = Day(allow_none=True, load_default=None)
    withdraws = Flag(load_default=False)
    reserve = Whole(0, MOST_PIECES, required=True)
    waiting_minutes = Whole(1, MOST_WAITING, allow_none=True, load_default=None)
    turn_seconds = Whole(LEAST_TURN, MOST_TURN, load_default=180)


class DropSchema(StrictSchema):
    """A drop as it stands."""

    id = fields.String(required=True)
    gift = fields.String(attribute="gift_id", required=True)
    item = fields.String(attribute="item_id", required=True)
    pieces = fields.Integer(required=True)
    at = TimeOfDay(attribute="minute", required=True)
    weekdays = fields.List(fields.Integer(), required=True)
    first_day = Day(required=True)
    last_day = Day(required=True, allow_none=True)
    withdraws = fields.Boolean(required=True)
    reserve = fields.Integer(required=True)
    active = fields.Boolean(required=True)
    waiting_minutes = fields.Integer(required=True, allow_none=True)
    turn_seconds = fields.Integer(required=True)


class TicketCountsSchema(StrictSchema):
    """How many tickets of a waiting room are in each state."""

    waiting = fields.Integer(required=True)
    turn = fields.Integer(required=True)
    used = fields.Integer(required=True)
    lapsed = fields.Integer(required=True)
    left = fields.Integer(required=True)


class RoomSchema(StrictSchema):
    """A waiting room of a drop; ``seed`` (hex) once the order is drawn."""

    id = fields.String(required=True)
    opens_at = Instant(required=True)
    release_at = Instant(required=True)
    drawn_at = Instant(required=True, allow_none=True)
    ended = fields.String(required=True, allow_none=True)
    ended_at = Instant(required=True, allow_none=True)
    tickets = fields.Nested(TicketCountsSchema, required=True)
    seed_sha256 = fields.String(required=True)
    seed = fields.String(required=True, allow_none=True)


class AlertSchema(StrictSchema):
    """Tell staff at ``low_at`` pieces or fewer; null: no longer."""

    variant = Text(1, ID_MOST)
    low_at = Whole(0, MOST_PIECES, required=True, allow_none=True)


class LowItemSchema(StrictSchema):
    """An item that has run low."""

    item_id = fields.String(required=True)
    gift_id = fields.String(required=True)
    gift_name = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    variant_name = fields.Dict(keys=fields.String(), values=fields.String(), required=True, allow_none=True)
    on_hand = fields.Integer(required=True)
    low_at = fields.Integer(required=True)
    low_since = Instant(required=True)


@endpoint(
    blp, "GET", "/admin/gifts/<gift_id>/drops", auth=READERS, login=Login.BACKOFFICE, query=PageQuery,
    response=list_schema(DropSchema),
)  # fmt: skip
def list_drops(call: Call, gift_id: str) -> dict[str, Any]:
    get_gift(call.tx, checked_id(gift_id))
    return page_in_memory(drops_of(call.tx, gift_id), call.query, lambda drop: drop.id)


@endpoint(
    blp, "POST", "/admin/gifts/<gift_id>/drops", auth=EDITORS, login=Login.BACKOFFICE, body=NewDropSchema,
    response=DropSchema, status=201, idempotency="accepted",
    errors=("voucher_stock", "drop_of_draw", "variant_exists", "drop_exists"),
)  # fmt: skip
def post_drop(call: Call, body: dict[str, Any], gift_id: str) -> Drop:
    """So many pieces at a time of day, out of a reserve that cannot be ordered before."""
    variant = body.pop("variant", None)
    return create_drop(call.tx, checked_id(gift_id), variant, body, *traced(call))


@endpoint(
    blp, "PATCH", "/admin/drops/<drop_id>", auth=EDITORS, login=Login.BACKOFFICE, body=DropChangeSchema,
    response=DropSchema, errors=("drop_exists", "drop_released"),
)  # fmt: skip
def patch_drop(call: Call, body: dict[str, Any], drop_id: str) -> Drop:
    return change_drop(call.tx, checked_id(drop_id), body, *traced(call))


@endpoint(
    blp, "GET", "/admin/drops/<drop_id>/queues", auth=READERS, login=Login.BACKOFFICE, query=PageQuery,
    response=list_schema(RoomSchema),
)  # fmt: skip
def list_queues(call: Call, drop_id: str) -> dict[str, Any]:
    """A drop's waiting rooms, the newest first."""
    return rooms_page(
        call.tx, find_drop(call.tx, checked_id(drop_id)).id, call.query["limit"], call.query.get("cursor")
    )


@endpoint(
    blp, "PUT", "/admin/gifts/<gift_id>/stock-alert", auth=EDITORS, login=Login.BACKOFFICE, body=AlertSchema,
    response=AlertSchema, errors=("variant_exists",),
)  # fmt: skip
def put_stock_alert(call: Call, body: dict[str, Any], gift_id: str) -> dict[str, Any]:
    set_alert(call.tx, checked_id(gift_id), body.get("variant"), body["low_at"], *traced(call))
    return body


@endpoint(
    blp, "GET", "/admin/stock/low", auth=READERS, login=Login.BACKOFFICE, query=PageQuery,
    response=list_schema(LowItemSchema),
)  # fmt: skip
def list_low_items(call: Call) -> dict[str, Any]:
    """What has run low, the latest first."""
    return page_in_memory(low_items(call.tx), call.query, _key)


def _key(low: LowItem) -> str:
    return low.item_id
