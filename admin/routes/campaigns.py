"""Campaigns: factors on what rules pay, for a while and for some."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from admin.acting import acting
from admin.routes.catalog_schemas import Wording
from catalog.wording import wording
from mall.db import Login
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Flag, Instant, StrictSchema, Text, Whole
from mall.http.pagination import PageQuery, list_schema, page_in_memory
from mall.http.principals import fresh, staff
from points.earning.campaign_keeping import (
    campaign,
    campaigns,
    change_campaign,
    discard_campaign,
    draft_campaign,
    publish_campaign,
    retire_campaign,
)
from points.earning.drafts import KEY_PATTERN
from points.earning.rule_models import Campaign

blp = api_blueprint("admin-campaigns", __name__, description="Factors on what rules pay, for a while and for some")
READERS = staff("rules", "auditor")
EDITORS = staff("rules")
ONE = "/admin/campaigns/<campaign_key>"


class ActiveSchema(StrictSchema):
    """Dates (both included), weekdays (Monday is 1) and spans of hours, all by the mall's zone."""

    first_day = fields.String(allow_none=True)
    last_day = fields.String(allow_none=True)
    weekdays = fields.List(Whole(1, 7))
    hours = fields.List(fields.List(Whole(0, 24)))


class CampaignChangeSchema(StrictSchema):
    """What a campaign says (``points.earning.campaigns``). ``factor``: a decimal as text, at most 100."""

    name = Wording(1, 60, required=True)
    factor = Text(1, 20, required=True, pattern=r"[0-9.]{1,20}")
    rules = fields.List(Text(1, 60, pattern=KEY_PATTERN))
    active = fields.Nested(ActiveSchema)
    min_level = Whole(1, 5)
    condition = Text(0, 2000, lines=True)
    review = Flag()


class NewCampaignSchema(CampaignChangeSchema):
    """A new campaign, a draft at first."""

    key = Text(1, 60, required=True, pattern=KEY_PATTERN)


class CampaignSchema(StrictSchema):
    """A campaign; its key is its id."""

    id = fields.String(required=True)
    key = fields.String(required=True)
    state = fields.String(required=True)
    document = fields.Dict(keys=fields.String(), required=True)
    effective_from = Instant(required=True, allow_none=True)
    effective_until = Instant(required=True, allow_none=True)
    created_by = fields.String(required=True)
    created_at = Instant(required=True)


def document_of(body: dict[str, Any]) -> dict[str, Any]:
    """What a body of the API says, as the mall keeps it."""
    return {**{name: part for name, part in body.items() if name != "key"}, "name": wording(body["name"])}


def _wire(found: Campaign) -> dict[str, Any]:
    return {
        "id": found.key, "key": found.key, "state": found.state, "document": found.document,
        "effective_from": found.effective_from, "effective_until": found.effective_until,
        "created_by": found.created_by, "created_at": found.created_at,
    }  # fmt: skip


@endpoint(
    blp, "GET", "/admin/campaigns", auth=READERS, login=Login.BACKOFFICE, query=PageQuery,
    response=list_schema(CampaignSchema),
)  # fmt: skip
def list_campaigns(call: Call) -> dict[str, Any]:
    return page_in_memory([_wire(one) for one in campaigns(call.tx)], call.query, lambda one: str(one["key"]))


@endpoint(
    blp, "POST", "/admin/campaigns", auth=EDITORS, login=Login.BACKOFFICE, body=NewCampaignSchema,
    response=CampaignSchema, status=201, errors=("campaign_exists",),
)  # fmt: skip
def post_campaign(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    return _wire(draft_campaign(call.tx, body["key"], document_of(body), acting(call)))


@endpoint(blp, "GET", ONE, auth=READERS, login=Login.BACKOFFICE, response=CampaignSchema)
def get_campaign(call: Call, campaign_key: str) -> dict[str, Any]:
    return _wire(campaign(call.tx, campaign_key))


@endpoint(
    blp, "PUT", ONE, auth=EDITORS, login=Login.BACKOFFICE, body=CampaignChangeSchema, response=CampaignSchema,
    errors=("not_a_draft",),
)  # fmt: skip
def put_campaign(call: Call, body: dict[str, Any], campaign_key: str) -> dict[str, Any]:
    return _wire(change_campaign(call.tx, campaign_key, document_of(body), acting(call)))


@endpoint(blp, "DELETE", ONE, auth=EDITORS, login=Login.BACKOFFICE, status=204, errors=("not_a_draft",))
def delete_campaign(call: Call, campaign_key: str) -> None:
    discard_campaign(call.tx, campaign_key, acting(call))


@endpoint(
    blp, "POST", f"{ONE}/publish", auth=fresh(EDITORS), login=Login.BACKOFFICE, response=CampaignSchema,
    errors=("not_a_draft",),
)  # fmt: skip
def post_campaign_publication(call: Call, campaign_key: str) -> dict[str, Any]:
    return _wire(publish_campaign(call.tx, campaign_key, acting(call)))


@endpoint(
    blp, "POST", f"{ONE}/retire", auth=EDITORS, login=Login.BACKOFFICE, response=CampaignSchema,
    errors=("campaign_not_published",),
)  # fmt: skip
def post_campaign_end(call: Call, campaign_key: str) -> dict[str, Any]:
    return _wire(retire_campaign(call.tx, campaign_key, acting(call)))
