"""The members desk: finding a member, standing and figures, the statement without where points came from."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from admin.acting import acting
from admin.pages.blueprint import desk
from admin.pages.lists import list_query
from admin.people import names_of_staff
from admin.routes.member_care import READERS as CARE_READERS
from admin.routes.members import READERS, HouseholdSchema, MembersQuery
from catalog.merging.requests import merges_of
from mall.db import Login
from mall.http.call import Call, load
from mall.http.fields import Text
from mall.http.page import page
from mall.http.pagination import PageQuery, decode_cursor, page_of
from mall.http.principals import staff
from mall.identity.freezing import freeze_of
from mall.identity.member_notes import notes_page
from mall.identity.member_search import search_members
from mall.identity.members import aliases_of, get_member
from mall.identity.models import Member
from mall.identity.resets import resets_of
from points.checkin.cards import unused_cards
from points.households.keep import household_of, housemates, set_household
from points.ledger.queries import balance, statement
from points.standing.levels import standing_of

pages = desk("members", __name__)
NOTES_SHOWN = 10
MOST_HOUSEMATES = 20


class MemberPageQuery(PageQuery):
    """Two lists on one page: ``cursor`` is the statement's, ``notes`` that of the notes."""

    notes = Text(1, 500)


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
    """One member; of an account that was merged the statement of before, for the figures go on in the other."""
    member = get_member(call.tx, member_id)
    query, errors = list_query(MemberPageQuery())
    own, seen = member.alias_of or member.id, decode_cursor(query.get("cursor"), int)
    rows = statement(call.tx, member.id, limit=query["limit"] + 1, before=seen[0] if seen else None)
    lines = page_of(rows, query["limit"], lambda row: (row.version,))
    household = household_of(call.tx, own)
    return render_template(
        "admin/member.html", member=member, balance=balance(call.tx, own, call.now), lines=lines["items"],
        next_cursor=lines["next_cursor"], errors=errors, may_adjust=call.staff.role in ("owner", "rules"),
        form={"household": household or ""}, cards=unused_cards(call.tx, own), level=standing_of(call.tx, own),
        housemates=_housemates(call, household, own), care=_care(call, member, query.get("notes")),
    )  # fmt: skip


def _housemates(call: Call, household: str | None, own: str) -> list[Member]:
    """The others of a household, by id."""
    others = [other for other in housemates(call.tx, household) if other != own] if household else []
    return [get_member(call.tx, other) for other in others[:MOST_HOUSEMATES]]


def _care(call: Call, member: Member, cursor: str | None) -> dict[str, Any] | None:
    """Notes, freeze and merges, for the roles that look after members; None for others."""
    if not CARE_READERS.opens_for(call.staff):
        return None
    resets = resets_of(call.tx, member.id)
    return {
        "notes": notes_page(call.tx, member.id, NOTES_SHOWN, cursor), "freeze": freeze_of(call.tx, member.id),
        "merges": merges_of(call.tx, member.id), "names": names_of_staff(call.tx),
        "resets": resets, "may_reset": member.username is not None and not any(
            one.state == "requested" for one in resets
        ),
        "merged": [get_member(call.tx, alias) for alias in aliases_of(call.tx, member.id)],
    }  # fmt: skip


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
