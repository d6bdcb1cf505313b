"""Shapes of the back office's API for what belongs to a gift: its pictures and variants."""

from __future__ import annotations

import marshmallow as ma
from marshmallow import fields

from admin.routes.catalog_schemas import Wording
from catalog.gifts.framing import LEAST_SIZE, SHAPES
from catalog.gifts.pictures import MOST_PICTURES
from catalog.gifts.variants import MOST_VARIANTS
from catalog.routes.schemas import ID_MOST
from mall.http.fields import Choice, Flag, Points, StrictSchema, Text, Whole


class ArrangedPictureSchema(StrictSchema):
    """A picture in its place; ``alt`` says what it shows, for those who cannot see it."""

    id = Text(1, ID_MOST, required=True)
    alt = Wording(0, 120)


class ArrangePicturesSchema(StrictSchema):
    """A gift's pictures as they shall be, the cover first; those left out are taken off."""

    pictures = fields.List(
        fields.Nested(ArrangedPictureSchema), required=True, validate=ma.validate.Length(max=MOST_PICTURES)
    )


class FrameSchema(StrictSchema):
    """The part of a picture that stays: ``size`` in per cent of the largest frame of the shape, ``x`` and ``y`` in per
    cent of the room that is left; without them the largest one in the middle."""

    shape = Choice(tuple(SHAPES), required=True)
    size = Whole(LEAST_SIZE, 100, load_default=100)
    x = Whole(0, 100, load_default=50)
    y = Whole(0, 100, load_default=50)


class GiftPictureSchema(StrictSchema):
    """A picture of a gift; ``url`` is its largest size."""

    id = fields.String(required=True)
    url = fields.String(required=True)
    alt = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


class GiftPicturesSchema(StrictSchema):
    """A gift's pictures, the cover first."""

    pictures = fields.List(fields.Nested(GiftPictureSchema), required=True)


class AddedPictureSchema(GiftPicturesSchema):
    """``added``: the picture made of the upload."""

    added = fields.String(required=True)


class VariantChangeSchema(StrictSchema):
    """Changes of a variant; ``points`` null: what the gift costs; not ``active``: taken off."""

    name = Wording(1, 80)
    points = Points(allow_none=True)
    active = Flag()


class OrderVariantsSchema(StrictSchema):
    """Every variant of a gift, in the order in which they shall be offered."""

    variants = fields.List(Text(1, ID_MOST), required=True, validate=ma.validate.Length(max=MOST_VARIANTS))


class StaffVariantSchema(StrictSchema):
    """A variant as staff see it."""

    id = fields.String(required=True)
    name = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    points = fields.Integer(required=True, allow_none=True)
    active = fields.Boolean(required=True)
    position = fields.Integer(required=True)
    stock = fields.Integer(required=True, allow_none=True)


class StaffVariantsSchema(StrictSchema):
    """A gift's variants in their order, those taken off too."""

    variants = fields.List(fields.Nested(StaffVariantSchema), required=True)
