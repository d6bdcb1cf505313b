"""The honours page, and a member's own commendations."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext as _
from marshmallow import fields
from werkzeug.wrappers import Response as Redirect

from mall.db import Login
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Flag, Instant, StrictSchema
from mall.http.page import page
from mall.http.pagination import PageQuery, list_schema, page_in_memory
from mall.http.principals import MEMBER, OPTIONAL_MEMBER, PUBLIC, MemberPrincipal
from points.honours.commend import Honour, answer, honours_page, own_commendations
from points.honours.models import Commendation
from points.standing.levels import worded

blp = api_blueprint("honours", __name__, description="Members whom staff commend, and who agreed to be shown")
pages = Blueprint("honours_pages", __name__)
SHOWN = 30
OWN = "/me/honours/<commendation_id>"


class HonourSchema(StrictSchema):
    """A commendation that its member has agreed to show."""

    id = fields.String(required=True)
    nickname = fields.String(required=True)
    avatar = fields.String(required=True)
    text = fields.String(required=True)
    since = Instant(required=True)


class OwnHonourSchema(StrictSchema):
    """A commendation of the member's own; others see it only while it is ``public``."""

    id = fields.String(required=True)
    text = fields.String(required=True)
    state = fields.String(required=True)
    created_at = Instant(required=True)


class HonourAnswerSchema(StrictSchema):
    """Whether others may see it."""

    agreed = Flag(required=True)


@endpoint(blp, "GET", "/honours", auth=PUBLIC, login=Login.EARNING, query=PageQuery, response=list_schema(HonourSchema))
def list_honours(call: Call) -> dict[str, Any]:
    """Commended members who agreed, the newest first."""
    found, cursor = honours_page(call.tx, call.query["limit"], call.query.get("cursor"))
    return {"items": [_public_wire(one) for one in found], "next_cursor": cursor}


@endpoint(
    blp, "GET", "/me/honours", auth=MEMBER, login=Login.EARNING, query=PageQuery, response=list_schema(OwnHonourSchema)
)
def list_my_honours(call: Call) -> dict[str, Any]:
    """What staff say in the member's honour."""
    own = [_wire(row) for row in own_commendations(call.tx, call.member.member_id)]
    return page_in_memory(own, call.query, lambda one: str(one["id"]))


@endpoint(blp, "PUT", OWN, auth=MEMBER, login=Login.EARNING, body=HonourAnswerSchema, response=OwnHonourSchema)
def put_my_honour(call: Call, body: dict[str, Any], commendation_id: str) -> dict[str, Any]:
    """Agree that others see it, or no longer."""
    return _wire(answer(call.tx, call.member.member_id, commendation_id, body["agreed"], call.now))


@page(pages, "GET", "/honours", auth=OPTIONAL_MEMBER, login=Login.EARNING)
def honours(call: Call) -> str:
    """The honours page; on top of it, for a commended member, the choice."""
    found, _cursor = honours_page(call.tx, SHOWN, None)
    own = own_commendations(call.tx, call.principal.member_id) if isinstance(call.principal, MemberPrincipal) else []
    return render_template(
        "storefront/honours.html", own=[_wire(row) for row in own],
        honours=[_public_wire(one) for one in found],
    )  # fmt: skip


@page(pages, "POST", "/honours/<commendation_id>", auth=MEMBER, login=Login.EARNING, on_error="/honours")
def honour_choice(call: Call, commendation_id: str) -> Redirect:
    """Agree, or no longer."""
    agreed = request.form.get("agreed") == "1"
    answer(call.tx, call.member.member_id, commendation_id, agreed, call.now)
    flash(_("Thank you: it is on the honours page now.") if agreed else _("It is not shown to anybody."), "success")
    return redirect("/honours", 303)


def _public_wire(one: Honour) -> dict[str, Any]:
    named = {"id": one.id, "nickname": one.nickname, "avatar": one.avatar}
    return {**named, "text": worded(one.words), "since": one.since}


def _wire(row: Commendation) -> dict[str, Any]:
    return {"id": row.id, "text": worded(row.words), "state": row.state, "created_at": row.created_at}
