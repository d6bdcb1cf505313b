"""The programs around the mall, and the log of what reporting systems asked."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from admin.integrations import ClientState, integrations
from admin.reconciliation import reconcile_for_staff
from admin.routes.api_clients import OWNER
from mall.db import Login
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Choice, Instant, StrictSchema
from mall.http.ids import checked_id
from mall.http.pagination import PageQuery, list_schema
from mall.http.principals import staff
from mall.identity.api_clients import find_client
from mall.request_log import OUTCOMES, requests_page
from points.earning.reconcile_lines import Listed
from points.routes.reconciliation import ReconcileInSchema, ReconciliationSchema

blp = api_blueprint("admin-integrations", __name__, description="Programs around the mall, and what they asked")
READERS = staff("auditor")


class RequestsQuery(PageQuery):
    """``outcome``: ok (below 400), refused (4xx) or failed (5xx)."""

    outcome = Choice(OUTCOMES)


class ApiRequestSchema(StrictSchema):
    """One request; ``route`` is its template, so that no id stands in the log. ``at``: of a call that changed
    something, its hour only."""

    at = Instant(required=True, attribute="told_at")
    method = fields.String(required=True)
    route = fields.String(required=True)
    status = fields.Integer(required=True)
    ms = fields.Float(required=True)
    request_id = fields.String(required=True)


class CallsSchema(StrictSchema):
    """Calls of the last hour."""

    all = fields.Integer(required=True)
    refused = fields.Integer(required=True)
    failed = fields.Integer(required=True)


class ClientStateSchema(StrictSchema):
    """A reporting system as it stands."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    disabled = fields.Boolean(required=True)
    live_keys = fields.Integer(required=True)
    last_used_at = Instant(required=True, allow_none=True)
    key_ends_at = Instant(required=True, allow_none=True)
    calls = fields.Nested(CallsSchema, required=True)


class PaymentStateSchema(StrictSchema):
    """The payment provider; ``mode`` is test, live or null without a key."""

    mode = fields.String(required=True, allow_none=True)
    webhook_secret = fields.Boolean(required=True)
    last_event_at = Instant(required=True, allow_none=True)
    unsettled_events = fields.Integer(required=True)
    oldest_unsettled_at = Instant(required=True, allow_none=True)
    open_disputes = fields.Integer(required=True)
    flagged_payments = fields.Integer(required=True)
    failed_refunds = fields.Integer(required=True)


class ProviderStateSchema(StrictSchema):
    """A system that tops accounts up."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    active = fields.Boolean(required=True)
    waiting = fields.Integer(required=True)
    troubled = fields.Integer(required=True)


class WebhookStateSchema(StrictSchema):
    """Endpoints of webhooks: those that get through, that fail, that are off; and the messages that wait."""

    well = fields.Integer(required=True)
    failing = fields.Integer(required=True)
    off = fields.Integer(required=True)
    waiting = fields.Integer(required=True)


class IntegrationsSchema(StrictSchema):
    """Everything at once."""

    clients = fields.List(fields.Nested(ClientStateSchema), required=True)
    more_clients = fields.Boolean(required=True)
    payment = fields.Nested(PaymentStateSchema, required=True)
    providers = fields.List(fields.Nested(ProviderStateSchema), required=True)
    webhooks = fields.Nested(WebhookStateSchema, required=True)


@endpoint(blp, "GET", "/admin/integrations", auth=READERS, login=Login.BACKOFFICE, response=IntegrationsSchema)
def get_integrations(call: Call) -> dict[str, Any]:
    """Reporting systems with their calls of the last hour, the payment provider, top-up providers."""
    found = integrations(call.tx, call.now)
    return {
        "clients": [_client(state) for state in found.clients], "more_clients": found.more_clients,
        "payment": found.payment, "providers": found.providers, "webhooks": found.webhooks,
    }  # fmt: skip


@endpoint(
    blp, "GET", "/admin/api-clients/<client_id>/requests", auth=READERS, login=Login.BACKOFFICE, query=RequestsQuery,
    response=list_schema(ApiRequestSchema),
)  # fmt: skip
def list_client_requests(call: Call, client_id: str) -> dict[str, Any]:
    """What a reporting system asked in the last 30 days, newest first; no bodies."""
    client = find_client(call.tx, client_id)
    return requests_page(call.tx, client.id, call.query.get("outcome"), call.query["limit"], call.query.get("cursor"))


def _client(state: ClientState) -> dict[str, Any]:
    return {
        "id": state.client.id, "name": state.client.name, "disabled": state.client.disabled_at is not None,
        "live_keys": state.live_keys, "last_used_at": state.last_used_at, "key_ends_at": state.key_ends_at,
        "calls": state.calls,
    }  # fmt: skip


@endpoint(
    blp, "POST", "/admin/api-clients/<client_id>/reconciliation", auth=OWNER, login=Login.EARNING,
    body=ReconcileInSchema, response=ReconciliationSchema,
)  # fmt: skip
def post_client_reconciliation(call: Call, body: dict[str, Any], client_id: str) -> Any:
    """A source's own list beside what was booked for it; changes nothing, and the audit trail says whose it was."""
    lines = [Listed(one["id"], one.get("points")) for one in body["events"]]
    return reconcile_for_staff(call, checked_id(client_id), lines, body.get("since"), body.get("until"))
