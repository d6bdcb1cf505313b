"""Shapes of the back office's API for pickup points and their opening hours."""

from __future__ import annotations

import typing

import marshmallow as ma
from flask_babel import lazy_gettext as _l
from marshmallow import fields

from admin.routes.catalog_schemas import CODE_PATTERN, Wording
from catalog.fulfilment.hours import (
    DAYS,
    MOST_EXCEPTIONS,
    MOST_SPANS,
    Opening,
    opening_of,
    read_spans,
    spans_text,
    stored_form,
)
from catalog.routes.schemas import ID_MOST
from mall.http.fields import Flag, StrictSchema, Text

SPAN = r"([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)"


class Spans(fields.List):
    """When a point is open on a day: ``["09:00-12:00", "13:00-18:00"]``, none: closed. Loads as ``hours.Day``."""

    default_error_messages: typing.ClassVar = {
        "spans": _l("Each span must end after it begins, and no two may overlap."),
    }

    def __init__(self, **kwargs: typing.Any) -> None:
        super().__init__(Text(11, 11, pattern=SPAN), validate=ma.validate.Length(max=MOST_SPANS), **kwargs)

    def _deserialize(self, value: typing.Any, attr: str | None, data: typing.Any, **kwargs: typing.Any) -> typing.Any:
        day = read_spans(super()._deserialize(value, attr, data, **kwargs))
        if day is None:
            raise self.make_error("spans")
        return day

    def _serialize(self, value: typing.Any, attr: str | None, obj: typing.Any, **kwargs: typing.Any) -> typing.Any:
        return spans_text(value)


class DifferingDaySchema(StrictSchema):
    """A day that differs from the week."""

    date = fields.Date(required=True)
    hours = Spans(required=True)


class OpeningSchema(StrictSchema):
    """Opening hours; a weekday that is left out is closed, ``exceptions`` are days that differ."""

    mon = Spans()
    tue = Spans()
    wed = Spans()
    thu = Spans()
    fri = Spans()
    sat = Spans()
    sun = Spans()
    exceptions = fields.List(fields.Nested(DifferingDaySchema), validate=ma.validate.Length(max=MOST_EXCEPTIONS))


def opening_in(body: dict[str, typing.Any]) -> dict[str, typing.Any]:
    """Opening hours of a request as they are stored."""
    week = tuple(body.get(day, ()) for day in DAYS)
    return stored_form(Opening(week, {one["date"]: one["hours"] for one in body.get("exceptions", ())}))


def opening_out(stored: dict[str, typing.Any] | None) -> dict[str, typing.Any] | None:
    """Stored opening hours as ``OpeningSchema`` writes them."""
    opening = opening_of(stored)
    if opening is None:
        return None
    differing = [{"date": day, "hours": spans} for day, spans in sorted(opening.differing.items())]
    return {**dict(zip(DAYS, opening.week, strict=True)), "exceptions": differing}


class PointChangeSchema(StrictSchema):
    """Changes of a pickup point. ``hours``: free words, shown where there is no ``opening``."""

    name = Wording(1, 80)
    address = Wording(1, 200)
    hours = Wording(0, 200)
    opening = fields.Nested(OpeningSchema, allow_none=True)
    phone = Text(1, 40, allow_none=True)
    code = Text(1, ID_MOST, pattern=CODE_PATTERN)
    is_default = Flag()
    active = Flag()


class NewPointSchema(StrictSchema):
    """A new pickup point."""

    name = Wording(1, 80, required=True)
    address = Wording(1, 200, required=True)
    hours = Wording(0, 200)
    opening = fields.Nested(OpeningSchema)
    phone = Text(1, 40)
    code = Text(1, ID_MOST, pattern=CODE_PATTERN)
    is_default = Flag()


class AdminPointSchema(StrictSchema):
    """A pickup point in all languages."""

    id = fields.String(required=True)
    code = fields.String(required=True, allow_none=True)
    name = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    address = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    hours = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    opening = fields.Nested(OpeningSchema, required=True, allow_none=True)
    phone = fields.String(required=True, allow_none=True)
    is_default = fields.Boolean(required=True)
    active = fields.Boolean(required=True)
