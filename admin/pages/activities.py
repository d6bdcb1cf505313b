"""Activities in the back office: a list, a form, who was there, and the screen for the venue."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from admin.acting import acting
from admin.pages.addresses import address_with
from admin.pages.blueprint import desk
from admin.pages.forms import FORM_ERROR, attempt, moment_of, moment_shown, whole_typed
from admin.people import names_of_staff, nicknames_of
from admin.routes.activities import (
    EDITORS,
    READERS,
    TEXTS,
    VENUE,
    ActivityChangeSchema,
    MarkSchema,
    NewActivitySchema,
    activity_body,
    activity_wire,
    venue_code,
)
from mall.db import Login
from mall.errors import MallError
from mall.http.call import Call, load, read_query
from mall.http.ids import checked_id
from mall.http.page import page
from mall.http.pagination import PageQuery
from mall.http.principals import staff
from mall.http.problems import STATUS
from mall.identity.forms import messages_of
from mall.qr import qr_svg
from points.activities.attend import mark_attended
from points.activities.codes import shown
from points.activities.keep import (
    activities_page,
    activity,
    change_activity,
    counts,
    create_activity,
    participants_page,
)
from points.activities.models import STATES, Activity
from points.standing.levels import worded

pages = desk("activities", __name__)
LIST = "/admin/activities"
ONE = "/activities/<activity_id>"
LANGUAGES = ("zh", "en")
FIELDS = (*(f"{text}.{language}" for text in TEXTS for language in LANGUAGES), "starts_at", "ends_at", "capacity")
SEEN_BY = staff("rules", "auditor", "fulfilment")


@page(pages, "GET", "/activities", auth=SEEN_BY, login=Login.BACKOFFICE)
def activity_list(call: Call) -> str:
    """The newest first."""
    query = read_query(PageQuery())
    found = activities_page(call.tx, query["limit"], query.get("cursor"))
    came = counts(call.tx, [row.id for row in found["items"]])
    return render_template(
        "admin/activities.html", may_edit=EDITORS.opens_for(call.staff),
        next_url=address_with(cursor=found["next_cursor"]) if found["next_cursor"] else None,
        rows=[{**activity_wire(call, row, came), "name": worded(row.title)} for row in found["items"]],
    )  # fmt: skip


@page(pages, "GET", "/new-activity", auth=EDITORS, login=Login.BACKOFFICE)
def new_activity_page(call: Call) -> str:
    """The form."""
    return _form(call, None, {"state": "draft"}, {})


@page(pages, "POST", "/new-activity", auth=EDITORS, login=Login.BACKOFFICE)
def new_activity(call: Call) -> Response | Redirect:
    """Make one."""

    def work() -> Activity:
        return create_activity(call.tx, activity_body(load(NewActivitySchema(), _body())), acting(call))

    made, error = attempt(call.tx, work)
    return _again(call, None, error) if made is None else _saved(made.id)


@page(pages, "GET", ONE, auth=SEEN_BY, login=Login.BACKOFFICE)
def activity_page(call: Call, activity_id: str) -> str:
    """The form, and who signed up or came."""
    row = activity(call.tx, checked_id(activity_id))
    return _form(call, row, _form_of(row), {})


@page(pages, "POST", ONE, auth=EDITORS, login=Login.BACKOFFICE)
def save_activity(call: Call, activity_id: str) -> Response | Redirect:
    """Change one."""
    name, seen = checked_id(activity_id), request.form.get("version", "")

    def work() -> Activity:
        body = activity_body(load(ActivityChangeSchema(), {**_body(), "version": whole_typed(seen, 10)}))
        return change_activity(call.tx, name, body.pop("version"), body, acting(call))

    made, error = attempt(call.tx, work)
    return _again(call, activity(call.tx, name), error) if made is None else _saved(name)


@page(pages, "GET", f"{ONE}/screen", auth=VENUE, login=Login.BACKOFFICE)
def venue_screen(call: Call, activity_id: str) -> str:
    """The code of the moment, large, for the venue; it renews itself."""
    row = activity(call.tx, checked_id(activity_id))
    now = venue_code(call, row)
    return render_template(
        "admin/venue_screen.html", activity=row, name=worded(row.title), place=worded(row.place),
        code=shown(now["code"]), seconds=now["seconds"], picture=qr_svg(now["url"]), came=counts(call.tx, [row.id]),
    )  # fmt: skip


@page(
    pages, "POST", f"{ONE}/attendance", auth=VENUE, login=Login.EARNING, on_error="/admin/activities/{activity_id}"
)  # fmt: skip
def mark(call: Call, activity_id: str) -> Redirect:
    """Say that a member was there."""
    form = request.form
    body = load(MarkSchema(), {name: form.get(name, "").strip() for name in ("member", "reason")})
    points = mark_attended(call.tx, body["member"], checked_id(activity_id), body["reason"], acting(call))
    flash(_("Noted; it brought %(points)s points.", points=points), "success")
    return redirect(f"{LIST}/{activity_id}", 303)


def _saved(activity_id: str) -> Redirect:
    flash(_("Saved."), "success")
    return redirect(f"{LIST}/{activity_id}", 303)


def _body() -> dict[str, Any]:
    get = request.form.get
    body: dict[str, Any] = {}
    for text in TEXTS:
        words = {language: get(f"{text}.{language}", "").strip() for language in LANGUAGES}
        body[text] = {language: word for language, word in words.items() if word}
    capacity = get("capacity", "").strip()
    body |= {name: moment_of(get(name, "")) or "" for name in ("starts_at", "ends_at")}
    return {
        **body, "capacity": whole_typed(capacity, 10) if capacity else None,
        "sign_up_needed": get("sign_up_needed") == "1", "state": get("state", ""),
    }  # fmt: skip


def _form_of(row: Activity) -> dict[str, Any]:
    form: dict[str, Any] = {
        f"{text}.{language}": getattr(row, text).get(language, "") for text in TEXTS for language in LANGUAGES
    }
    for name in ("starts_at", "ends_at"):
        form[name] = moment_shown(getattr(row, name))
    return {**form, "capacity": row.capacity or "", "sign_up_needed": row.sign_up_needed, "state": row.state}


def _again(call: Call, row: Activity | None, error: MallError | None) -> Response:
    assert error is not None
    names = {"sign_up_needed": request.form.get("sign_up_needed") == "1", "state": request.form.get("state", "")}
    form = {**{name: request.form.get(name, "") for name in FIELDS}, **names}
    errors: dict[str, list[str]] = {}
    for path, texts in messages_of(error, FORM_ERROR).items():
        errors.setdefault(f"{path}.zh" if path in TEXTS else path, []).extend(texts)
    return make_response(_form(call, row, form, errors), STATUS[error.kind])


def _form(call: Call, row: Activity | None, form: dict[str, Any], errors: Any) -> str:
    told: dict[str, Any] = {"activity": None, "name": "", "people": [], "next_url": None}
    if row is not None:
        told = {"activity": activity_wire(call, row, counts(call.tx, [row.id])), "name": worded(row.title)}
        told |= _people(call, row.id) if sees_people(call) else {"people": None, "next_url": None}
    return render_template(
        "admin/activity.html", form=form, errors=errors, states=STATES, may_edit=EDITORS.opens_for(call.staff),
        may_mark=VENUE.opens_for(call.staff), **told,
    )  # fmt: skip


def _people(call: Call, activity_id: str) -> dict[str, Any]:
    query = read_query(PageQuery())
    found = participants_page(call.tx, activity_id, query["limit"], query.get("cursor"))
    return {
        "people": found["items"], "names": names_of_staff(call.tx),
        "called": nicknames_of(call.tx, [one.member_id for one in found["items"]]),
        "next_url": address_with(cursor=found["next_cursor"]) if found["next_cursor"] else None,
    }  # fmt: skip


def sees_people(call: Call) -> bool:
    """Whether the reader may know who was there: not those who only open the door (design, section 7)."""
    return READERS.opens_for(call.staff)
