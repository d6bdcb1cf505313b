"""Check-ins as staff rule them: make-up cards' price and use, cards given, and days that break no streak."""

from __future__ import annotations

from datetime import date
from typing import Any

from marshmallow import fields

from admin.acting import acting
from mall.db import Login
from mall.errors import NotFound
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Flag, Instant, Points, StrictSchema, Text, Whole
from mall.http.pagination import PageQuery, list_schema, page_in_memory
from mall.http.principals import staff
from points.checkin.cards import give_cards
from points.checkin.days_off import add_day_off, days_off, remove_day_off
from points.checkin.policy import change_settings
from points.checkin.records import settings_of

blp = api_blueprint("admin-check-ins", __name__, description="Make-up cards and days that break no streak")
READERS = staff("rules", "auditor")
EDITORS = staff("rules")
MOST_AT_ONCE = 10


class CheckInSettingsSchema(StrictSchema):
    """``card_price_points`` null: none are sold. ``card_every_days`` null: none are earned. A day can be made up for
    on the ``repair_days`` days after it; it pays itself only where ``repaired_day_pays``."""

    card_price_points = Points(1, 1_000_000, allow_none=True)
    repair_days = Whole(1, 31)
    most_cards = Whole(1, 31)
    card_every_days = Whole(1, 1000, allow_none=True)
    repaired_day_pays = Flag()


class NewCardsSchema(StrictSchema):
    """Cards for a member, and why."""

    count = Whole(1, MOST_AT_ONCE, required=True)
    reason = Text(1, 500, required=True, lines=True)


class GivenCardsSchema(StrictSchema):
    """Ids of the cards given."""

    cards = fields.List(fields.String(), required=True)


class NewDayOffSchema(StrictSchema):
    """A day of the mall's zone on which a missing check-in breaks no streak, and why."""

    date = fields.Date(required=True)
    reason = Text(1, 200, required=True)


class DayOffSchema(StrictSchema):
    """A day listed."""

    date = fields.Date(required=True, attribute="day")
    reason = fields.String(required=True)
    added_by = fields.String(required=True)
    added_at = Instant(required=True)


@endpoint(
    blp, "GET", "/admin/check-in-settings", auth=READERS, login=Login.BACKOFFICE, response=CheckInSettingsSchema
)  # fmt: skip
def get_check_in_settings(call: Call) -> Any:
    return settings_of(call.tx)


@endpoint(
    blp, "PATCH", "/admin/check-in-settings", auth=EDITORS, login=Login.BACKOFFICE, body=CheckInSettingsSchema,
    response=CheckInSettingsSchema,
)  # fmt: skip
def patch_check_in_settings(call: Call, body: dict[str, Any]) -> Any:
    return change_settings(call.tx, body, acting(call))


@endpoint(
    blp, "POST", "/admin/members/<member_id>/make-up-cards", auth=EDITORS, login=Login.BACKOFFICE,
    body=NewCardsSchema, response=GivenCardsSchema, status=201, idempotency="required",
)  # fmt: skip
def post_cards(call: Call, body: dict[str, Any], member_id: str) -> dict[str, Any]:
    """Give a member make-up cards."""
    given = give_cards(call.tx, member_id, body["count"], body["reason"], acting(call))
    return {"cards": [card.id for card in given]}


@endpoint(
    blp, "GET", "/admin/days-off", auth=READERS, login=Login.BACKOFFICE, query=PageQuery,
    response=list_schema(DayOffSchema),
)  # fmt: skip
def list_days_off(call: Call) -> dict[str, Any]:
    return page_in_memory(list(days_off(call.tx)), call.query, lambda row: row.day.isoformat())


@endpoint(
    blp, "POST", "/admin/days-off", auth=EDITORS, login=Login.BACKOFFICE, body=NewDayOffSchema, response=DayOffSchema,
    status=201, errors=("day_off_exists",),
)  # fmt: skip
def post_day_off(call: Call, body: dict[str, Any]) -> Any:
    """List a day, up to 31 days back: streaks that it had broken go on."""
    return add_day_off(call.tx, body["date"], body["reason"], acting(call))


@endpoint(
    blp, "DELETE", "/admin/days-off/<day>", auth=EDITORS, login=Login.BACKOFFICE, status=204, errors=("day_is_past",)
)  # fmt: skip
def delete_day_off(call: Call, day: str) -> None:
    """Take a day off the list, today at the latest."""
    remove_day_off(call.tx, read_day(day), acting(call))


def read_day(text: str) -> date:
    """A day in a path. Raises NotFound for what is none."""
    try:
        return date.fromisoformat(text) if len(text) == 10 else _none()
    except ValueError:
        return _none()


def _none() -> date:
    raise NotFound()
