"""Badges in the back office: what they are called, what they ask for, how many hold them."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from admin.acting import acting
from admin.pages.blueprint import desk
from admin.pages.forms import FORM_ERROR, at_fields, attempt, whole_typed, wording_typed
from admin.routes.badges import (
    EDITORS,
    MOST_CONDITION,
    MOST_TITLE,
    READERS,
    BadgeChangeSchema,
    badge_changes,
    badge_wire,
    held_wire,
)
from catalog.wording import LANGUAGES
from mall.db import Login
from mall.errors import MallError, NotFound
from mall.http.call import Call, load
from mall.http.page import page
from mall.http.problems import STATUS
from mall.identity.forms import messages_of
from points.badges.holders import holders
from points.badges.keep import KeptBadge, change_badge, kept_badges

pages = desk("badges", __name__)
LIST = "/admin/badges"
ONE = "/badges/<code>"
TEXTS = ("title", "condition")


@page(pages, "GET", "/badges", auth=READERS, login=Login.EARNING)
def badge_list(call: Call) -> str:
    """The twenty."""
    held = holders(call.tx)
    rows = [held_wire(kept, held) for kept in kept_badges(call.tx).values()]
    return render_template("admin/badges.html", rows=rows)


@page(pages, "GET", ONE, auth=READERS, login=Login.BACKOFFICE)
def badge_page(call: Call, code: str) -> str:
    """One badge."""
    kept = _kept(call, code)
    form: dict[str, Any] = {"goal": kept.badge.goal, "active": kept.badge.active}
    for text in TEXTS:
        words = getattr(kept, text) or {}
        form |= {f"{text}.{language}": words.get(language, "") for language in LANGUAGES}
    return _form(call, kept, form, {})


@page(pages, "POST", ONE, auth=EDITORS, login=Login.BACKOFFICE)
def save_badge(call: Call, code: str) -> Response | Redirect:
    """Change it, unless somebody else has meanwhile."""
    _kept(call, code)

    def work() -> KeptBadge:
        form = request.form
        goal = form.get("goal", "").strip()
        sent: dict[str, Any] = {text: wording_typed(text) or None for text in TEXTS}
        sent |= {"goal": whole_typed(goal, 10) if goal else None, "active": form.get("active") == "1"}
        body = badge_changes(load(BadgeChangeSchema(), {**sent, "version": whole_typed(form.get("version", ""), 10)}))
        return change_badge(call.tx, code, body.pop("version"), body, acting(call))

    made, error = attempt(call.tx, work)
    if made is None:
        return _again(call, code, error)
    flash(_("Saved. Who reaches a new goal gets the badge within a day."), "success")
    return redirect(LIST, 303)


def _again(call: Call, code: str, error: MallError | None) -> Response:
    assert error is not None
    errors = messages_of(at_fields(error, TEXTS), FORM_ERROR)
    form = {**request.form.to_dict(), "active": request.form.get("active") == "1"}
    return make_response(_form(call, _kept(call, code), form, errors), STATUS[error.kind])


def _form(call: Call, kept: KeptBadge, form: dict[str, Any], errors: Any) -> str:
    return render_template(
        "admin/badge.html", badge=badge_wire(kept), form=form, errors=errors,
        most={"title": MOST_TITLE, "condition": MOST_CONDITION},
        may_edit=EDITORS.opens_for(call.staff),
    )  # fmt: skip


def _kept(call: Call, code: str) -> KeptBadge:
    found = kept_badges(call.tx).get(code)
    if found is None:
        raise NotFound()
    return found
