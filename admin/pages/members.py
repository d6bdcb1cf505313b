"""The members desk: finding a member, standing and figures, the statement without where points came from."""

from __future__ import annotations

from flask import flash, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from admin.acting import acting
from admin.pages.blueprint import desk
from admin.pages.lists import list_query
from admin.routes.members import READERS, HouseholdSchema, MembersQuery
from mall.db import Login
from mall.http.call import Call, load
from mall.http.page import page
from mall.http.pagination import PageQuery, decode_cursor, page_of
from mall.http.principals import staff
from mall.identity.member_search import search_members
from mall.identity.members import get_member
from points.checkin.cards import unused_cards
from points.households.keep import household_of, set_household
from points.ledger.queries import balance, statement

pages = desk("members", __name__)


@page(pages, "GET", "/members", auth=staff(*READERS), login=Login.BACKOFFICE)
def member_list(call: Call) -> str:
    """Members by id, or the beginning of a name."""
    query, errors = list_query(MembersQuery())
    found = search_members(call.tx, query.get("q"), query["limit"], query.get("cursor"))
    return render_template(
        "admin/members.html", members=found["items"], next_cursor=found["next_cursor"], query=query, errors=errors
    )  # fmt: skip


@page(pages, "GET", "/members/<member_id>", auth=staff(*READERS), login=Login.BACKOFFICE)
def member_page(call: Call, member_id: str) -> str:
    """One member."""
    member = get_member(call.tx, member_id)
    query, errors = list_query(PageQuery())
    own, seen = member.alias_of or member.id, decode_cursor(query.get("cursor"), int)
    rows = statement(call.tx, own, limit=query["limit"] + 1, before=seen[0] if seen else None)
    lines = page_of(rows, query["limit"], lambda row: (row.version,))
    return render_template(
        "admin/member.html", member=member, balance=balance(call.tx, own, call.now), lines=lines["items"],
        next_cursor=lines["next_cursor"], errors=errors, may_adjust=call.staff.role in ("owner", "rules"),
        form={"household": household_of(call.tx, own) or ""},
        cards=unused_cards(call.tx, own),
    )  # fmt: skip


@page(
    pages, "POST", "/members/<member_id>/household", auth=staff("rules"), login=Login.BACKOFFICE,
    on_error="/admin/members/{member_id}",
)  # fmt: skip
def save_household(call: Call, member_id: str) -> Redirect:
    """Count the member in a household; empty: in none."""
    body = load(HouseholdSchema(), {"household": request.form.get("household", "").strip() or None})
    set_household(call.tx, member_id, body["household"], acting(call))
    flash(_("Saved."), "success")
    return redirect(f"/admin/members/{member_id}", 303)
