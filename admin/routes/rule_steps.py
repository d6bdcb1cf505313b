"""The way of a version of an earning rule: submitted, approved, published, brought back, ended."""

from __future__ import annotations

from typing import Any

from admin.acting import acting
from admin.routes.rule_schemas import MomentSchema, RejectSchema, VersionSchema
from mall.db import Login
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.principals import fresh, staff
from points.earning.approval import approve, reject, submit
from points.earning.drafts import discard_draft
from points.earning.publishing import publish, retire, roll_back
from points.earning.versions import version

blp = api_blueprint("admin-rule-steps", __name__, description="Publishing the rules by which points are earned")
EDITORS = staff("rules")
VERSION = "/admin/earning-rules/<key>/versions/<int:number>"


@endpoint(
    blp, "POST", f"{VERSION}/submit", auth=EDITORS, login=Login.BACKOFFICE, response=VersionSchema,
    errors=("not_a_draft", "backtest_required"),
)  # fmt: skip
def submit_earning_rule_version(call: Call, key: str, number: int) -> Any:
    submit(call.tx, key, number, acting(call))
    return version(call.tx, key, number, call.now)


@endpoint(
    blp, "POST", f"{VERSION}/approve", auth=EDITORS, login=Login.BACKOFFICE, response=VersionSchema,
    errors=("not_submitted", "own_draft"),
)  # fmt: skip
def approve_earning_rule_version(call: Call, key: str, number: int) -> Any:
    approve(call.tx, key, number, acting(call))
    return version(call.tx, key, number, call.now)


@endpoint(
    blp, "POST", f"{VERSION}/reject", auth=EDITORS, login=Login.BACKOFFICE, body=RejectSchema,
    response=VersionSchema, errors=("not_submitted",),
)  # fmt: skip
def reject_earning_rule_version(call: Call, body: dict[str, Any], key: str, number: int) -> Any:
    reject(call.tx, key, number, body["reason"], acting(call))
    return version(call.tx, key, number, call.now)


@endpoint(
    blp, "POST", f"{VERSION}/discard", auth=EDITORS, login=Login.BACKOFFICE, response=VersionSchema,
    errors=("not_a_draft",),
)  # fmt: skip
def discard_earning_rule_version(call: Call, key: str, number: int) -> Any:
    discard_draft(call.tx, key, number, acting(call))
    return version(call.tx, key, number, call.now)


@endpoint(
    blp, "POST", f"{VERSION}/publish", auth=fresh(EDITORS), login=Login.BACKOFFICE, body=MomentSchema,
    response=VersionSchema, body_optional=True, errors=("not_a_draft", "approval_required", "backtest_required"),
)  # fmt: skip
def publish_earning_rule_version(call: Call, body: dict[str, Any], key: str, number: int) -> Any:
    publish(call.tx, key, number, acting(call), body.get("at"))
    return version(call.tx, key, number, call.now)


@endpoint(
    blp, "POST", f"{VERSION}/rollback", auth=fresh(EDITORS), login=Login.BACKOFFICE, response=VersionSchema, status=201,
    errors=("never_published", "in_force_already"),
)  # fmt: skip
def roll_back_earning_rule(call: Call, key: str, number: int) -> Any:
    """Back to version ``number``: the answer is the new version, a copy of it in force from now on."""
    copy = roll_back(call.tx, key, number, acting(call))
    return version(call.tx, key, copy.version, call.now)


@endpoint(
    blp, "POST", f"{VERSION}/retire", auth=EDITORS, login=Login.BACKOFFICE, body=MomentSchema,
    response=VersionSchema, body_optional=True, errors=("not_in_force",),
)  # fmt: skip
def retire_earning_rule_version(call: Call, body: dict[str, Any], key: str, number: int) -> Any:
    retire(call.tx, key, number, acting(call), body.get("at"))
    return version(call.tx, key, number, call.now)
