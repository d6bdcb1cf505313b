"""Shapes of the catalog's API."""

from __future__ import annotations

from marshmallow import fields

from catalog.draws.states import Outcome
from catalog.gifts.limits import PERIODS
from catalog.gifts.queries import SORTS
from catalog.gifts.windows import GIFT_KINDS, GiftState
from catalog.payment.models import PAYMENT_STATUSES
from catalog.redemption.lifecycle import Status
from catalog.redemption.pricing import MAX_QUANTITY
from catalog.topups.states import TARGETS, State
from mall.http.fields import Choice, Instant, Phone, QueryFlag, StrictSchema, Text, Whole
from mall.http.pagination import PageQuery

ID_MOST = 64


class GiftsQuery(PageQuery):
    """``category``, ``tag``: id or code; ``q``: words that must all be there, in any language;
    ``affordable``: only what the calling member's points reach (signed out: all).
    """

    category = Text(0, ID_MOST)
    tag = Text(0, ID_MOST)
    q = Text(0, 100)
    affordable = QueryFlag()
    sort = Choice(SORTS, load_default="popular")


class LimitSchema(StrictSchema):
    """At most ``quantity`` for each member in a period."""

    per = Choice(("member",), required=True)
    period = Choice(PERIODS, required=True)
    quantity = Whole(1, 1_000_000, required=True)


class CategorySchema(StrictSchema):
    """A shelf of the mall."""

    id = fields.String(required=True)
    code = fields.String(required=True, allow_none=True)
    name = fields.String(required=True)


class MoneySchema(StrictSchema):
    """Cash in minor units of an ISO 4217 currency."""

    amount = fields.Integer(required=True)
    currency = fields.String(required=True)


class OrderCashSchema(MoneySchema):
    """The cash part of an order. ``checkout_url``: where to pay, null when it is not made yet or nothing can be paid;
    ``refunded`` has gone back, ``refunding`` is on its way."""

    checkout_url = fields.String(required=True, allow_none=True)
    status = fields.String(required=True, metadata={"enum": list(PAYMENT_STATUSES)})
    pay_until = Instant(required=True, allow_none=True)
    refunded = fields.Integer(required=True)
    refunding = fields.Integer(required=True)
    on_hold = fields.Boolean(required=True)


class GiftSchema(StrictSchema):
    """A gift in the reader's language. ``from_points``: what its cheapest variant costs; ``stock``: pieces that can be
    ordered, null for a donation without a limit; ``affordable``: whether ``from_points`` is within reach, null signed
    out."""

    id = fields.String(required=True)
    code = fields.String(required=True, allow_none=True)
    name = fields.String(required=True)
    description = fields.String(required=True)
    kind = fields.String(required=True, metadata={"enum": list(GIFT_KINDS)})
    points = fields.Integer(required=True)
    from_points = fields.Integer(required=True)
    cash = fields.Nested(MoneySchema, required=True, allow_none=True)
    category = fields.String(required=True, allow_none=True)
    state = fields.String(required=True, metadata={"enum": [state.value for state in GiftState]})
    stock = fields.Integer(required=True, allow_none=True)
    limits = fields.List(fields.Nested(LimitSchema), required=True)
    min_level = fields.Integer(required=True, allow_none=True)
    on_sale_from = Instant(required=True, allow_none=True)
    on_sale_until = Instant(required=True, allow_none=True)
    pictures = fields.List(fields.String(), required=True)
    affordable = fields.Boolean(required=True, allow_none=True)


class WishSchema(GiftSchema):
    """A gift that a member would like to have."""


class VariantSchema(StrictSchema):
    """A variant of a gift."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    points = fields.Integer(required=True)
    stock = fields.Integer(required=True, allow_none=True)


class TagSchema(CategorySchema):
    """A word by which gifts of several shelves belong together."""


class DropShownSchema(StrictSchema):
    """Pieces of a gift, or of a variant of it (``item``), that can be ordered from ``next_at``;
    ``waiting_room_at``: when its waiting room opens, null when there is none."""

    item = fields.String(required=True)
    pieces = fields.Integer(required=True)
    next_at = Instant(required=True)
    waiting_room_at = Instant(required=True, allow_none=True)


class GiftDetailSchema(GiftSchema):
    """A gift with its variants, tags and drops. ``target``: what a virtual gift asks for, ``phone`` or ``account``;
    ``draw``: by which a gift of that kind is won, once it is announced."""

    cause = fields.String(required=True, allow_none=True)
    target = fields.String(required=True, allow_none=True, metadata={"enum": [*TARGETS, None]})
    tags = fields.List(fields.Nested(TagSchema), required=True)
    variants = fields.List(fields.Nested(VariantSchema), required=True)
    drops = fields.List(fields.Nested(DropShownSchema), required=True)
    draw = fields.String(required=True, allow_none=True)


class DeliverySchema(StrictSchema):
    """Where a gift is sent."""

    name = Text(1, 50, required=True)
    phone = Phone(required=True)
    address = Text(4, 200, required=True)


class QuoteInSchema(StrictSchema):
    """What a price is asked for."""

    gift = Text(1, ID_MOST, required=True)
    variant = Text(1, ID_MOST)
    quantity = Whole(1, MAX_QUANTITY, required=True)


class PlaceOrderSchema(QuoteInSchema):
    """An order. ``delivery`` for gifts that are sent, or ``address``: the id of one in the member's address book;
    without ``pickup_point`` the default point. ``target``: the account that a virtual gift tops up."""

    delivery = fields.Nested(DeliverySchema)
    pickup_point = Text(1, ID_MOST)
    address = Text(1, ID_MOST)
    target = Text(1, 100)


class RefundedSchema(StrictSchema):
    """What was given back of an order after it was had."""

    points = fields.Integer(required=True)
    quantity = fields.Integer(required=True)


class StepSchema(StrictSchema):
    """A status, when it was reached, by whom (member, staff, system), and why an order ended early."""

    status = fields.String(required=True, metadata={"enum": [status.value for status in Status]})
    at = Instant(required=True)
    by = fields.String(required=True)
    reason = fields.String()


class PickupPointSchema(StrictSchema):
    """Where a gift is collected. ``open_now``: null where the hours are only words."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    address = fields.String(required=True)
    hours = fields.String(required=True)
    open_now = fields.Boolean(required=True, allow_none=True)
    open_text = fields.String(required=True, allow_none=True)
    phone = fields.String(required=True, allow_none=True)


class CarrierSchema(StrictSchema):
    """Who brings a parcel."""

    code = fields.String(required=True)
    name = fields.String(required=True)


class OrderCauseSchema(StrictSchema):
    """What a donation is for."""

    id = fields.String(required=True)
    name = fields.String(required=True)


class OrderDrawSchema(StrictSchema):
    """The draw that was entered. ``entry``: as the published list knows it; ``outcome``: null for an entry that was
    taken back."""

    id = fields.String(required=True)
    closes_at = Instant(required=True)
    outcome = fields.String(required=True, allow_none=True, metadata={"enum": [*(one.value for one in Outcome), None]})
    entry = fields.String(required=True)


class OrderClaimSchema(StrictSchema):
    """A prize that waits for its winner: until when, and how it can come (``POST /orders/{order_id}/claim``)."""

    until = Instant(required=True)
    ways = fields.List(fields.String(metadata={"enum": ["delivery", "pickup"]}), required=True)


class OrderSchema(StrictSchema):
    """An order. Codes and address are there when there are any, and never in lists.

    ``revealed_at``: when the voucher codes were first shown.
    """

    id = fields.String(required=True)
    number = fields.String(required=True)
    status = fields.String(required=True, metadata={"enum": [status.value for status in Status]})
    kind = fields.String(required=True)
    gift = fields.String(required=True)
    gift_name = fields.String(required=True)
    picture = fields.String()
    variant = fields.String()
    quantity = fields.Integer(required=True)
    points = fields.Integer(required=True)
    cash = fields.Nested(OrderCashSchema)
    placed_at = Instant(required=True)
    can_cancel = fields.Boolean(required=True)
    history = fields.List(fields.Nested(StepSchema), required=True)
    refunded = fields.Nested(RefundedSchema)
    pickup_code = fields.String()
    pickup_until = Instant()
    pickup_point = fields.Nested(PickupPointSchema)
    voucher_codes = fields.List(fields.String())
    tracking = fields.String()
    carrier = fields.Nested(CarrierSchema)
    target = fields.String()
    cause = fields.Nested(OrderCauseSchema)
    draw = fields.Nested(OrderDrawSchema)
    revealed_at = Instant()
    top_up = fields.String(metadata={"enum": [state.value for state in State]})
    claim = fields.Nested(OrderClaimSchema)
    delivery = fields.Nested(DeliverySchema)


class AnnouncementReadSchema(StrictSchema):
    """What staff tell members. ``body``: paragraphs apart by a blank line; ``link``: a path of this mall."""

    id = fields.String(required=True)
    title = fields.String(required=True)
    body = fields.String(required=True)
    link = fields.String(required=True, allow_none=True)
    important = fields.Boolean(required=True)
    from_at = Instant(required=True)
    until_at = Instant(required=True)


class NotificationSchema(StrictSchema):
    """A notice; ``order``, ``gift`` or ``announcement`` is what it is about, if anything."""

    id = fields.String(required=True)
    kind = fields.String(required=True)
    text = fields.String(required=True)
    order = fields.String(required=True, allow_none=True)
    gift = fields.String(required=True, allow_none=True)
    announcement = fields.Nested(AnnouncementReadSchema, required=True, allow_none=True)
    created_at = Instant(required=True)
    read_at = Instant(required=True, allow_none=True)


class ReadSchema(StrictSchema):
    """``until``: the newest notice that was read; without it all are."""

    until = Text(1, ID_MOST)


class UnreadSchema(StrictSchema):
    """Notices still unread."""

    unread = fields.Integer(required=True)
