"""Where a member's points came from, on a page of its own that nothing remembers."""

from __future__ import annotations

from flask import Response, flash, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as Redirect

from admin.pages.blueprint import desk
from admin.pages.forms import attempt
from admin.routes.member_sources import READERS, SourcesReasonSchema
from mall.db import Login
from mall.errors import NotFound
from mall.http.call import Call, load
from mall.http.ids import checked_id
from mall.http.page import page
from mall.http.principals import fresh
from mall.http.problems import problem_of
from mall.identity.members import get_member
from points.badges.keep import kept_badges
from points.badges.words import title_of
from points.earning.read_sources import Sources, read_sources

pages = desk("member-sources", __name__)


@page(pages, "POST", "/members/<member_id>/sources", auth=fresh(READERS), login=Login.EARNING)
def member_sources(call: Call, member_id: str) -> Response | Redirect:
    """Read them, with a reason; a refusal is told on the member's page."""
    wanted = checked_id(member_id)

    def work() -> Sources:
        body = load(SourcesReasonSchema(), {"reason": request.form.get("reason", "")})
        return read_sources(call.tx, wanted, body["reason"], call.staff, call.now, call.request_id)

    found, error = attempt(call.tx, work)
    if isinstance(error, NotFound):
        raise error
    if error is not None or found is None:
        assert error is not None
        flash(str(problem_of(error)["detail"]), "error")
        return redirect(f"/admin/members/{wanted}", 303)
    kept = kept_badges(call.tx)
    badges = " · ".join(title_of(kept[code]) for code in found.badges)
    body = render_template(
        "admin/member_sources.html", found=found, member=get_member(call.tx, wanted), badges=badges
    )  # fmt: skip
    response = make_response(body)
    response.headers["Cache-Control"] = "no-store"
    return response
