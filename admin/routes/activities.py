"""Activities, for the back office: kept, shown at the venue, and who was there."""

from __future__ import annotations

from typing import Any

from flask import current_app
from marshmallow import fields

from admin.acting import acting
from admin.routes.catalog_schemas import Wording
from catalog.wording import wording
from mall.db import Login
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Choice, Flag, Instant, StrictSchema, Text, Whole
from mall.http.ids import checked_id
from mall.http.pagination import PageQuery, list_schema
from mall.http.principals import staff
from points.activities.attend import code_key, mark_attended, phase_of
from points.activities.codes import STEP, code_at, step_at
from points.activities.keep import (
    activities_page,
    activity,
    change_activity,
    counts,
    create_activity,
    participants_page,
)
from points.activities.models import STATES, Activity

blp = api_blueprint("admin-activities", __name__, description="Offline activities, and who was there")
READERS, EDITORS = staff("rules", "auditor"), staff("rules")
VENUE = staff("rules", "fulfilment")
"""Who shows the code at the venue and marks people by hand."""
ONE = "/admin/activities/<activity_id>"
MOST_PLACES = 100_000
MOST_VERSION = 2**31 - 2
TEXTS = ("title", "about", "place")


class ActivityFieldsSchema(StrictSchema):
    """What an activity says. ``capacity`` null: no limit; ``sign_up_needed``: nobody else gets in."""

    about = Wording(0, 2000, lines=True)
    sign_up_needed = Flag()
    capacity = Whole(1, MOST_PLACES, allow_none=True)
    state = Choice(STATES)


class NewActivitySchema(ActivityFieldsSchema):
    """A new activity, a draft unless ``state`` says otherwise."""

    title = Wording(1, 60, required=True)
    place = Wording(1, 120, required=True)
    starts_at = Instant(required=True)
    ends_at = Instant(required=True)


class ActivityChangeSchema(ActivityFieldsSchema):
    """Changes. ``version``: of the activity that was looked at."""

    version = Whole(1, MOST_VERSION, required=True)
    title = Wording(1, 60)
    place = Wording(1, 120)
    starts_at = Instant()
    ends_at = Instant()


class AdminActivitySchema(StrictSchema):
    """An activity in all languages; how many signed up and how many came."""

    id = fields.String(required=True)
    title = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    about = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    place = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    starts_at = Instant(required=True)
    ends_at = Instant(required=True)
    sign_up_needed = fields.Boolean(required=True)
    capacity = fields.Integer(required=True, allow_none=True)
    state = fields.String(required=True)
    phase = fields.String(required=True)
    signed_up = fields.Integer(required=True)
    attended = fields.Integer(required=True)
    version = fields.Integer(required=True)
    created_by = fields.String(required=True)
    updated_at = Instant(required=True)


class ParticipantSchema(StrictSchema):
    """Somebody who signed up or came. ``marked_by``: who of the staff said so; null: the code did."""

    member = fields.String(required=True, attribute="member_id")
    signed_up_at = Instant(required=True, allow_none=True)
    attended_at = Instant(required=True, allow_none=True)
    marked_by = fields.String(required=True, allow_none=True)


class VenueCodeSchema(StrictSchema):
    """What is shown at the venue now; ask again in ``seconds``."""

    code = fields.String(required=True)
    url = fields.String(required=True)
    seconds = fields.Integer(required=True)


class MarkSchema(StrictSchema):
    """Whom, and why the code was not enough."""

    member = Text(1, 64, required=True)
    reason = Text(1, 500, required=True)


class MarkedSchema(StrictSchema):
    """The points it brought."""

    points = fields.Integer(required=True)


def activity_body(body: dict[str, Any]) -> dict[str, Any]:
    """Fields of a body as the mall keeps them."""
    return {name: wording(value) if name in TEXTS else value for name, value in body.items()}


def activity_wire(call: Call, row: Activity, came: dict[str, tuple[int, int]]) -> dict[str, Any]:
    """An activity for staff, in wire form."""
    names = ("id", *TEXTS, "starts_at", "ends_at", "sign_up_needed", "capacity", "state", "version", "created_by",
             "updated_at")  # fmt: skip
    signed_up, attended = came.get(row.id, (0, 0))
    told = {"phase": phase_of(row, call.now), "signed_up": signed_up, "attended": attended}
    return {**{name: getattr(row, name) for name in names}, **told}


def venue_code(call: Call, row: Activity) -> dict[str, Any]:
    """The code of the moment, the address in the QR, and how long it is shown."""
    code = code_at(code_key(row.id), call.now)
    seconds = (step_at(call.now) + 1) * STEP.total_seconds() - call.now.timestamp()
    base = current_app.extensions["settings"].public_url
    return {"code": code, "url": f"{base}/activities/{row.id}?code={code}", "seconds": max(1, int(seconds))}


def _one(call: Call, row: Activity) -> dict[str, Any]:
    return activity_wire(call, row, counts(call.tx, [row.id]))


@endpoint(
    blp, "GET", "/admin/activities", auth=READERS, login=Login.BACKOFFICE, query=PageQuery,
    response=list_schema(AdminActivitySchema),
)  # fmt: skip
def list_admin_activities(call: Call) -> dict[str, Any]:
    found = activities_page(call.tx, call.query["limit"], call.query.get("cursor"))
    came = counts(call.tx, [row.id for row in found["items"]])
    return {**found, "items": [activity_wire(call, row, came) for row in found["items"]]}


@endpoint(
    blp, "POST", "/admin/activities", auth=EDITORS, login=Login.BACKOFFICE, body=NewActivitySchema,
    response=AdminActivitySchema, status=201, idempotency="accepted",
)  # fmt: skip
def post_activity(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    return _one(call, create_activity(call.tx, activity_body(body), acting(call)))


@endpoint(blp, "GET", ONE, auth=READERS, login=Login.BACKOFFICE, response=AdminActivitySchema)
def get_admin_activity(call: Call, activity_id: str) -> dict[str, Any]:
    return _one(call, activity(call.tx, checked_id(activity_id)))


@endpoint(
    blp, "PATCH", ONE, auth=EDITORS, login=Login.BACKOFFICE, body=ActivityChangeSchema, response=AdminActivitySchema,
    errors=("changed_meanwhile", "activity_called_off"),
)  # fmt: skip
def patch_activity(call: Call, body: dict[str, Any], activity_id: str) -> dict[str, Any]:
    changes = activity_body(body)
    version = changes.pop("version")
    return _one(call, change_activity(call.tx, checked_id(activity_id), version, changes, acting(call)))


@endpoint(
    blp, "GET", f"{ONE}/participants", auth=READERS, login=Login.BACKOFFICE, query=PageQuery,
    response=list_schema(ParticipantSchema),
)  # fmt: skip
def list_participants(call: Call, activity_id: str) -> dict[str, Any]:
    row = activity(call.tx, checked_id(activity_id))
    return participants_page(call.tx, row.id, call.query["limit"], call.query.get("cursor"))


@endpoint(blp, "GET", f"{ONE}/code", auth=VENUE, login=Login.BACKOFFICE, response=VenueCodeSchema)
def get_venue_code(call: Call, activity_id: str) -> dict[str, Any]:
    """The code to show at the venue."""
    return venue_code(call, activity(call.tx, checked_id(activity_id)))


@endpoint(
    blp, "PUT", f"{ONE}/attendance", auth=VENUE, login=Login.EARNING, body=MarkSchema, response=MarkedSchema,
    errors=("activity_not_on", "member_not_active", "already_attended"),
)  # fmt: skip
def put_marked_attendance(call: Call, body: dict[str, Any], activity_id: str) -> dict[str, Any]:
    """Say that a member was there."""
    return {"points": mark_attended(call.tx, body["member"], checked_id(activity_id), body["reason"], acting(call))}
