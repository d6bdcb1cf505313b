"""What the file says that a member takes along: everything held about them."""

from __future__ import annotations

from marshmallow import fields

from catalog.routes.addresses import AddressSchema
from catalog.routes.schemas import NotificationSchema, OrderSchema
from mall.http.fields import Instant, StrictSchema
from mall.identity.routes.members import ProfileSchema
from points.routes.honours import OwnHonourSchema
from points.routes.me import BalanceSchema, StatementLineSchema


class ExportLevelSchema(StrictSchema):
    """A level and the public points it stands on."""

    number = fields.Integer(required=True)
    points = fields.Integer(required=True)


class ExportSessionSchema(StrictSchema):
    """Where a member is signed in."""

    id = fields.String(required=True)
    kind = fields.String(required=True)
    device = fields.String(required=True)
    created_at = Instant(required=True)
    last_seen_at = Instant(required=True)
    expires_at = Instant(required=True)


class ExportCheckInSchema(StrictSchema):
    """A check-in."""

    date = fields.Date(required=True)
    points = fields.Integer(required=True)
    streak = fields.Integer(required=True)
    repaired = fields.Boolean(required=True)


class ExportCardSchema(StrictSchema):
    """A make-up card: where it is from, and the day it made up for, if it was used."""

    origin = fields.String(required=True)
    created_at = Instant(required=True)
    used_day = fields.Date(required=True, allow_none=True)


class ExportAttemptSchema(StrictSchema):
    """An attempt at a quiz; what is null was not handed in yet. ``review``: of a result that is or was held."""

    id = fields.String(required=True)
    quiz = fields.String(required=True)
    started_at = Instant(required=True)
    submitted_at = Instant(required=True, allow_none=True)
    answers = fields.Dict(keys=fields.String(), values=fields.String(), required=True, allow_none=True)
    score = fields.Integer(required=True, allow_none=True)
    max_score = fields.Integer(required=True)
    points = fields.Integer(required=True, allow_none=True)
    passed = fields.Boolean(required=True, allow_none=True)
    review = fields.String(required=True, allow_none=True)


class ExportActivitySchema(StrictSchema):
    """An activity the member signed up for or came to."""

    activity = fields.String(required=True)
    signed_up_at = Instant(required=True, allow_none=True)
    attended_at = Instant(required=True, allow_none=True)


class ExportQueueSchema(StrictSchema):
    """A place in a waiting room."""

    id = fields.String(required=True)
    gift = fields.String(required=True)
    release_at = Instant(required=True)
    joined_at = Instant(required=True)
    state = fields.String(required=True)
    place = fields.Integer(required=True, allow_none=True)
    order = fields.String(required=True, allow_none=True)


class ExportBadgeSchema(StrictSchema):
    """A badge that others may see."""

    code = fields.String(required=True)
    earned_at = Instant(required=True)


class ExportPrizeSchema(StrictSchema):
    """A prize of a month, with the public points that won it."""

    month = fields.String(required=True)
    place = fields.Integer(required=True)
    points = fields.Integer(required=True)
    prize_points = fields.Integer(required=True)


class ExportDebitSchema(StrictSchema):
    """Points that were announced to be taken back; the member's answer may tell of a tip and is not in the file."""

    points = fields.Integer(required=True)
    state = fields.String(required=True)
    announced_at = Instant(required=True)
    answered_at = Instant(required=True, allow_none=True)


class ExportFreezeSchema(StrictSchema):
    """A time in which the account was frozen; ``ends_at`` null: until it was lifted."""

    frozen_at = Instant(required=True)
    ends_at = Instant(required=True, allow_none=True)
    lifted_at = Instant(required=True, allow_none=True)


class ExportSignInSchema(StrictSchema):
    """A linked sign-in. What the provider calls the member is kept as a hash alone, and a hash says nothing."""

    provider = fields.String(required=True)
    linked_at = Instant(required=True)
    last_used_at = Instant(required=True)


class ExportResetSchema(StrictSchema):
    """A new password that staff were asked for."""

    state = fields.String(required=True)
    requested_at = Instant(required=True)
    decided_at = Instant(required=True, allow_none=True)
    used_at = Instant(required=True, allow_none=True)


class ExportMergedSchema(StrictSchema):
    """An account that was merged into this one, with its statement of before."""

    id = fields.String(required=True)
    statement = fields.List(fields.Nested(StatementLineSchema), required=True)


class ExportSchema(StrictSchema):
    """Everything held about a member, what was merged into the account included.

    Staff's own notes and reasons are not in it. Badges and reasons that tell of tips are not either: a file lies about
    (``/me/effectiveness`` shows them).
    """

    exported_at = Instant(required=True)
    profile = fields.Nested(ProfileSchema, required=True)
    household = fields.String(required=True, allow_none=True)
    freezes = fields.List(fields.Nested(ExportFreezeSchema), required=True)
    level = fields.Nested(ExportLevelSchema, required=True)
    on_boards = fields.Boolean(required=True)
    badges = fields.List(fields.Nested(ExportBadgeSchema), required=True)
    honours = fields.List(fields.Nested(OwnHonourSchema), required=True)
    prizes = fields.List(fields.Nested(ExportPrizeSchema), required=True)
    announced_debits = fields.List(fields.Nested(ExportDebitSchema), required=True)
    balance = fields.Nested(BalanceSchema, required=True)
    statement = fields.List(fields.Nested(StatementLineSchema), required=True)
    merged_accounts = fields.List(fields.Nested(ExportMergedSchema), required=True)
    check_ins = fields.List(fields.Nested(ExportCheckInSchema), required=True)
    make_up_cards = fields.List(fields.Nested(ExportCardSchema), required=True)
    check_in_reminder_hour = fields.Integer(required=True, allow_none=True)
    quiz_attempts = fields.List(fields.Nested(ExportAttemptSchema), required=True)
    activities = fields.List(fields.Nested(ExportActivitySchema), required=True)
    addresses = fields.List(fields.Nested(AddressSchema), required=True)
    orders = fields.List(fields.Nested(OrderSchema), required=True)
    wishes = fields.List(fields.String(), required=True)
    queues = fields.List(fields.Nested(ExportQueueSchema), required=True)
    notices_off = fields.List(fields.String(), required=True)
    notifications = fields.List(fields.Nested(NotificationSchema), required=True)
    sessions = fields.List(fields.Nested(ExportSessionSchema), required=True)
    sign_ins = fields.List(fields.Nested(ExportSignInSchema), required=True)
    recovery_codes_left = fields.Integer(required=True)
    password_resets = fields.List(fields.Nested(ExportResetSchema), required=True)
