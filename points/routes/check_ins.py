"""A member's calendar of check-ins, make-up cards and reminder over the API."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from marshmallow import ValidationError, fields

from mall.db import Login
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import StrictSchema, Text, Whole
from mall.http.principals import MEMBER
from mall.identity.step_up import require_full
from mall.ids import new_id
from points.checkin.calendar import Calendar, calendar
from points.checkin.cards import buy_card, unused_cards
from points.checkin.months import read_month
from points.checkin.reminders import forget_reminder, remind_at
from points.checkin.repair import repair
from points.viewer import require_active

blp = api_blueprint("check-ins", __name__, description="A member's calendar of check-ins, and make-up cards")


def _is_month(text: str) -> None:
    if read_month(text) is None:
        raise ValidationError(_("Must be a month, as 2026-11."))


class MonthQuery(StrictSchema):
    """A month, this one by default."""

    month = Text(7, 7, validate=_is_month, metadata={"pattern": "^[0-9]{4}-(0[1-9]|1[0-2])$"})


class MonthDaySchema(StrictSchema):
    """A day: done, repaired, frozen (breaks no streak), missed, before (joining), today or upcoming."""

    date = fields.Date(required=True)
    state = fields.String(required=True)
    points = fields.Integer(required=True)
    streak = fields.Integer(required=True)
    repairable = fields.Boolean(required=True)


class GoalSchema(StrictSchema):
    """A streak that pays more than an ordinary day; ``card``: and earns a make-up card."""

    streak = fields.Integer(required=True)
    days_left = fields.Integer(required=True)
    points = fields.Integer(required=True)
    card = fields.Boolean(required=True)


class CardsSchema(StrictSchema):
    """Make-up cards: how many are unused, what one costs (null: not sold), and what holds of them."""

    unused = fields.Integer(required=True)
    price_points = fields.Integer(required=True, allow_none=True)
    most = fields.Integer(required=True)
    repair_days = fields.Integer(required=True)
    earned_every_days = fields.Integer(required=True, allow_none=True)


class CalendarSchema(StrictSchema):
    """A month of check-ins and where the streak stands; days belong to the mall's zone."""

    month = fields.String(required=True)
    today = fields.Date(required=True)
    streak = fields.Integer(required=True)
    checked_in = fields.Boolean(required=True)
    today_points = fields.Integer(required=True)
    days = fields.List(fields.Nested(MonthDaySchema), required=True)
    goals = fields.List(fields.Nested(GoalSchema), required=True)
    cards = fields.Nested(CardsSchema, required=True)
    reminder_hour = fields.Integer(required=True, allow_none=True)


class RepairSchema(StrictSchema):
    """A missed day to be made up for."""

    date = fields.Date(required=True)


class RepairedSchema(StrictSchema):
    """A day made up for: the streak, points that longer streaks paid, cards earned by them and cards left."""

    date = fields.Date(required=True)
    streak = fields.Integer(required=True)
    points = fields.Integer(required=True)
    cards_earned = fields.Integer(required=True)
    cards_left = fields.Integer(required=True)


class BoughtCardSchema(StrictSchema):
    """A make-up card bought, and how many are unused now."""

    id = fields.String(required=True)
    price_points = fields.Integer(required=True)
    cards = fields.Integer(required=True)


class ReminderSchema(StrictSchema):
    """The hour of the mall's zone at which to be reminded on days without a check-in."""

    hour = Whole(0, 23, required=True)


@endpoint(
    blp, "GET", "/me/check-ins", auth=MEMBER, login=Login.EARNING, query=MonthQuery, response=CalendarSchema
)  # fmt: skip
def get_check_ins(call: Call) -> dict[str, Any]:
    month = call.query.get("month")
    first = read_month(month) if month is not None else None
    return calendar_wire(calendar(call.tx, call.member.member_id, first, call.now))


def calendar_wire(shown: Calendar) -> dict[str, Any]:
    """A calendar in wire form."""
    settings = shown.settings
    return {
        "month": f"{shown.first:%Y-%m}",
        "today": shown.today,
        "streak": shown.streak,
        "checked_in": shown.checked_in,
        "today_points": shown.today_points,
        "days": shown.days,
        "goals": shown.goals,
        "cards": {
            "unused": shown.cards,
            "price_points": settings.card_price_points,
            "most": settings.most_cards,
            "repair_days": settings.repair_days,
            "earned_every_days": settings.card_every_days,
        },
        "reminder_hour": shown.reminder_hour,
    }


@endpoint(
    blp, "POST", "/me/check-ins/repairs", auth=MEMBER, login=Login.EARNING, body=RepairSchema,
    response=RepairedSchema, status=201, idempotency="required",
    errors=("day_checked_in", "day_not_repairable", "no_make_up_card"),
)  # fmt: skip
def post_repair(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """Use the oldest make-up card for a missed day."""
    require_active(call.member)
    member_id = call.member.member_id
    done = repair(call.tx, member_id, body["date"], call.now)
    return {
        "date": done.day,
        "streak": done.streak,
        "points": done.points,
        "cards_earned": done.cards,
        "cards_left": unused_cards(call.tx, member_id),
    }


@endpoint(
    blp, "POST", "/me/make-up-cards", auth=MEMBER, login=Login.EARNING, response=BoughtCardSchema, status=201,
    idempotency="required", errors=("cards_not_sold", "too_many_cards", "in_debt", "insufficient_points"),
)  # fmt: skip
def post_make_up_card(call: Call) -> dict[str, Any]:
    """Buy a make-up card with points."""
    require_full(call.member)
    require_active(call.member)
    card = buy_card(call.tx, call.member.member_id, new_id("muc"), call.now)
    return {"id": card.id, "price_points": card.price_points, "cards": unused_cards(call.tx, card.member_id)}


@endpoint(blp, "PUT", "/me/check-in-reminder", auth=MEMBER, login=Login.EARNING, body=ReminderSchema, status=204)
def put_reminder(call: Call, body: dict[str, Any]) -> None:
    remind_at(call.tx, call.member.member_id, body["hour"], call.now)


@endpoint(blp, "DELETE", "/me/check-in-reminder", auth=MEMBER, login=Login.EARNING, status=204)
def delete_reminder(call: Call) -> None:
    forget_reminder(call.tx, call.member.member_id)
