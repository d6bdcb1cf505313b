"""The catalogue of badges, for the back office."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from admin.acting import acting
from admin.routes.catalog_schemas import Wording
from catalog.wording import wording
from mall.db import Login
from mall.errors import NotFound
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Flag, Instant, StrictSchema, Whole
from mall.http.pagination import PageQuery, list_schema, page_in_memory
from mall.http.principals import staff
from points.badges.holders import holders
from points.badges.keep import MOST_GOAL, KeptBadge, change_badge, kept_badges
from points.badges.words import condition_of, title_of
from points.segments.preview import Preview

blp = api_blueprint("admin-badges", __name__, description="The catalogue of badges")
READERS, EDITORS = staff("rules", "auditor"), staff("rules")
ONE = "/admin/badges/<code>"
MOST_TITLE, MOST_CONDITION = 30, 80
MOST_VERSION = 2**31 - 2


class BadgeChangeSchema(StrictSchema):
    """Changes of a badge; null: the mall's own. ``version``: of the badge that was looked at, 0 when never changed."""

    version = Whole(0, MOST_VERSION, required=True)
    title = Wording(1, MOST_TITLE, allow_none=True)
    condition = Wording(1, MOST_CONDITION, allow_none=True)
    goal = Whole(1, MOST_GOAL, allow_none=True)
    active = Flag()


class HoldersSchema(StrictSchema):
    """How many hold it; null: a badge for tips that fewer than 20 hold."""

    count = fields.Integer(required=True, allow_none=True)


class KeptBadgeSchema(StrictSchema):
    """A badge. ``title`` and ``condition`` null: the mall's own words, which ``shown`` has in the reader's language.

    ``fact``: the figure that it counts; ``usual_goal``: the mall's own.
    """

    code = fields.String(required=True)
    fact = fields.String(required=True)
    goal = fields.Integer(required=True)
    usual_goal = fields.Integer(required=True)
    private = fields.Boolean(required=True)
    active = fields.Boolean(required=True)
    title = fields.Dict(keys=fields.String(), values=fields.String(), required=True, allow_none=True)
    condition = fields.Dict(keys=fields.String(), values=fields.String(), required=True, allow_none=True)
    shown_title = fields.String(required=True)
    shown_condition = fields.String(required=True)
    version = fields.Integer(required=True)
    updated_by = fields.String(required=True, allow_none=True)
    updated_at = Instant(required=True, allow_none=True)


class HeldBadgeSchema(KeptBadgeSchema):
    """A badge, and how many hold it."""

    holders = fields.Nested(HoldersSchema, required=True)


def badge_wire(kept: KeptBadge) -> dict[str, Any]:
    """A badge for staff, in wire form."""
    badge = kept.badge
    return {
        "code": badge.code, "fact": badge.fact, "goal": badge.goal, "usual_goal": kept.usual_goal,
        "private": badge.private, "active": badge.active, "title": kept.title, "condition": kept.condition,
        "shown_title": title_of(kept), "shown_condition": condition_of(kept), "version": kept.version,
        "updated_by": kept.updated_by, "updated_at": kept.updated_at,
    }  # fmt: skip


def badge_changes(body: dict[str, Any]) -> dict[str, Any]:
    """Changes of a body as the mall keeps them."""
    return {name: wording(value) if name in ("title", "condition") and value else value for name, value in body.items()}


def held_wire(kept: KeptBadge, held: dict[str, Preview]) -> dict[str, Any]:
    """A badge with how many hold it."""
    return {**badge_wire(kept), "holders": {"count": held[kept.badge.code].count}}


@endpoint(
    blp, "GET", "/admin/badges", auth=READERS, login=Login.EARNING, query=PageQuery,
    response=list_schema(HeldBadgeSchema),
)  # fmt: skip
def list_badges(call: Call) -> dict[str, Any]:
    """The twenty, and how many hold each."""
    held = holders(call.tx)
    shown = [held_wire(kept, held) for kept in kept_badges(call.tx).values()]
    return page_in_memory(shown, call.query, lambda one: str(one["code"]))


@endpoint(blp, "GET", ONE, auth=READERS, login=Login.EARNING, response=HeldBadgeSchema)
def get_badge(call: Call, code: str) -> dict[str, Any]:
    found = kept_badges(call.tx).get(code)
    if found is None:
        raise NotFound()
    return held_wire(found, holders(call.tx))


@endpoint(
    blp, "PATCH", ONE, auth=EDITORS, login=Login.BACKOFFICE, body=BadgeChangeSchema, response=KeptBadgeSchema,
    errors=("changed_meanwhile",),
)  # fmt: skip
def patch_badge(call: Call, body: dict[str, Any], code: str) -> dict[str, Any]:
    """Other words, another goal, or given no more; what was earned is kept."""
    changes = badge_changes(body)
    return badge_wire(change_badge(call.tx, code, changes.pop("version"), changes, acting(call)))
