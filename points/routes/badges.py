"""A member's badges and growth: over the API and as pages."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template
from marshmallow import fields

from mall.db import Login, cursor
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Instant, StrictSchema
from mall.http.page import page
from mall.http.principals import MEMBER
from mall.identity.step_up import is_recent
from points.badges.award import Wall, wall
from points.badges.catalogue import CATALOGUE, Progress
from points.badges.words import condition_of, title_of
from points.earning.book_events import mall_zone
from points.standing.levels import ladder, standing_of, worded

blp = api_blueprint("badges", __name__, description="A member's badges")
pages = Blueprint("growth", __name__)
NEWEST = 4
FAMILIES = ("check_ins", "quizzes", "gifts", "donations", "membership", "tips")
_FAMILY_OF = {
    "check_in_streak": "check_ins", "check_ins": "check_ins", "quizzes": "quizzes", "full_marks": "quizzes",
    "redemptions": "gifts", "donations": "donations", "membership_days": "membership", "tips_adopted": "tips",
    "tips_solved": "tips",
}  # fmt: skip


class BadgeSchema(StrictSchema):
    """A badge: ``done`` of ``goal``, and since when it is the member's. ``private``: nobody else ever sees it."""

    code = fields.String(required=True)
    title = fields.String(required=True)
    condition = fields.String(required=True)
    done = fields.Integer(required=True)
    goal = fields.Integer(required=True)
    private = fields.Boolean(required=True)
    earned_at = Instant(required=True, allow_none=True)


class BadgesSchema(StrictSchema):
    """All badges; those for tips only within 15 minutes of giving the password, else ``private_hidden``."""

    badges = fields.List(fields.Nested(BadgeSchema), required=True)
    private_hidden = fields.Boolean(required=True)


@endpoint(blp, "GET", "/me/badges", auth=MEMBER, login=Login.EARNING, response=BadgesSchema)
def list_my_badges(call: Call) -> dict[str, Any]:
    """Badges with their progress; what has been reached meanwhile is earned by looking."""
    private = is_recent(call.member, call.now)
    shown = _wall(call, private=private)
    return {"badges": [_wire(one, shown) for one in shown.badges], "private_hidden": not private}


@page(pages, "GET", "/me/badges", auth=MEMBER, login=Login.EARNING)
def badge_wall(call: Call) -> str:
    """The wall of badges, by what they are for."""
    private = is_recent(call.member, call.now)
    shown = _wall(call, private=private)
    listed = [_wire(one, shown) | {"percent": one.percent, "family": _family(one)} for one in shown.badges]
    return render_template(
        "storefront/badges.html",
        families=[(name, [one for one in listed if one["family"] == name]) for name in FAMILIES],
        earned=len(shown.earned_at), total=len(listed), private=private, all_of_them=len(CATALOGUE),
    )  # fmt: skip


@page(pages, "GET", "/me/growth", auth=MEMBER, login=Login.EARNING)
def growth(call: Call) -> str:
    """Level, the way to the next, what levels bring, which points count, and the newest badges."""
    member_id = call.member.member_id
    steps, shown = ladder(cursor(call.tx)), _wall(call, private=False)
    levels = [
        {"number": number, "from_points": step.from_points, "name": worded(step.name), "perks": worded(step.perks)}
        for number, step in enumerate(steps.steps, start=1)
    ]
    by_code = {one.badge.code: one for one in shown.badges}
    newest = [_wire(by_code[code], shown) for code in list(shown.earned_at)[:NEWEST]]
    return render_template(
        "storefront/growth.html", level=standing_of(call.tx, member_id), levels=levels, months=steps.window_months,
        badges=newest, next_badge=_nearest(shown),
    )  # fmt: skip


def _wall(call: Call, *, private: bool) -> Wall:
    return wall(call.tx, call.member.member_id, call.now, mall_zone(), private=private)


def _nearest(shown: Wall) -> dict[str, Any] | None:
    """The badge that the least share is missing of."""
    left = [one for one in shown.badges if not one.earned]
    if not left:
        return None
    nearest = max(left, key=lambda one: one.percent)
    return _wire(nearest, shown) | {"percent": nearest.percent}


def _family(one: Progress) -> str:
    return _FAMILY_OF[one.badge.fact]


def _wire(one: Progress, shown: Wall) -> dict[str, Any]:
    kept = shown.kept[one.badge.code]
    return {
        "code": one.badge.code, "title": title_of(kept), "condition": condition_of(kept), "done": one.done,
        "goal": one.badge.goal, "private": one.badge.private, "earned_at": shown.earned_at.get(one.badge.code),
    }  # fmt: skip
