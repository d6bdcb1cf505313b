"""The OpenAPI operation of a route, from what the route declares."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from mall.http.fields import StrictSchema
from mall.http.route import Route
from mall.json_text import JSON_TYPE


class ProblemSchema(StrictSchema):
    """A refusal (RFC 9457)."""

    class Meta:
        unknown = "include"

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True, validate=validate.Range(min=400, max=599))
    detail = fields.String(required=True)
    instance = fields.String(required=True)
    code = fields.String(required=True)
    request_id = fields.String(required=True)
    errors = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))


PROBLEM = {"application/problem+json": {"schema": ProblemSchema}}
SECURITY: dict[str, list[dict[str, list[str]]]] = {
    "public": [],
    "optional_member": [{}, {"token": []}],
    "member": [{"token": []}],
    "staff": [{"token": []}],
    "client": [{"key": []}],
}
SECURITY_SCHEMES = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "Token of a member (POST /sessions) or of staff (POST /staff/sessions).",
    },
    "key": {"type": "http", "scheme": "bearer", "description": "Key of a reporting system: mall_live_…"},
}


def _problem(description: str, *, retry: bool = False) -> dict[str, Any]:
    response: dict[str, Any] = {"description": description, "content": PROBLEM}
    if retry:
        response["headers"] = {"Retry-After": {"description": "Seconds to wait", "schema": {"type": "integer"}}}
    return response


def _responses(route: Route) -> dict[str, Any]:
    done: dict[str, Any] = {"description": "Done"}
    if route.response is not None:
        done["content"] = {JSON_TYPE: {"schema": route.response}}
    responses = {str(route.status): done}
    if route.status == 201:
        responses["200"] = {**done, "description": "Done before: the first answer again"}
    responses["400"] = _problem("The request cannot be read, or a required header is missing")
    if route.auth.kind != "public":
        responses["401"] = _problem("No valid credential")
        again = "; `step_up_required`: give the password again (POST /staff/sessions/step-up)"
        responses["403"] = _problem(f"The credential does not allow this{again if route.auth.fresh else ''}")
    else:
        responses["401"] = _problem("Wrong credential")
    responses["404"] = _problem("Not found, or somebody else's")
    codes = [*(["request_in_progress"] if route.method == "POST" else []), *route.errors]
    if codes:
        responses["409"] = _problem(f"The state of things refuses it: {', '.join(f'`{code}`' for code in codes)}")
    if route.method != "GET":
        responses["413"] = _problem("The body is too large")
        responses["415"] = _problem("Another media type is needed")
    responses["422"] = _problem("Values are not valid; `errors` names the fields")
    responses["429"] = _problem("A limit was reached", retry=True)
    responses["503"] = _problem("Not available at the moment", retry=True)
    return responses


def describe(route: Route, operation_id: str) -> dict[str, Any]:
    """The operation object, with marshmallow schemas left for apispec to resolve."""
    operation: dict[str, Any] = {
        "operationId": operation_id,
        "responses": _responses(route),
        "security": SECURITY[route.auth.kind],
    }
    if route.auth.fresh:
        operation["x-step-up"] = True
    if route.auth.names:
        operation["x-roles-or-scopes"] = list(route.auth.names)
    schema: Any = route.body
    if schema is None and route.body_types != (JSON_TYPE,):
        schema = {"type": "string", "format": "binary"}
    if schema is not None:
        content = {name: {"schema": schema} for name in route.body_types}
        operation["requestBody"] = {"required": not route.body_optional, "content": content}
    parameters: list[dict[str, Any]] = []
    if route.query is not None:
        parameters.append({"in": "query", "schema": route.query})
    if route.idempotency is not None:
        parameters.append(
            {
                "in": "header",
                "name": "Idempotency-Key",
                "required": route.idempotency == "required",
                "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
            }
        )
    if parameters:
        operation["parameters"] = parameters
    return operation
