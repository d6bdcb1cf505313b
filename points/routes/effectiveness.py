"""A member's effectiveness, over the API and as a page: only a short while after the password was given."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template
from marshmallow import fields
from werkzeug.wrappers import Response as Redirect

from mall.db import Login
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import StrictSchema
from mall.http.page import page
from mall.http.principals import MEMBER
from mall.identity.step_up import is_recent, require_recent
from points.earning.explain_display import value_name
from points.earning.own_effectiveness import own_effectiveness
from points.standing.effectiveness import PRIOR_ADOPTED, PRIOR_TIPS

blp = api_blueprint("effectiveness", __name__, description="How effective a member's tips are")
pages = Blueprint("effectiveness_pages", __name__)


class TipLineSchema(StrictSchema):
    """One tip: its latest stage, the day of it, and whether it counts as adopted."""

    stage = fields.String(required=True)
    day = fields.Date(required=True)
    counts = fields.String(required=True)


class EffectivenessSchema(StrictSchema):
    """Percent: (adopted + prior_adopted) ÷ (judged + prior_tips), rounded half up, of the tips since ``since``."""

    percent = fields.Integer(required=True)
    adopted = fields.Integer(required=True)
    judged = fields.Integer(required=True)
    waiting = fields.Integer(required=True)
    prior_adopted = fields.Integer(required=True)
    prior_tips = fields.Integer(required=True)
    since = fields.Date(required=True)
    lines = fields.List(fields.Nested(TipLineSchema), required=True)


@endpoint(blp, "GET", "/me/effectiveness", auth=MEMBER, login=Login.EARNING, response=EffectivenessSchema)
def get_effectiveness(call: Call) -> dict[str, Any]:
    require_recent(call.member, call.now)
    return _shown(call)


@page(pages, "GET", "/effectiveness", auth=MEMBER, login=Login.EARNING)
def effectiveness_page(call: Call) -> str | Redirect:
    """What a member's tips came to; asks for the password first."""
    if not is_recent(call.member, call.now):
        return redirect("/me/confirm?next=/effectiveness", 303)
    shown = _shown(call)
    for line in shown["lines"]:
        line["stage_text"] = value_name(line["stage"])
    return render_template("storefront/effectiveness.html", own=shown)


def _shown(call: Call) -> dict[str, Any]:
    own = own_effectiveness(call.tx, call.member.member_id, call.now)
    return {
        "percent": own.effectiveness.percent, "adopted": own.effectiveness.adopted,
        "judged": own.effectiveness.judged, "waiting": own.waiting, "prior_adopted": PRIOR_ADOPTED,
        "prior_tips": PRIOR_TIPS, "since": own.since,
        "lines": [{"stage": line.stage, "day": line.day, "counts": line.counts} for line in own.lines],
    }  # fmt: skip
