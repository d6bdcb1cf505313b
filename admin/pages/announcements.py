"""Announcements in the back office: a list, a form, a preview in both languages, and how many have read them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request
from flask_babel import force_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from admin.acting import acting
from admin.pages.addresses import address_with
from admin.pages.blueprint import desk
from admin.pages.forms import FORM_ERROR, at_fields, attempt, moment_of, moment_shown, whole_typed, wording_typed
from admin.pages.lists import list_query
from admin.routes.announcements import (
    EDITORS,
    MOST_BODY,
    MOST_TITLE,
    READERS,
    TEXTS,
    AnnouncementChangeSchema,
    NewAnnouncementSchema,
    SeenVersionSchema,
    admin_wire,
    announcement_body,
)
from catalog.announcements.keep import (
    announcement,
    announcements_page,
    change_announcement,
    create_announcement,
    phase_of,
    withdraw_announcement,
)
from catalog.announcements.models import AUDIENCES, Announcement
from catalog.announcements.phases import OPEN
from catalog.routes.shown import news_shown
from catalog.wording import LANGUAGES, in_language
from mall.db import Login
from mall.errors import MallError
from mall.http.call import Call, load
from mall.http.ids import checked_id
from mall.http.page import page
from mall.http.pagination import PageQuery
from mall.http.problems import STATUS
from mall.i18n import language
from mall.identity.forms import messages_of
from points.earning.book_events import mall_zone
from points.segments.keep import segments
from points.standing.level_keeping import levels_view

pages = desk("announcements", __name__)
LIST = "/admin/announcements"
ONE = "/announcements/<announcement_id>"
STANDS = timedelta(days=14)
"""How long an announcement stands unless its writer says otherwise."""


@page(pages, "GET", "/announcements", auth=READERS, login=Login.BACKOFFICE)
def announcement_list(call: Call) -> str:
    """The newest first."""
    query, _errors = list_query(PageQuery())
    found = announcements_page(call.tx, query["limit"], query.get("cursor"))
    return render_template(
        "admin/announcements.html", may_edit=EDITORS.opens_for(call.staff),
        next_url=address_with(cursor=found["next_cursor"]) if found["next_cursor"] else None,
        rows=[{**admin_wire(call, row), "name": in_language(row.title, language())} for row in found["items"]],
        segments=_segments(call),
    )  # fmt: skip


@page(pages, "GET", "/new-announcement", auth=EDITORS, login=Login.BACKOFFICE)
def new_announcement_page(call: Call) -> str:
    """The form."""
    until = (call.now + STANDS).astimezone(mall_zone()).replace(minute=0)
    return _form(call, None, {"audience": "everybody", "until_at": f"{until:%Y-%m-%dT%H:%M}"}, {})


@page(pages, "POST", "/new-announcement", auth=EDITORS, login=Login.BACKOFFICE)
def new_announcement(call: Call) -> Response | Redirect:
    """Keep it as a draft, or publish it."""

    def work() -> Announcement:
        return create_announcement(call.tx, announcement_body(load(NewAnnouncementSchema(), _body())), acting(call))

    made, error = attempt(call.tx, work)
    return _again(call, None, error) if made is None else _saved(call, made)


@page(pages, "GET", ONE, auth=READERS, login=Login.BACKOFFICE)
def announcement_page(call: Call, announcement_id: str) -> str:
    """The form, where it is, and how many have read it."""
    row = announcement(call.tx, checked_id(announcement_id))
    return _form(call, row, _form_of(row), {})


@page(pages, "POST", ONE, auth=EDITORS, login=Login.BACKOFFICE)
def save_announcement(call: Call, announcement_id: str) -> Response | Redirect:
    """Change one that nobody has seen yet."""
    name = announcement(call.tx, checked_id(announcement_id)).id

    def work() -> Announcement:
        sent = {**_body(), "version": whole_typed(request.form.get("version", ""), 10)}
        body = announcement_body(load(AnnouncementChangeSchema(), sent))
        return change_announcement(call.tx, name, body.pop("version"), body, acting(call))

    made, error = attempt(call.tx, work)
    return _again(call, announcement(call.tx, name), error) if made is None else _saved(call, made)


@page(
    pages, "POST", f"{ONE}/withdraw", auth=EDITORS, login=Login.BACKOFFICE,
    on_error="/admin/announcements/{announcement_id}",
)  # fmt: skip
def withdraw(call: Call, announcement_id: str) -> Redirect:
    """Take it out of every inbox."""
    body = load(SeenVersionSchema(), {"version": whole_typed(request.form.get("version", ""), 10)})
    row = withdraw_announcement(call.tx, checked_id(announcement_id), body["version"], acting(call))
    flash(_("Withdrawn: it is in no inbox any more."), "success")
    return redirect(f"{LIST}/{row.id}", 303)


@page(pages, "GET", f"{ONE}/preview/<lang>", auth=READERS, login=Login.BACKOFFICE)
def announcement_preview(call: Call, announcement_id: str, lang: str) -> str:
    """The page as members see it, in one of the languages."""
    row = announcement(call.tx, checked_id(announcement_id))
    with force_locale(lang if lang in LANGUAGES else LANGUAGES[0]):
        return render_template("storefront/news.html", news=news_shown(row), signed_in=False)


def _saved(call: Call, row: Announcement) -> Redirect:
    told = {
        "draft": _("Saved as a draft. Look at the preview, then publish it."),
        "scheduled": _("Scheduled. It can be changed until it goes out."),
    }
    flash(told.get(phase_of(row, call.now).value, _("Published: it is in the inboxes.")), "success")
    return redirect(f"{LIST}/{row.id}", 303)


def _body() -> dict[str, Any]:
    form = request.form
    body: dict[str, Any] = {text: wording_typed(text) for text in TEXTS}
    body |= {name: moment_of(form.get(name, "")) for name in ("from_at", "until_at")}
    audience = form.get("audience", "")
    if audience == "levels":
        body["levels"] = [whole_typed(number, 10) for number in form.getlist("levels")]
    if audience == "segment":
        body["segment"] = form.get("segment") or None
    return {
        **body, "link": form.get("link", "").strip() or None, "important": form.get("important") == "1",
        "audience": audience, "state": "published" if form.get("act") == "publish" else "draft",
    }  # fmt: skip


def _form_of(row: Announcement) -> dict[str, Any]:
    form: dict[str, Any] = {f"{text}.{lang}": getattr(row, text).get(lang, "") for text in TEXTS for lang in LANGUAGES}
    for name in ("from_at", "until_at"):
        form[name] = moment_shown(getattr(row, name))
    return {
        **form, "link": row.link or "", "important": row.important, "audience": row.audience,
        "levels": [str(number) for number in row.levels or ()], "segment": row.segment_id or "",
    }  # fmt: skip


def _again(call: Call, row: Announcement | None, error: MallError | None) -> Response:
    assert error is not None
    form = {**request.form.to_dict(), "levels": request.form.getlist("levels")}
    errors = messages_of(at_fields(error, TEXTS), FORM_ERROR)
    return make_response(_form(call, row, form, errors), STATUS[error.kind])


def _form(call: Call, row: Announcement | None, form: dict[str, Any], errors: Any) -> str:
    shown = None if row is None else {**admin_wire(call, row), "name": in_language(row.title, language())}
    levels = [in_language(step.name, language()) for step in levels_view(call.tx).ladder.steps]
    return render_template(
        "admin/announcement.html", announcement=shown, form=form, errors=errors, audiences=AUDIENCES,
        fixed=not EDITORS.opens_for(call.staff) or (row is not None and phase_of(row, call.now) not in OPEN),
        may_edit=EDITORS.opens_for(call.staff), segments=_segments(call), levels=list(enumerate(levels, start=1)),
        most={"title": MOST_TITLE, "body": MOST_BODY},
    )  # fmt: skip


def _segments(call: Call) -> dict[str, str]:
    return {one.id: in_language(one.name, language()) for one in segments(call.tx)}
