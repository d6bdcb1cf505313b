"""Activities as members meet them: a list, signing up, and being there."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext as _
from marshmallow import fields
from werkzeug.wrappers import Response as Redirect

from mall.db import Login, run_tx
from mall.errors import NotFound
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Instant, StrictSchema, Text
from mall.http.page import page
from mall.http.pagination import PageQuery, list_schema, page_in_memory
from mall.http.principals import MEMBER, OPTIONAL_MEMBER, MemberPrincipal
from points.activities.attend import Seen, attend, open_activities, seen_activity, sign_up, withdraw
from points.routes.claims import counting_misses
from points.standing.levels import worded
from points.viewer import require_active, viewer

blp = api_blueprint("activities", __name__, description="Offline activities: signing up and being there")
pages = Blueprint("activities_pages", __name__)
ONE = "/activities/<activity_id>"
LONGEST_CODE = 40


class ActivitySchema(StrictSchema):
    """An activity. ``phase``: ``coming``, ``on`` (the code is taken), ``over`` or ``cancelled``.

    ``places_left`` null: no limit. ``signed_up`` and ``attended`` are the caller's own, false for nobody.
    """

    id = fields.String(required=True)
    title = fields.String(required=True)
    about = fields.String(required=True)
    place = fields.String(required=True)
    starts_at = Instant(required=True)
    ends_at = Instant(required=True)
    phase = fields.String(required=True)
    sign_up_needed = fields.Boolean(required=True)
    places_left = fields.Integer(required=True, allow_none=True)
    signed_up = fields.Boolean(required=True)
    attended = fields.Boolean(required=True)


class AttendanceInSchema(StrictSchema):
    """The code shown at the venue; case, spaces and hyphens do not matter."""

    code = Text(1, LONGEST_CODE, required=True)


class AttendedSchema(StrictSchema):
    """The points that being there brought."""

    points = fields.Integer(required=True)


def wire(seen: Seen) -> dict[str, Any]:
    """An activity, in wire form."""
    row = seen.activity
    return {
        "id": row.id, "title": worded(row.title), "about": worded(row.about), "place": worded(row.place),
        "starts_at": row.starts_at, "ends_at": row.ends_at, "phase": seen.phase, "sign_up_needed": row.sign_up_needed,
        "places_left": seen.places_left, "signed_up": seen.signed_up, "attended": seen.attended,
    }  # fmt: skip


def _who(call: Call) -> str | None:
    return call.principal.member_id if isinstance(call.principal, MemberPrincipal) else None


@endpoint(
    blp, "GET", "/activities", auth=OPTIONAL_MEMBER, login=Login.EARNING, query=PageQuery,
    response=list_schema(ActivitySchema),
)  # fmt: skip
def list_activities(call: Call) -> dict[str, Any]:
    """What is to come or on, the soonest first."""
    shown = [wire(one) for one in open_activities(call.tx, _who(call), call.now)]
    return page_in_memory(shown, call.query, lambda one: str(one["id"]))


@endpoint(blp, "GET", ONE, auth=OPTIONAL_MEMBER, login=Login.EARNING, response=ActivitySchema)
def get_activity(call: Call, activity_id: str) -> dict[str, Any]:
    return wire(seen_activity(call.tx, activity_id, _who(call), call.now))


@endpoint(
    blp, "PUT", f"{ONE}/sign-up", auth=MEMBER, login=Login.EARNING, response=ActivitySchema,
    errors=("activity_closed", "activity_full"),
)  # fmt: skip
def put_sign_up(call: Call, activity_id: str) -> dict[str, Any]:
    """Sign up; again changes nothing."""
    require_active(call.member)
    return wire(sign_up(call.tx, call.member.member_id, activity_id, call.now))


@endpoint(
    blp, "DELETE", f"{ONE}/sign-up", auth=MEMBER, login=Login.EARNING, response=ActivitySchema,
    errors=("activity_closed", "already_attended"),
)  # fmt: skip
def delete_sign_up(call: Call, activity_id: str) -> dict[str, Any]:
    """Give the place back."""
    return wire(withdraw(call.tx, call.member.member_id, activity_id, call.now))


@endpoint(
    blp, "PUT", f"{ONE}/attendance", auth=MEMBER, login=None, body=AttendanceInSchema, response=AttendedSchema,
    errors=("activity_not_on", "sign_up_needed", "already_attended", "too_many_misses"),
)  # fmt: skip
def put_attendance(call: Call, body: dict[str, Any], activity_id: str) -> dict[str, Any]:
    """Be there, once. Five wrong codes in 15 minutes are too many."""
    return {"points": _attend(call, activity_id, body["code"])}


def _attend(call: Call, activity_id: str, code: str) -> int:
    # An activity that is not there is no wrong code.
    run_tx(Login.EARNING, lambda tx: seen_activity(tx, activity_id, None, call.now))
    return counting_misses(call, lambda tx: attend(tx, call.member.member_id, activity_id, code, call.now))


@page(pages, "GET", "/activities", auth=OPTIONAL_MEMBER, login=Login.EARNING)
def activities(call: Call) -> str:
    """The list."""
    shown = [wire(one) for one in open_activities(call.tx, _who(call), call.now)]
    return render_template("storefront/activities.html", activities=shown)


@page(pages, "GET", ONE, auth=OPTIONAL_MEMBER, login=Login.EARNING)
def activity_page(call: Call, activity_id: str) -> str:
    """One activity; ``code`` in the address is what the QR at the venue holds."""
    shown = wire(seen_activity(call.tx, activity_id, _who(call), call.now))
    code = request.args.get("code", "").replace("\0", "")[:LONGEST_CODE]
    me = viewer(call.tx, call.principal, call.now)
    return render_template("storefront/activity.html", me=me, activity=shown, code=code)


@page(pages, "POST", f"{ONE}/sign-up", auth=MEMBER, login=Login.EARNING, on_error="/activities/{activity_id}")
def sign_up_form(call: Call, activity_id: str) -> Redirect:
    """Sign up, or give the place back."""
    if request.form.get("withdraw"):
        withdraw(call.tx, call.member.member_id, activity_id, call.now)
        flash(_("Your place is free for somebody else."), "success")
    else:
        require_active(call.member)
        sign_up(call.tx, call.member.member_id, activity_id, call.now)
        flash(_("You are signed up. See you there!"), "success")
    return redirect(f"/activities/{activity_id}", 303)


@page(pages, "POST", f"{ONE}/attendance", auth=MEMBER, login=None, on_error="/activities/{activity_id}")
def attendance_form(call: Call, activity_id: str) -> Redirect:
    """Be there."""
    code = request.form.get("code", "").strip()
    if not code or len(code) > LONGEST_CODE or "\0" in code:
        raise NotFound("attendance_code_not_good")
    points = _attend(call, activity_id, code)
    flash(_("Welcome! You have earned %(points)s points.", points=points) if points else _("Welcome!"), "success")
    return redirect(f"/activities/{activity_id}", 303)
