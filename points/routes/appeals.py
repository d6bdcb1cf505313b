"""A member's answers to points that are to be taken back, under the one neutral label."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext as _
from marshmallow import fields
from werkzeug.wrappers import Response as Redirect

from mall.db import Login
from mall.errors import Invalid
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Instant, StrictSchema, Text
from mall.http.page import page
from mall.http.pagination import PageQuery, list_schema, page_in_memory
from mall.http.principals import MEMBER
from mall.identity.step_up import require_full
from points.earning.appeals import answer, own_debits
from points.earning.awards_query import NEUTRAL_LABEL
from points.earning.source_models import AnnouncedDebit

pages = Blueprint("appeals_pages", __name__)
blp = api_blueprint("appeals", __name__, description="Answers to points that are to be taken back")
MOST_WORDS = 2000


class NewAppealSchema(StrictSchema):
    """An answer to an announced debit."""

    debit = Text(1, 60, required=True)
    answer = Text(1, MOST_WORDS, required=True, lines=True)


class OwnDebitSchema(StrictSchema):
    """Points to be taken at ``bites_at`` unless staff decide otherwise."""

    id = fields.String(required=True)
    points = fields.Integer(required=True)
    label = fields.String(required=True)
    state = fields.String(required=True)
    announced_at = Instant(required=True)
    bites_at = Instant(required=True)
    answered_at = Instant(required=True, allow_none=True)


def _wire(debit: AnnouncedDebit) -> dict[str, Any]:
    return {
        "id": debit.id, "points": debit.points, "label": NEUTRAL_LABEL, "state": debit.state,
        "announced_at": debit.announced_at, "bites_at": debit.bites_at, "answered_at": debit.answered_at,
    }  # fmt: skip


@endpoint(
    blp, "GET", "/me/appeals", auth=MEMBER, login=Login.EARNING, query=PageQuery, response=list_schema(OwnDebitSchema)
)
def get_appeals(call: Call) -> dict[str, Any]:
    require_full(call.member)
    debits = [_wire(debit) for debit in own_debits(call.tx, call.member.member_id)]
    return page_in_memory(debits, call.query, lambda debit: str(debit["id"]))


@endpoint(
    blp, "POST", "/me/appeals", auth=MEMBER, login=Login.EARNING, body=NewAppealSchema, response=OwnDebitSchema,
    status=201, errors=("already_answered", "already_decided"),
)  # fmt: skip
def post_appeal(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    require_full(call.member)
    return _wire(answer(call.tx, call.member.member_id, body["debit"], body["answer"], call.now))


@page(pages, "GET", "/appeals", auth=MEMBER, login=Login.EARNING)
def appeals_page(call: Call) -> str | Redirect:
    """Points that are to be taken back, and what became of earlier ones."""
    if call.member.restricted:
        return redirect("/me/confirm?next=/appeals", 303)
    return render_template("storefront/appeals.html", debits=own_debits(call.tx, call.member.member_id))


@page(pages, "POST", "/appeals", auth=MEMBER, login=Login.EARNING, on_error="/appeals")
def appeals_form(call: Call) -> Redirect:
    """An answer from the page."""
    require_full(call.member)
    words = request.form.get("answer", "").replace("\r\n", "\n").strip()
    if not 1 <= len(words) <= MOST_WORDS or "\0" in words:
        raise Invalid({"answer": [_("This field is required.")]})
    answer(call.tx, call.member.member_id, request.form.get("debit", "")[:60].replace("\0", ""), words, call.now)
    flash(_("We have your answer."), "success")
    return redirect("/appeals", 303)
