"""Where a member's points came from: for the roles that may know, with a reason, and with a trace."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from mall.db import Login
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Instant, StrictSchema, Text
from mall.http.principals import fresh, staff
from points.earning.read_sources import Sources, read_sources

blp = api_blueprint("admin-member-sources", __name__, description="Where a member's points came from")
READERS = staff("rules", "auditor")


class SourcesReasonSchema(StrictSchema):
    """Why somebody has to know."""

    reason = Text(2, 500, required=True, lines=True)


class SourceLineSchema(StrictSchema):
    """A movement and what it was for; ``event_id`` is the source's own."""

    posted_at = Instant(required=True)
    points = fields.Integer(required=True)
    rule = fields.String(required=True)
    rule_version = fields.Integer(required=True)
    source = fields.String(required=True)
    type = fields.String(required=True)
    stage = fields.String(required=True, allow_none=True)
    event_id = fields.String(required=True, allow_none=True)


class StandingReadSchema(StrictSchema):
    """Effectiveness in percent, and the tips it counts."""

    percent = fields.Integer(required=True)
    adopted = fields.Integer(required=True)
    judged = fields.Integer(required=True)


class SourcesSchema(StrictSchema):
    """The newest 100 movements with their sources, and the standing that is confidential too."""

    member = fields.String(required=True)
    effectiveness = fields.Nested(StandingReadSchema, required=True)
    waiting_tips = fields.Integer(required=True)
    badges = fields.List(fields.String(), required=True)
    lines = fields.List(fields.Nested(SourceLineSchema), required=True)


@endpoint(
    blp, "POST", "/admin/members/<member_id>/sources", auth=fresh(READERS), login=Login.EARNING,
    body=SourcesReasonSchema, response=SourcesSchema,
)  # fmt: skip
def post_read_sources(call: Call, body: dict[str, Any], member_id: str) -> dict[str, Any]:
    """Read them; each time is an entry of the audit trail. Asks for a sign-in within the last 15 minutes."""
    found: Sources = read_sources(call.tx, member_id, body["reason"], call.staff, call.now, call.request_id)
    shown = found.effectiveness
    return {
        "member": found.member_id, "waiting_tips": found.waiting_tips, "badges": found.badges, "lines": found.lines,
        "effectiveness": {"percent": shown.percent, "adopted": shown.adopted, "judged": shown.judged},
    }  # fmt: skip
