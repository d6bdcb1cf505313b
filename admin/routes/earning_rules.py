"""Earning rules and their versions: reading, drafting, comparing, trying on an example."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from admin.acting import acting
from admin.routes.audit import AUDIT_LIST
from admin.routes.rule_schemas import (
    CompareQuery,
    ComparisonSchema,
    ControlsSchema,
    DraftChangeSchema,
    ExampleInSchema,
    ExamplesSchema,
    NewDraftSchema,
    NewRuleSchema,
    RuleChangeSchema,
    RuleListQuery,
    RuleSchema,
    VersionSchema,
)
from catalog.wording import wording
from mall.audit import AuditFilter, audit_page
from mall.db import Login
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.pagination import PageQuery, list_schema, page_in_memory
from mall.http.principals import OWNER_ROLE, fresh, staff
from points.earning.compare_display import told
from points.earning.drafts import change_draft, create_draft, create_rule, rename_rule
from points.earning.rule_examples import example
from points.earning.versions import (
    RuleView,
    change_controls,
    controls,
    rule,
    rules,
    subject,
    version,
    versions,
)
from points.earning.weighing import comparison

blp = api_blueprint("admin-earning-rules", __name__, description="Rules by which points are earned")
READERS = staff("rules", "auditor")
EDITORS = staff("rules")
RULE = "/admin/earning-rules/<key>"
VERSION = f"{RULE}/versions/<int:number>"


def _wire(view: RuleView) -> dict[str, Any]:
    return {"id": view.key, **asdict(view)}


@endpoint(
    blp, "GET", "/admin/earning-rules", auth=READERS, login=Login.BACKOFFICE, query=RuleListQuery,
    response=list_schema(RuleSchema),
)  # fmt: skip
def list_earning_rules(call: Call) -> dict[str, Any]:
    return page_in_memory([_wire(view) for view in rules(call.tx, call.now)], call.query, lambda one: str(one["key"]))


@endpoint(
    blp, "POST", "/admin/earning-rules", auth=EDITORS, login=Login.BACKOFFICE, body=NewRuleSchema,
    response=RuleSchema, status=201, errors=("rule_exists",),
)  # fmt: skip
def post_earning_rule(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    create_rule(call.tx, body["key"], wording(body["title"]), body["document"], acting(call))
    return _wire(rule(call.tx, body["key"], call.now))


@endpoint(blp, "GET", RULE, auth=READERS, login=Login.BACKOFFICE, response=RuleSchema)
def get_earning_rule(call: Call, key: str) -> dict[str, Any]:
    return _wire(rule(call.tx, key, call.now))


@endpoint(blp, "PATCH", RULE, auth=EDITORS, login=Login.BACKOFFICE, body=RuleChangeSchema, response=RuleSchema)
def patch_earning_rule(call: Call, body: dict[str, Any], key: str) -> dict[str, Any]:
    rename_rule(call.tx, key, wording(body["title"]), acting(call))
    return _wire(rule(call.tx, key, call.now))


@endpoint(
    blp, "GET", f"{RULE}/history", auth=READERS, login=Login.BACKOFFICE, query=PageQuery,
    response=AUDIT_LIST,
)  # fmt: skip
def list_earning_rule_history(call: Call, key: str) -> dict[str, Any]:
    rule(call.tx, key, call.now)
    return audit_page(call.tx, AuditFilter(subject=subject(key)), call.query["limit"], call.query.get("cursor"))


@endpoint(
    blp, "GET", f"{RULE}/versions", auth=READERS, login=Login.BACKOFFICE, query=PageQuery,
    response=list_schema(VersionSchema),
)  # fmt: skip
def list_earning_rule_versions(call: Call, key: str) -> dict[str, Any]:
    return page_in_memory(versions(call.tx, key, call.now), call.query, lambda view: str(view.version))


@endpoint(
    blp, "POST", f"{RULE}/versions", auth=EDITORS, login=Login.BACKOFFICE, body=NewDraftSchema,
    response=VersionSchema, status=201, body_optional=True,
)  # fmt: skip
def post_earning_rule_version(call: Call, body: dict[str, Any], key: str) -> Any:
    draft = create_draft(call.tx, key, acting(call), body.get("document"), body.get("based_on"))
    return version(call.tx, key, draft.version, call.now)


@endpoint(blp, "GET", VERSION, auth=READERS, login=Login.BACKOFFICE, response=VersionSchema)
def get_earning_rule_version(call: Call, key: str, number: int) -> Any:
    return version(call.tx, key, number, call.now)


@endpoint(
    blp, "PATCH", VERSION, auth=EDITORS, login=Login.BACKOFFICE, body=DraftChangeSchema, response=VersionSchema,
    errors=("not_a_draft", "edited_meanwhile"),
)  # fmt: skip
def patch_earning_rule_version(call: Call, body: dict[str, Any], key: str, number: int) -> Any:
    change_draft(call.tx, key, number, body["revision"], body["document"], acting(call))
    return version(call.tx, key, number, call.now)


@endpoint(
    blp, "GET", f"{VERSION}/compare", auth=READERS, login=Login.BACKOFFICE, query=CompareQuery,
    response=ComparisonSchema,
)  # fmt: skip
def compare_earning_rule_version(call: Call, key: str, number: int) -> dict[str, Any]:
    other = call.query.get("other")
    found = comparison(call.tx, key, number, int(other) if other else None, call.now)
    lines = [told(difference) for difference in found.differences]
    return {"rule": key, "version": number, "other": found.other, "differences": lines, "weight": found.weight}


@endpoint(
    blp, "POST", f"{VERSION}/example", auth=READERS, login=Login.BACKOFFICE, body=ExampleInSchema,
    response=ExamplesSchema,
)  # fmt: skip
def try_earning_rule_version(call: Call, body: dict[str, Any], key: str, number: int) -> Any:
    return example(call.tx, key, number, body["facts"], body.get("occurred_at", call.now), call.now)


@endpoint(blp, "GET", "/admin/rule-controls", auth=READERS, login=Login.BACKOFFICE, response=ControlsSchema)
def get_rule_controls(call: Call) -> Any:
    return controls(call.tx)


@endpoint(
    blp, "PATCH", "/admin/rule-controls", auth=fresh(staff(OWNER_ROLE)), login=Login.BACKOFFICE, body=ControlsSchema,
    response=ControlsSchema,
)  # fmt: skip
def patch_rule_controls(call: Call, body: dict[str, Any]) -> Any:
    return change_controls(call.tx, body, acting(call))
