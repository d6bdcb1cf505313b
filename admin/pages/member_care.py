"""What staff do for and about a member on the page of the member: notes, freezing and its end."""

from __future__ import annotations

from flask import flash, redirect, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from admin.acting import traced
from admin.pages.blueprint import desk
from admin.pages.lists import day_start_of
from admin.routes.member_care import EDITORS, FreezeInSchema, NoteInSchema, UnfreezeInSchema
from mall.db import Login
from mall.errors import Invalid
from mall.http.call import Call, load
from mall.http.ids import checked_id
from mall.http.page import page
from mall.identity.freezing import freeze, unfreeze
from mall.identity.member_notes import add_note

pages = desk("member-care", __name__)
BACK = "/admin/members/{member_id}"


@page(pages, "POST", "/members/<member_id>/notes", auth=EDITORS, login=Login.BACKOFFICE, idempotent=True, on_error=BACK)
def write_note(call: Call, member_id: str) -> Redirect:
    """Write a note down; it cannot be changed."""
    body = load(NoteInSchema(), {"text": request.form.get("text", "")})
    add_note(call.tx, checked_id(member_id), body["text"], *traced(call))
    flash(_("The note is written down."), "success")
    return redirect(f"/admin/members/{member_id}", 303)


@page(pages, "POST", "/members/<member_id>/freeze", auth=EDITORS, login=Login.BACKOFFICE, on_error=BACK)
def freeze_member(call: Call, member_id: str) -> Redirect:
    """Freeze a member; ``until`` is the last day of it, empty: until somebody lifts it."""
    body = load(FreezeInSchema(), {"reason": request.form.get("reason", "")})
    errors: dict[str, list[str]] = {}
    ends_at = day_start_of(request.form.get("until", "").strip(), "until", errors, end=True)
    if errors:
        raise Invalid(errors)
    freeze(call.tx, checked_id(member_id), body["reason"], ends_at, *traced(call))
    flash(_("Frozen: the member can look at everything, but neither earn by own deeds nor redeem."), "success")
    return redirect(f"/admin/members/{member_id}", 303)


@page(pages, "POST", "/members/<member_id>/unfreeze", auth=EDITORS, login=Login.BACKOFFICE, on_error=BACK)
def unfreeze_member(call: Call, member_id: str) -> Redirect:
    """Let a frozen member act again."""
    body = load(UnfreezeInSchema(), {"reason": request.form.get("reason", "")})
    unfreeze(call.tx, checked_id(member_id), body["reason"], *traced(call))
    flash(_("The member can act again."), "success")
    return redirect(f"/admin/members/{member_id}", 303)
