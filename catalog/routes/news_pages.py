"""An announcement as a page of its own."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template
from werkzeug.wrappers import Response as Redirect

from catalog.announcements.read import find_told, has_read, mark_told
from catalog.routes.shown import news_shown
from mall.db import Login
from mall.http.call import Call
from mall.http.ids import checked_id
from mall.http.page import page
from mall.http.principals import MEMBER, OPTIONAL_MEMBER, MemberPrincipal

pages = Blueprint("news_pages", __name__)


@page(pages, "GET", "/news/<announcement_id>", auth=OPTIONAL_MEMBER, login=Login.REDEMPTION)
def news(call: Call, announcement_id: str) -> str:
    """What staff tell. The page itself says that it was read, by a form that needs no tap where there is a script."""
    who = call.principal.member_id if isinstance(call.principal, MemberPrincipal) else None
    row = find_told(call.tx, checked_id(announcement_id), who, call.now)
    read = who is not None and has_read(call.tx, who, row.id)
    return render_template("storefront/news.html", news=news_shown(row), signed_in=who is not None, read=read)


@page(
    pages, "POST", "/news/<announcement_id>/read", auth=MEMBER, login=Login.REDEMPTION, on_error="/notices"
)  # fmt: skip
def read_news(call: Call, announcement_id: str) -> Redirect:
    """The member has read it."""
    row = find_told(call.tx, checked_id(announcement_id), call.member.member_id, call.now)
    mark_told(call.tx, call.member.member_id, [row.id], call.now)
    return redirect(f"/news/{row.id}", 303)
