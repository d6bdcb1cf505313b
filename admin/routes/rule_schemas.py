"""Bodies and answers of the earning rules' API."""

from __future__ import annotations

from marshmallow import fields

from admin.routes.catalog_schemas import Wording
from mall.http.fields import Flag, Instant, Points, StrictSchema, Text, Whole
from mall.http.pagination import PageQuery
from points.earning.drafts import KEY_PATTERN
from points.earning.versions import MOST_VERSION

MOST_TITLE = 60


def _document(**more: bool) -> fields.Dict:
    return fields.Dict(keys=fields.String(), metadata={"type": "object", "additionalProperties": True}, **more)


class NewRuleSchema(StrictSchema):
    """A new rule; its document becomes the first draft."""

    key = Text(1, 60, required=True, pattern=KEY_PATTERN)
    title = Wording(1, MOST_TITLE, required=True)
    document = _document(required=True)


class RuleChangeSchema(StrictSchema):
    """Another title."""

    title = Wording(1, MOST_TITLE, required=True)


class NewDraftSchema(StrictSchema):
    """A new draft: ``document``, or a copy of ``based_on``, or of what is in force."""

    document = _document()
    based_on = Whole(1, MOST_VERSION)


class DraftChangeSchema(StrictSchema):
    """A draft saved over ``revision``, the last one seen."""

    revision = Whole(1, MOST_VERSION, required=True)
    document = _document(required=True)


class RejectSchema(StrictSchema):
    """Why a draft goes back."""

    reason = Text(1, 500, required=True, lines=True)


class MomentSchema(StrictSchema):
    """When; now without it, never in the past."""

    at = Instant()


class ExampleInSchema(StrictSchema):
    """The facts of an event that did not happen; ``occurred_at`` is now without it."""

    facts = _document(required=True)
    occurred_at = Instant()


class CompareQuery(StrictSchema):
    """With which version; the one in force without it."""

    other = Text(1, 10, pattern=r"[1-9][0-9]{0,8}", data_key="with")


class RuleListQuery(PageQuery):
    """All rules in pages."""


class RuleSchema(StrictSchema):
    """A rule. ``version`` is in force, ``next_version`` begins next, ``open_version`` is being drafted."""

    id = fields.String(required=True)
    key = fields.String(required=True)
    title = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    event = fields.String(required=True)
    state = fields.String(required=True)
    version = fields.Integer(required=True, allow_none=True)
    next_version = fields.Integer(required=True, allow_none=True)
    next_at = Instant(required=True, allow_none=True)
    open_version = fields.Integer(required=True, allow_none=True)
    open_state = fields.String(required=True, allow_none=True)
    created_at = Instant(required=True)


class VersionSchema(StrictSchema):
    """A version of a rule, and who did what with it."""

    rule = fields.String(required=True, attribute="rule_key")
    version = fields.Integer(required=True)
    state = fields.String(required=True)
    standing = fields.String(required=True)
    revision = fields.Integer(required=True)
    document = _document(required=True)
    based_on = fields.Integer(required=True, allow_none=True)
    effective_from = Instant(required=True, allow_none=True)
    effective_until = Instant(required=True, allow_none=True)
    created_at = Instant(required=True)
    created_by = fields.String(required=True)
    authors = fields.List(fields.String(), required=True)
    submitted_at = Instant(required=True, allow_none=True)
    submitted_by = fields.String(required=True, allow_none=True)
    approved_at = Instant(required=True, allow_none=True)
    approved_by = fields.String(required=True, allow_none=True)
    published_at = Instant(required=True, allow_none=True)
    published_by = fields.String(required=True, allow_none=True)
    rejection = fields.String(required=True, allow_none=True)


class DifferenceSchema(StrictSchema):
    """One line that differs, with its name and values in the reader's language."""

    path = fields.String(required=True)
    label = fields.String(required=True)
    before = fields.String(required=True, allow_none=True)
    after = fields.String(required=True, allow_none=True)
    before_words = fields.String(required=True, allow_none=True)
    after_words = fields.String(required=True, allow_none=True)


class WeightSchema(StrictSchema):
    """What a draft could cost, and whether a second person must approve it."""

    largest_award_points = fields.Integer(required=True)
    minted_points = fields.Integer(required=True, allow_none=True)
    over_budget = fields.Boolean(required=True)
    backtest_missing = fields.Boolean(required=True)
    needs_approval = fields.Boolean(required=True)
    reasons = fields.List(fields.String(), required=True)


class ComparisonSchema(StrictSchema):
    """A version beside another one, line by line."""

    rule = fields.String(required=True)
    version = fields.Integer(required=True)
    other = fields.Integer(required=True, allow_none=True, data_key="with")
    differences = fields.List(fields.Nested(DifferenceSchema), required=True)
    weight = fields.Nested(WeightSchema, required=True)


class ExampleSchema(StrictSchema):
    """What one version would pay. ``points`` null: it does not look at such an event."""

    points = fields.Integer(required=True, allow_none=True)
    lines = fields.List(fields.String(), required=True)


class CampaignExampleSchema(StrictSchema):
    """A campaign that would change the draft's example to ``points``; ``applies``: it is on at that moment."""

    key = fields.String(required=True)
    name = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    factor = fields.String(required=True)
    points = fields.Integer(required=True)
    applies = fields.Boolean(required=True)


class ExamplesSchema(StrictSchema):
    """The version asked for, beside the one in force; both without campaigns, which stand by themselves."""

    draft = fields.Nested(ExampleSchema, required=True)
    published = fields.Nested(ExampleSchema, required=True)
    campaigns = fields.List(fields.Nested(CampaignExampleSchema), required=True)


class WindowSchema(StrictSchema):
    """Which history: from ``from`` (90 days ago without it) to before ``until`` (now without it)."""

    since = Instant(data_key="from")
    until = Instant()


class BacktestSchema(StrictSchema):
    """A back-test: how far it is and, once ``state`` is done, what the draft would have done.

    ``stale``: the draft has been edited since. ``minted_points``: what the rule itself would have granted.
    """

    id = fields.String(required=True)
    rule = fields.String(required=True, attribute="rule_key")
    version = fields.Integer(required=True)
    revision = fields.Integer(required=True)
    stale = fields.Boolean(required=True)
    window_from = Instant(required=True, data_key="from")
    window_until = Instant(required=True, data_key="until")
    state = fields.String(required=True)
    rows_done = fields.Integer(required=True)
    rows_total = fields.Integer(required=True, allow_none=True)
    percent = fields.Integer(required=True)
    minted_points = fields.Integer(required=True, allow_none=True)
    over_budget = fields.Boolean(required=True, allow_none=True)
    result = fields.Dict(keys=fields.String(), required=True, allow_none=True)
    error = fields.String(required=True, allow_none=True)
    started_by = fields.String(required=True)
    created_at = Instant(required=True)
    finished_at = Instant(required=True, allow_none=True)


class ControlsSchema(StrictSchema):
    """What the owner wants a second person to look at; null: no limit."""

    approve_above_award_points = Points(0, 10**12, allow_none=True)
    approve_above_minted_points = Points(0, 10**15, allow_none=True)
    backtest_budget_points = Points(0, 10**15, allow_none=True)
    backtest_required = Flag()
