"""Shapes of quotes: a price, and every reason against it."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, post_dump

from catalog.routes.schemas import MoneySchema
from mall.http.fields import StrictSchema


class RefusalSchema(StrictSchema):
    """A reason why an order would be refused; figures as in the refusal itself."""

    class Meta:
        unknown = "include"

    code = fields.String(required=True)
    text = fields.String(required=True)

    @post_dump(pass_original=True)  # type: ignore[untyped-decorator]
    def with_figures(self, data: dict[str, Any], original: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        """The figures differ by code, so they are not fields."""
        return {**original, **data}


class OutlookSchema(StrictSchema):
    """In about how many days the missing points are there: by daily check-ins, or at the member's pace of late."""

    days = fields.Integer(required=True)
    by = fields.String(required=True, metadata={"enum": ["check_in", "pace"]})


class QuoteSchema(StrictSchema):
    """A price, and every reason against it; none: the order would be taken."""

    gift = fields.String(required=True)
    variant = fields.String(required=True, allow_none=True)
    quantity = fields.Integer(required=True)
    unit_points = fields.Integer(required=True)
    points = fields.Integer(required=True)
    available = fields.Integer(required=True)
    points_after = fields.Integer(required=True)
    missing_points = fields.Integer(required=True)
    outlook = fields.Nested(OutlookSchema, required=True, allow_none=True)
    max_quantity = fields.Integer(required=True)
    cash = fields.Nested(MoneySchema, required=True, allow_none=True)
    refusals = fields.List(fields.Nested(RefusalSchema), required=True)
