"""Shapes of the back office's API for gifts, stock, vouchers, categories and pickup points."""

from __future__ import annotations

import typing

import marshmallow as ma
from flask_babel import lazy_gettext as _l
from marshmallow import fields

from catalog.gifts.windows import GIFT_KINDS, GiftStatus
from catalog.routes.schemas import ID_MOST, LimitSchema
from catalog.wording import LANGUAGES
from mall.http.fields import Choice, Flag, Instant, Points, QueryFlag, StrictSchema, Text, Whole
from mall.http.pagination import PageQuery

MOST_STOCK = 10_000_000
MOST_CASH = 99_999_999
"""Minor units: the most that Stripe takes at once in most currencies."""
CODE_PATTERN = r"[A-Za-z0-9._-]{1,64}"
TOP_LEVEL = 5


class Wording(ma.fields.Field):
    """A text: a string for every language, or ``{"zh", "en"}`` (one of them is enough)."""

    default_error_messages: typing.ClassVar = {"invalid": _l("Must be a string, or an object of zh and en.")}

    def __init__(self, least: int, most: int, *, lines: bool = False, **kwargs: typing.Any) -> None:
        parts = {language: {"type": "string", "maxLength": most} for language in LANGUAGES}
        forms: list[dict[str, typing.Any]] = [
            {"type": "string", "minLength": least, "maxLength": most},
            {"type": "object", "properties": parts},
        ]
        if kwargs.get("allow_none"):
            forms.append({"type": "null"})
        super().__init__(metadata={"oneOf": forms}, **kwargs)
        self.text = Text(least, most, lines=lines)
        self.least = least

    def _deserialize(self, value: typing.Any, attr: str | None, data: typing.Any, **kwargs: typing.Any) -> typing.Any:
        if isinstance(value, str):
            return self.text.deserialize(value)
        if not isinstance(value, dict) or not set(value) <= set(LANGUAGES) or (self.least and not value):
            raise self.make_error("invalid")
        return {language: self.text.deserialize(text) for language, text in value.items()}


class CashSchema(StrictSchema):
    """Cash in minor units of the mall's one currency."""

    amount = Whole(1, MOST_CASH, required=True)
    currency = Text(3, 3, pattern=r"[A-Za-z]{3}", required=True)

    @ma.post_load  # type: ignore[untyped-decorator]
    def _in_capitals(self, data: dict[str, typing.Any], **kwargs: typing.Any) -> dict[str, typing.Any]:
        return {**data, "currency": data["currency"].upper()}


class _GiftFields(StrictSchema):
    """What can be given on making and on changing a gift."""

    code = Text(1, ID_MOST, pattern=CODE_PATTERN, allow_none=True)
    description = Wording(0, 5000, lines=True)
    status = Choice([status.value for status in GiftStatus])
    category = Text(1, ID_MOST, attribute="category_id", allow_none=True)
    limits = fields.List(fields.Nested(LimitSchema), validate=ma.validate.Length(max=5))
    min_level = Whole(1, TOP_LEVEL, allow_none=True)
    visible_from = Instant(allow_none=True)
    on_sale_from = Instant(allow_none=True)
    on_sale_until = Instant(allow_none=True)
    needs_preparation = Flag()
    needs_approval = Flag()
    featured = Flag()
    cause = Text(1, ID_MOST, attribute="cause_id", allow_none=True)
    low_pool = Whole(0, 1_000_000, allow_none=True)
    cash = fields.Nested(CashSchema, allow_none=True)
    tags = fields.List(Text(1, ID_MOST), attribute="tag_ids", validate=ma.validate.Length(max=20))


class NewGiftSchema(_GiftFields):
    """A new gift; on sale at once unless dates or ``status`` say otherwise. A donation without ``stock`` has no limit,
    any other gift no pieces yet."""

    name = Wording(1, 80, required=True)
    kind = Choice(GIFT_KINDS, required=True)
    points = Points(required=True)
    stock = Whole(0, MOST_STOCK)


class GiftChangeSchema(_GiftFields):
    """Changes of a gift; what is absent stays."""

    name = Wording(1, 80)
    points = Points()


class VoucherPoolSchema(StrictSchema):
    """Codes of a voucher gift: unused, given to orders, seen by their members; ``low``: import more."""

    free = fields.Integer(required=True)
    given = fields.Integer(required=True)
    revealed = fields.Integer(required=True)
    warn_below = fields.Integer(required=True)
    low = fields.Boolean(required=True)


class AdminGiftSchema(StrictSchema):
    """A gift as staff see it, in all languages. ``payment``: whether its cash part can be paid here.
    ``from_points``: of its cheapest variant; ``pictures``: their ids."""

    id = fields.String(required=True)
    code = fields.String(required=True, allow_none=True)
    kind = fields.String(required=True)
    status = fields.String(required=True)
    name = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    description = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    points = fields.Integer(required=True)
    category = fields.String(required=True, allow_none=True, attribute="category_id")
    limits = fields.List(fields.Nested(LimitSchema), required=True)
    min_level = fields.Integer(required=True, allow_none=True)
    visible_from = Instant(required=True, allow_none=True)
    on_sale_from = Instant(required=True, allow_none=True)
    on_sale_until = Instant(required=True, allow_none=True)
    needs_preparation = fields.Boolean(required=True)
    needs_approval = fields.Boolean(required=True)
    featured = fields.Boolean(required=True)
    popularity = fields.Integer(required=True)
    from_points = fields.Integer(required=True)
    tags = fields.List(fields.String(), required=True, attribute="tag_ids")
    pictures = fields.List(fields.String(), required=True)
    cause = fields.String(required=True, allow_none=True, attribute="cause_id")
    low_pool = fields.Integer(required=True, allow_none=True)
    voucher_pool = fields.Nested(VoucherPoolSchema, required=True, allow_none=True)
    cash = fields.Nested(CashSchema, required=True, allow_none=True)
    payment = fields.String(required=True, metadata={"enum": ["none", "available", "unavailable"]})
    stock = fields.Integer(required=True, allow_none=True)


class AdminGiftsQuery(PageQuery):
    """``status`` picks drafts, active or archived gifts."""

    status = Choice([status.value for status in GiftStatus])


class NewVariantSchema(StrictSchema):
    """A variant; without ``points`` it costs what the gift costs."""

    name = Wording(1, 80, required=True)
    points = Points(allow_none=True)
    stock = Whole(0, MOST_STOCK)


class NotZero(Whole):
    """A change: a whole number that is not 0."""

    def _deserialize(self, value: typing.Any, attr: str | None, data: typing.Any, **kwargs: typing.Any) -> int:
        number = super()._deserialize(value, attr, data, **kwargs)
        if number == 0:
            raise self.make_error("range")
        return number


class StockChangeSchema(StrictSchema):
    """Pieces received (more than 0) or taken away (less), and why. Of a donation without a limit: how many there are
    from now on."""

    change = NotZero(-MOST_STOCK, MOST_STOCK, required=True)
    reason = Text(1, 200)
    variant = Text(1, ID_MOST)


class StockSchema(StrictSchema):
    """Pieces that can be ordered; null: no limit."""

    stock = fields.Integer(required=True, allow_none=True)


class VariantQuery(StrictSchema):
    """Which variant is meant, for a gift that has some."""

    variant = Text(1, ID_MOST)


class MovementsQuery(PageQuery):
    """Which variant is meant, for a gift that has some."""

    variant = Text(1, ID_MOST)


class MovementSchema(StrictSchema):
    """A change of stock; ``ref`` is the order's id. A thousand million pieces stand for no limit."""

    id = fields.String(required=True)
    kind = fields.String(required=True)
    change = fields.Integer(required=True)
    reason = fields.String(required=True, allow_none=True)
    ref = fields.String(required=True, allow_none=True)
    actor = fields.String(required=True)
    at = Instant(required=True)


class ImportQuery(VariantQuery):
    """``only_good``: import the good lines and leave the others out; else one bad line refuses all."""

    only_good = QueryFlag(load_default=False)


class LineResultSchema(StrictSchema):
    """What became of a line; the code itself is not repeated."""

    line = fields.Integer(required=True)
    result = fields.String(required=True, metadata={"enum": ["imported", "duplicate", "empty", "columns", "invalid"]})
    reason = fields.String(required=True)


class ImportedSchema(StrictSchema):
    """What became of a file of codes; ``stock``: unused codes now; ``file``: the lines as CSV, with the reasons."""

    imported = fields.Integer(required=True)
    refused = fields.Integer(required=True)
    stock = fields.Integer(required=True)
    lines = fields.List(fields.Nested(LineResultSchema), required=True)
    file = fields.String(required=True)


class CategoryChangeSchema(StrictSchema):
    """Changes of a category."""

    name = Wording(1, 40)
    code = Text(1, ID_MOST, pattern=CODE_PATTERN)
    position = Whole(1, 10_000)


class NewCategorySchema(CategoryChangeSchema):
    """A new category."""

    name = Wording(1, 40, required=True)


class AdminCategorySchema(StrictSchema):
    """A category in all languages."""

    id = fields.String(required=True)
    code = fields.String(required=True, allow_none=True)
    name = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    position = fields.Integer(required=True)
