"""The page of a member: name, face, level, figures, and the ways on."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from mall.db import Login
from mall.http.call import Call
from mall.http.page import page
from mall.http.principals import MEMBER
from mall.identity.avatars import AVATARS
from mall.identity.members import change_profile, profile
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
        "avatar": seen.avatar,
        "level": seen.level,
        "balance": seen.balance,
        "username": own["username"],
        "joined_at": own["joined_at"],
        "restricted": call.member.restricted,
        "suspended": seen.suspended,
    }
    return render_template("storefront/me.html", me=shown)


@page(pages, "POST", "/me/nickname", auth=MEMBER, login=Login.REDEMPTION, on_error="/me")
def rename(call: Call) -> Redirect:
    """Another nickname."""
    change_profile(call.tx, call.member.member_id, {"nickname": request.form.get("nickname", "")[:100]})
    flash(_("Your nickname is changed."), "success")
    return redirect("/me", 303)


@page(pages, "GET", "/me/avatar", auth=MEMBER, login=Login.EARNING)
def avatar_page(call: Call) -> str:
    """The faces to choose from."""
    return render_template("storefront/avatar.html", avatars=AVATARS, chosen=call.member.avatar)


@page(pages, "POST", "/me/avatar", auth=MEMBER, login=Login.REDEMPTION, on_error="/me/avatar")
def choose_avatar(call: Call) -> Redirect:
    """Another face."""
    change_profile(call.tx, call.member.member_id, {"avatar": request.form.get("avatar", "")[:40]})
    flash(_("Your picture is changed."), "success")
    return redirect("/me", 303)
