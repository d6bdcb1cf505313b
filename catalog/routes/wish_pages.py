"""Pages of what a member wishes for and is told."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from catalog.notices.kinds import GROUPS
from catalog.notices.preferences import groups_off, switch_off
from catalog.notices.queries import count_unread, mark_read, notices_page
from catalog.routes.shown import card
from catalog.wishes.wish import add_wish, remove_wish, wishes_page
from mall.db import Login
from mall.http.call import Call
from mall.http.ids import checked_id
from mall.http.page import page, safe_path
from mall.http.principals import MEMBER
from mall.i18n import language
from points.viewer import require_active, viewer

pages = Blueprint("wish_pages", __name__)
ON_A_PAGE = 20


@page(pages, "GET", "/wishes", auth=MEMBER, login=Login.REDEMPTION)
def wishes(call: Call) -> str:
    me = viewer(call.tx, call.principal, call.now)
    assert me is not None
    cursor = request.args.get("cursor") or None
    shown, cursor = wishes_page(call.tx, call.member.member_id, ON_A_PAGE, cursor, call.now)
    return render_template(
        "storefront/wishes.html",
        me=me,
        gifts=[card(one, me.balance.available, call.now) for one in shown],
        next_url=f"/wishes?{urlencode({'cursor': cursor})}" if cursor else None,
    )


@page(pages, "POST", "/gifts/<gift_id>/wish", auth=MEMBER, login=Login.REDEMPTION, on_error="/gifts/{gift_id}")
def wish_form(call: Call, gift_id: str) -> Redirect:
    """Put the gift on the list, or (``wish`` is 0) take it off."""
    member_id, gift = call.member.member_id, checked_id(gift_id)
    if request.form.get("wish") == "0":
        remove_wish(call.tx, member_id, gift, call.now)
        flash(_("Taken off your wish list."), "info")
    else:
        require_active(call.member)
        add_wish(call.tx, member_id, gift, call.now)
        flash(_("On your wish list: we tell you when you can have it."), "success")
    return redirect(safe_path(request.form.get("next"), f"/gifts/{gift}"), 303)


@page(pages, "GET", "/notices", auth=MEMBER, login=Login.REDEMPTION)
def notices(call: Call) -> str:
    member_id = call.member.member_id
    cursor = request.args.get("cursor") or None
    shown, cursor = notices_page(call.tx, member_id, ON_A_PAGE, cursor, language(), call.now)
    return render_template(
        "storefront/notices.html",
        me=viewer(call.tx, call.principal, call.now),
        notices=shown,
        unread=count_unread(call.tx, member_id),
        next_url=f"/notices?{urlencode({'cursor': cursor})}" if cursor else None,
    )


@page(pages, "GET", "/notices/settings", auth=MEMBER, login=Login.REDEMPTION)
def notice_settings(call: Call) -> str:
    return render_template("storefront/notice_settings.html", off=groups_off(call.tx, call.member.member_id))


@page(pages, "POST", "/notices/settings", auth=MEMBER, login=Login.REDEMPTION, on_error="/notices/settings")
def notice_settings_form(call: Call) -> Redirect:
    """What is ticked is wanted."""
    switch_off(call.tx, call.member.member_id, GROUPS.keys() - set(request.form.getlist("on")))
    flash(_("Saved."), "success")
    return redirect("/notices/settings", 303)


@page(pages, "POST", "/notices/read", auth=MEMBER, login=Login.REDEMPTION, on_error="/notices")
def read_form(call: Call) -> Redirect:
    """What was on the page has been read; what has come since has not."""
    until = request.form.get("until")
    mark_read(call.tx, call.member.member_id, checked_id(until) if until else None, call.now)
    return redirect("/notices", 303)
