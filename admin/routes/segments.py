"""Segments: saved filters over members. Whoever keeps them sees how many they find, never who."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields

from admin.acting import acting
from admin.routes.catalog_schemas import Wording
from admin.routes.drops import Day
from catalog.wording import wording
from mall.db import Login
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Instant, StrictSchema, Text, Whole
from mall.http.ids import checked_id
from mall.http.pagination import PageQuery, list_schema, page_in_memory
from mall.http.principals import staff
from points.earning.book_events import mall_zone
from points.segments.filters import RANGES, read_filter
from points.segments.keep import change_segment, create_segment, delete_segment, segment, segments, stored_filter
from points.segments.models import Segment
from points.segments.preview import Preview, preview

blp = api_blueprint("admin-segments", __name__, description="Saved filters over members")
READERS = staff("rules", "auditor")
EDITORS = staff("rules")
ONE = "/admin/segments/<segment_id>"
MOST_VERSION = 2**31 - 2
HOUSEHOLD_MOST = 60


class FilterSchema(StrictSchema):
    """What members must meet, all of it; ends are included. ``earned_points``: those that may be seen; tips are those
    of the effectiveness window."""

    level_from, level_to = Whole(*RANGES["level"], allow_none=True), Whole(*RANGES["level"], allow_none=True)
    days_of_membership_from = Whole(*RANGES["days_of_membership"], allow_none=True)
    days_of_membership_to = Whole(*RANGES["days_of_membership"], allow_none=True)
    effectiveness_from = Whole(*RANGES["effectiveness"], allow_none=True)
    effectiveness_to = Whole(*RANGES["effectiveness"], allow_none=True)
    adopted_tips_from = Whole(*RANGES["adopted_tips"], allow_none=True)
    adopted_tips_to = Whole(*RANGES["adopted_tips"], allow_none=True)
    earned_points_from = Whole(*RANGES["earned_points"], allow_none=True)
    earned_points_to = Whole(*RANGES["earned_points"], allow_none=True)
    joined_from, joined_to = Day(allow_none=True), Day(allow_none=True)
    households = fields.List(Text(1, HOUSEHOLD_MOST), validate=ma.validate.Length(max=100))


class NewSegmentSchema(StrictSchema):
    """A new segment."""

    name = Wording(1, 60, required=True)
    filter = fields.Nested(FilterSchema, required=True)


class SegmentChangeSchema(StrictSchema):
    """Changes of a segment. ``version``: of the segment that was looked at."""

    version = Whole(1, MOST_VERSION, required=True)
    name = Wording(1, 60)
    filter = fields.Nested(FilterSchema)


class SegmentPreviewInSchema(StrictSchema):
    """A filter to try."""

    filter = fields.Nested(FilterSchema, required=True)


class SegmentPreviewSchema(StrictSchema):
    """How many members it finds: null for fewer than 20; not ``exact`` when rounded down to tens (where tips count).
    ``as_of``: when the tips were counted, in a mall with so many that a worker does it every few hours."""

    count = fields.Integer(required=True, allow_none=True)
    exact = fields.Boolean(required=True)
    as_of = Instant(required=True, allow_none=True)


class SegmentSchema(StrictSchema):
    """A segment."""

    id = fields.String(required=True)
    name = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    filter = fields.Dict(keys=fields.String(), required=True)
    version = fields.Integer(required=True)
    created_by = fields.String(required=True)
    created_at = Instant(required=True)
    updated_at = Instant(required=True)


@endpoint(
    blp, "GET", "/admin/segments", auth=READERS, login=Login.BACKOFFICE, query=PageQuery,
    response=list_schema(SegmentSchema),
)  # fmt: skip
def list_segments(call: Call) -> dict[str, Any]:
    return page_in_memory(segments(call.tx), call.query, _id)


def _id(found: Segment) -> str:
    return found.id


@endpoint(
    blp, "POST", "/admin/segments", auth=EDITORS, login=Login.BACKOFFICE, body=NewSegmentSchema,
    response=SegmentSchema, status=201, idempotency="accepted",
)  # fmt: skip
def post_segment(call: Call, body: dict[str, Any]) -> Segment:
    return create_segment(call.tx, wording(body["name"]), body["filter"], acting(call))


@endpoint(
    blp, "POST", "/admin/segment-previews", auth=EDITORS, login=Login.EARNING, body=SegmentPreviewInSchema,
    response=SegmentPreviewSchema,
)  # fmt: skip
def post_segment_preview(call: Call, body: dict[str, Any]) -> Preview:
    """Try a filter without saving it."""
    return preview(call.tx, read_filter(stored_filter(body["filter"])), call.now, mall_zone())


@endpoint(blp, "GET", ONE, auth=READERS, login=Login.BACKOFFICE, response=SegmentSchema)
def get_segment(call: Call, segment_id: str) -> Segment:
    return segment(call.tx, checked_id(segment_id))


@endpoint(blp, "GET", f"{ONE}/preview", auth=READERS, login=Login.EARNING, response=SegmentPreviewSchema)
def get_segment_preview(call: Call, segment_id: str) -> Preview:
    """How many members a segment finds now."""
    found = segment(call.tx, checked_id(segment_id))
    return preview(call.tx, read_filter(found.filter), call.now, mall_zone())


@endpoint(
    blp, "PATCH", ONE, auth=EDITORS, login=Login.BACKOFFICE, body=SegmentChangeSchema, response=SegmentSchema,
    errors=("changed_meanwhile",),
)  # fmt: skip
def patch_segment(call: Call, body: dict[str, Any], segment_id: str) -> Segment:
    name = wording(body["name"]) if "name" in body else None
    return change_segment(call.tx, checked_id(segment_id), body["version"], name, body.get("filter"), acting(call))


@endpoint(blp, "DELETE", ONE, auth=EDITORS, login=Login.BACKOFFICE, status=204, errors=("segment_in_use",))
def delete_segment_for_good(call: Call, segment_id: str) -> None:
    delete_segment(call.tx, checked_id(segment_id), acting(call))
