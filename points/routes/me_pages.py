"""The page of a member: name, level, figures, and the ways on."""

from __future__ import annotations

from flask import Blueprint, render_template

from mall.db import Login
from mall.http.call import Call
from mall.http.page import page
from mall.http.principals import MEMBER
from mall.identity.members import profile
from points.viewer import viewer

pages = Blueprint("me_pages", __name__)


@page(pages, "GET", "/me", auth=MEMBER, login=Login.EARNING)
def me(call: Call) -> str:
    """The signed-in member."""
    seen = viewer(call.tx, call.principal, call.now)
    assert seen is not None
    own = profile(call.tx, call.member.member_id)
    shown = {
        "nickname": seen.nickname,
        "level": seen.level,
        "balance": seen.balance,
        "username": own["username"],
        "joined_at": own["joined_at"],
        "restricted": call.member.restricted,
        "suspended": seen.suspended,
    }
    return render_template("storefront/me.html", me=shown)
