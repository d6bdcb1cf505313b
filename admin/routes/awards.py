"""Awards that wait for staff: seen, confirmed, lowered, cancelled; by rule, quiz or campaign all together."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from admin.acting import acting
from admin.award_decisions import decide as decide_all
from admin.award_decisions import decide_one, decide_waiting
from mall.db import Login
from mall.errors import MallError
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Choice, Instant, Points, StrictSchema, Text
from mall.http.pagination import PageQuery, list_schema
from mall.http.principals import staff
from mall.http.problems import problem_of
from points.earning.award_decisions import ACTIONS, Decision
from points.earning.award_lists import AwardFilter, award_page, award_row
from points.earning.drafts import KEY_PATTERN
from points.earning.explain import Line
from points.earning.explain_display import localized
from points.earning.periods import FOREVER
from points.earning.source_models import Award

blp = api_blueprint("admin-awards", __name__, description="Awards that wait until staff confirm them")
READERS = staff("rules", "auditor")
EDITORS = staff("rules")
ONE = "/admin/awards/<award_id>"


class AwardQuery(PageQuery):
    """Awards that wait, or that can be spent; of one rule."""

    state = Choice(("pending", "active"))
    rule = Text(1, 60, pattern=KEY_PATTERN)


class ReasonSchema(StrictSchema):
    """Why; it goes into the audit trail."""

    reason = Text(1, 500, required=True, lines=True)


class AdjustAwardSchema(ReasonSchema):
    """What the award grants in all from now on; less than it does."""

    points = Points(required=True)


class DecisionSchema(ReasonSchema):
    """A decision on one award; ``points`` with ``adjust`` only."""

    award = Text(1, 60, required=True)
    action = Choice(ACTIONS, required=True)
    points = Points()


class DecisionsSchema(StrictSchema):
    """Decisions on many awards; each stands alone."""

    decisions = fields.List(
        fields.Nested(DecisionSchema), required=True, validate=lambda listed: 1 <= len(listed) <= 100
    )


class ReviewSchema(ReasonSchema):
    """One decision for all that wait of a rule, of a rule and a quiz of the mall, or of a rule and a campaign."""

    action = Choice(("confirm", "cancel"), required=True)
    rule = Text(1, 60, required=True, pattern=KEY_PATTERN)
    quiz = Text(1, 60)
    campaign = Text(1, 60, pattern=KEY_PATTERN)


class AdminAwardSchema(StrictSchema):
    """An award. ``member`` is null for a confidential one: it would name who gave a tip."""

    id = fields.String(required=True)
    rule = fields.String(required=True)
    rule_version = fields.Integer(required=True)
    points = fields.Integer(required=True)
    explanation = fields.List(fields.String(), required=True)
    member = fields.String(required=True, allow_none=True)
    visibility = fields.String(required=True)
    booked_at = Instant(required=True)
    available_at = Instant(required=True, allow_none=True)
    expires_at = Instant(required=True, allow_none=True)


class DecidedSchema(StrictSchema):
    """What became of one decision: ``award`` when ``status`` is 200, else ``problem``."""

    index = fields.Integer(required=True)
    status = fields.Integer(required=True)
    award = fields.Nested(AdminAwardSchema)
    problem = fields.Dict()


class DecidedListSchema(StrictSchema):
    """What became of each decision."""

    results = fields.List(fields.Nested(DecidedSchema), required=True)


class ReviewedSchema(StrictSchema):
    """How many awards were decided, and how many still wait: ask again while there are."""

    decided = fields.Integer(required=True)
    left = fields.Integer(required=True)


def _wire(award: Award) -> dict[str, Any]:
    return {
        "id": award.award_id, "rule": award.rule_key, "rule_version": award.rule_version, "points": award.points,
        "explanation": [localized(Line.read(line)) for line in award.explanation],
        "member": award.member_id if award.visibility == "public" else None,
        "visibility": award.visibility, "booked_at": award.booked_at, "available_at": award.available_at,
        "expires_at": award.expires_at if award.expires_at != FOREVER else None,
    }  # fmt: skip


def _decided(call: Call, award_id: str, action: str, body: dict[str, Any]) -> dict[str, Any]:
    decide_one(call.tx, Decision(award_id, action, body["reason"], body.get("points")), acting(call))
    return _wire(award_row(call.tx, award_id))


@endpoint(
    blp, "GET", "/admin/awards", auth=READERS, login=Login.EARNING, query=AwardQuery,
    response=list_schema(AdminAwardSchema),
)  # fmt: skip
def list_awards(call: Call) -> dict[str, Any]:
    wanted = AwardFilter(call.query.get("state") or "pending", call.query.get("rule"))
    page = award_page(call.tx, wanted, call.query["limit"], call.query.get("cursor"), call.now)
    return {**page, "items": [_wire(award) for award in page["items"]]}


@endpoint(blp, "GET", ONE, auth=READERS, login=Login.EARNING, response=AdminAwardSchema)
def get_award(call: Call, award_id: str) -> dict[str, Any]:
    return _wire(award_row(call.tx, award_id))


@endpoint(
    blp, "POST", f"{ONE}/confirm", auth=EDITORS, login=Login.EARNING, body=ReasonSchema, response=AdminAwardSchema,
    errors=("award_not_pending",),
)  # fmt: skip
def confirm_award(call: Call, body: dict[str, Any], award_id: str) -> dict[str, Any]:
    return _decided(call, award_id, "confirm", body)


@endpoint(
    blp, "POST", f"{ONE}/adjust", auth=EDITORS, login=Login.EARNING, body=AdjustAwardSchema,
    response=AdminAwardSchema, errors=("award_not_pending",),
)  # fmt: skip
def adjust_award(call: Call, body: dict[str, Any], award_id: str) -> dict[str, Any]:
    return _decided(call, award_id, "adjust", body)


@endpoint(
    blp, "POST", f"{ONE}/cancel", auth=EDITORS, login=Login.EARNING, body=ReasonSchema, response=AdminAwardSchema,
    errors=("award_not_pending",),
)  # fmt: skip
def cancel_award(call: Call, body: dict[str, Any], award_id: str) -> dict[str, Any]:
    return _decided(call, award_id, "cancel", body)


@endpoint(
    blp, "POST", "/admin/awards/decisions", auth=EDITORS, login=Login.EARNING, body=DecisionsSchema,
    response=DecidedListSchema,
)  # fmt: skip
def post_award_decisions(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    decisions = [
        Decision(one["award"], one["action"], one["reason"], one.get("points")) for one in body["decisions"]
    ]  # fmt: skip
    results: list[dict[str, Any]] = []
    for index, outcome in enumerate(decide_all(call.tx, decisions, acting(call))):
        if isinstance(outcome, MallError):
            problem = problem_of(outcome)
            results.append({"index": index, "status": problem["status"], "problem": problem})
        else:
            results.append({"index": index, "status": 200, "award": _wire(award_row(call.tx, outcome.award_id))})
    return {"results": results}


@endpoint(
    blp, "POST", "/admin/awards/review", auth=EDITORS, login=Login.EARNING, body=ReviewSchema,
    response=ReviewedSchema,
)  # fmt: skip
def review_awards(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """Confirm or void together what waits, at most 500 awards in one call."""
    outcomes, count = decide_waiting(call.tx, body, acting(call))
    decided = sum(not isinstance(outcome, MallError) for outcome in outcomes)
    return {"decided": decided, "left": count - decided}
