"""Announcements, for the back office."""

from __future__ import annotations

from typing import Any

from marshmallow import fields
from marshmallow.validate import Length

from admin.acting import acting
from admin.routes.catalog_schemas import Wording
from catalog.announcements.keep import (
    announcement,
    announcements_page,
    change_announcement,
    create_announcement,
    phase_of,
    readers_of,
    withdraw_announcement,
)
from catalog.announcements.models import AUDIENCES, Announcement
from catalog.announcements.phases import Phase
from catalog.routes.schemas import ID_MOST
from catalog.wording import wording
from mall.db import Login
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Choice, Flag, Instant, StrictSchema, Text, Whole
from mall.http.ids import checked_id
from mall.http.pagination import PageQuery, list_schema
from mall.http.principals import staff
from points.standing.ladder import LEVEL_COUNT

blp = api_blueprint("admin-announcements", __name__, description="What staff tell members")
READERS, EDITORS = staff("rules", "catalog", "auditor"), staff("rules", "catalog")
ONE = "/admin/announcements/<announcement_id>"
TEXTS = ("title", "body")
MOST_TITLE, MOST_BODY, MOST_LINK = 60, 2000, 200
MOST_VERSION = 2**31 - 2


class _Fields(StrictSchema):
    """``from_at`` null: at once when it is published. ``link``: a path of this mall."""

    link = Text(0, MOST_LINK, allow_none=True)
    important = Flag()
    audience = Choice(AUDIENCES)
    levels = fields.List(Whole(1, LEVEL_COUNT), allow_none=True, validate=Length(max=LEVEL_COUNT))
    segment = Text(1, ID_MOST, attribute="segment_id", allow_none=True)
    from_at = Instant(allow_none=True)
    state = Choice(("draft", "published"))


class NewAnnouncementSchema(_Fields):
    """A new announcement: a draft unless ``state`` says otherwise, for everybody unless ``audience`` does."""

    title = Wording(1, MOST_TITLE, required=True)
    body = Wording(1, MOST_BODY, lines=True, required=True)
    until_at = Instant(required=True)


class AnnouncementChangeSchema(_Fields):
    """Changes of one that nobody has seen yet. ``version``: of the announcement that was looked at."""

    version = Whole(1, MOST_VERSION, required=True)
    title = Wording(1, MOST_TITLE)
    body = Wording(1, MOST_BODY, lines=True)
    until_at = Instant()


class SeenVersionSchema(StrictSchema):
    """The version that was looked at."""

    version = Whole(1, MOST_VERSION, required=True)


class AnnouncementReadersSchema(StrictSchema):
    """How many have read it; null: fewer than 20 of a segment. Not exact where a segment asks about tips."""

    count = fields.Integer(required=True, allow_none=True)
    exact = fields.Boolean(required=True)


class AnnouncementSchema(StrictSchema):
    """An announcement in all languages, where it is, and how many have read it."""

    id = fields.String(required=True)
    title = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    body = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    link = fields.String(required=True, allow_none=True)
    important = fields.Boolean(required=True)
    audience = fields.String(required=True)
    levels = fields.List(fields.Integer(), required=True, allow_none=True)
    segment = fields.String(required=True, allow_none=True, attribute="segment_id")
    from_at = Instant(required=True, allow_none=True)
    until_at = Instant(required=True)
    state = fields.String(required=True)
    phase = fields.String(required=True, metadata={"enum": [phase.value for phase in Phase]})
    readers = fields.Nested(AnnouncementReadersSchema, required=True)
    version = fields.Integer(required=True)
    created_by = fields.String(required=True)
    updated_at = Instant(required=True)


def announcement_body(body: dict[str, Any]) -> dict[str, Any]:
    """Fields of a body as the mall keeps them."""
    return {name: wording(value) if name in TEXTS else value for name, value in body.items()}


def admin_wire(call: Call, row: Announcement) -> dict[str, Any]:
    """An announcement for staff, in wire form."""
    names = ("id", *TEXTS, "link", "important", "audience", "levels", "segment_id", "from_at", "until_at", "state",
             "version", "created_by", "updated_at")  # fmt: skip
    told = {name: getattr(row, name) for name in names}
    return {**told, "phase": phase_of(row, call.now).value, "readers": readers_of(call.tx, row)}


@endpoint(
    blp, "GET", "/admin/announcements", auth=READERS, login=Login.BACKOFFICE, query=PageQuery,
    response=list_schema(AnnouncementSchema),
)  # fmt: skip
def list_announcements(call: Call) -> dict[str, Any]:
    """The newest first."""
    found = announcements_page(call.tx, call.query["limit"], call.query.get("cursor"))
    return {**found, "items": [admin_wire(call, row) for row in found["items"]]}


@endpoint(
    blp, "POST", "/admin/announcements", auth=EDITORS, login=Login.BACKOFFICE, body=NewAnnouncementSchema,
    response=AnnouncementSchema, status=201, idempotency="accepted",
)  # fmt: skip
def post_announcement(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    return admin_wire(call, create_announcement(call.tx, announcement_body(body), acting(call)))


@endpoint(blp, "GET", ONE, auth=READERS, login=Login.BACKOFFICE, response=AnnouncementSchema)
def get_announcement(call: Call, announcement_id: str) -> dict[str, Any]:
    return admin_wire(call, announcement(call.tx, checked_id(announcement_id)))


@endpoint(
    blp, "PATCH", ONE, auth=EDITORS, login=Login.BACKOFFICE, body=AnnouncementChangeSchema,
    response=AnnouncementSchema, errors=("changed_meanwhile", "announcement_out"),
)  # fmt: skip
def patch_announcement(call: Call, body: dict[str, Any], announcement_id: str) -> dict[str, Any]:
    """Change it, publish it or make it a draft again, until it goes out."""
    wanted = announcement_body(body)
    seen = wanted.pop("version")
    return admin_wire(call, change_announcement(call.tx, checked_id(announcement_id), seen, wanted, acting(call)))


@endpoint(
    blp, "POST", f"{ONE}/withdraw", auth=EDITORS, login=Login.BACKOFFICE, body=SeenVersionSchema,
    response=AnnouncementSchema, errors=("changed_meanwhile",),
)  # fmt: skip
def post_withdrawal(call: Call, body: dict[str, Any], announcement_id: str) -> dict[str, Any]:
    """Take it out of every inbox, for good."""
    return admin_wire(call, withdraw_announcement(call.tx, checked_id(announcement_id), body["version"], acting(call)))
