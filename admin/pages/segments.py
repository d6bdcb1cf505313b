"""Segments in the back office: a form, and how many members a filter finds; never who."""

from __future__ import annotations

import re
from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from admin.acting import acting
from admin.pages.blueprint import desk
from admin.pages.forms import FORM_ERROR, attempt, figure_typed
from admin.routes.segments import EDITORS, READERS, NewSegmentSchema, SegmentChangeSchema
from admin.rule_set_words import fact_names
from catalog.wording import in_language, wording
from mall.db import Login
from mall.errors import MallError
from mall.http.call import Call, load
from mall.http.ids import checked_id
from mall.http.page import page
from mall.http.problems import STATUS
from mall.i18n import language
from mall.identity.forms import messages_of
from points.earning.book_events import mall_zone
from points.segments.filters import RANGES, read_filter
from points.segments.keep import change_segment, create_segment, delete_segment, segment, segments
from points.segments.models import Segment
from points.segments.preview import Preview, preview

pages = desk("segments", __name__)
LIST = "/admin/segments"
ENDS = tuple(f"{fact}_{end}" for fact in RANGES for end in ("from", "to"))
DAYS = ("joined_from", "joined_to")
FIELDS = ("name.zh", "name.en", *ENDS, *DAYS, "households")


@page(pages, "GET", "/segments", auth=READERS, login=Login.BACKOFFICE)
def segment_list(call: Call) -> str:
    """All segments."""
    listed = [
        {"id": one.id, "name": in_language(one.name, language()), "words": words_of(one.filter), "at": one.updated_at}
        for one in segments(call.tx)
    ]
    return render_template("admin/segments.html", segments=listed, may_edit=EDITORS.opens_for(call.staff))


@page(pages, "GET", "/new-segment", auth=EDITORS, login=Login.BACKOFFICE)
def new_segment_page(call: Call) -> str:
    """The form."""
    return _form(call, None, {}, {})


@page(pages, "POST", "/new-segment", auth=EDITORS, login=Login.BACKOFFICE)
def new_segment(call: Call) -> Response | Redirect:
    """Save a filter; its page says how many it finds."""

    def work() -> Segment:
        body = load(NewSegmentSchema(), _body())
        return create_segment(call.tx, wording(body["name"]), body["filter"], acting(call))

    made, error = attempt(call.tx, work)
    return _again(call, None, error) if made is None else _saved(made.id)


@page(pages, "GET", "/segments/<segment_id>", auth=READERS, login=Login.EARNING)
def segment_page(call: Call, segment_id: str) -> str:
    """One segment: how many it finds, and the form."""
    found = segment(call.tx, checked_id(segment_id))
    form = {name: str(value) for name, value in found.filter.items()}
    form["households"] = ", ".join(found.filter.get("households", ()))
    form |= {f"name.{language}": text for language, text in found.name.items()}
    count = preview(call.tx, read_filter(found.filter), call.now, mall_zone())
    return _form(call, found, form, {}, count)


@page(pages, "POST", "/segments/<segment_id>", auth=EDITORS, login=Login.BACKOFFICE)
def save_segment(call: Call, segment_id: str) -> Response | Redirect:
    """Another name or filter."""
    found, seen = segment(call.tx, checked_id(segment_id)), request.form.get("version", "")

    def work() -> Segment:
        body = load(SegmentChangeSchema(), {"version": figure_typed(seen), **_body()})
        name = wording(body["name"])
        return change_segment(call.tx, found.id, body["version"], name, body["filter"], acting(call))

    made, error = attempt(call.tx, work)
    return _again(call, segment(call.tx, found.id), error) if made is None else _saved(made.id)


@page(
    pages, "POST", "/segments/<segment_id>/delete", auth=EDITORS, login=Login.BACKOFFICE,
    on_error="/admin/segments/{segment_id}",
)  # fmt: skip
def drop_segment(call: Call, segment_id: str) -> Redirect:
    """Delete a segment that no rule asks for."""
    delete_segment(call.tx, checked_id(segment_id), acting(call))
    flash(_("The segment is deleted."), "success")
    return redirect(LIST, 303)


def _saved(segment_id: str) -> Redirect:
    flash(_("Saved."), "success")
    return redirect(f"{LIST}/{segment_id}", 303)


def _body() -> dict[str, Any]:
    get = request.form.get
    asked: dict[str, Any] = {name: figure_typed(get(name, "")) for name in ENDS if get(name, "").strip()}
    asked |= {name: get(name, "") for name in DAYS if get(name, "")}
    if tags := [tag.strip() for tag in re.split(r"[,，、\n]", get("households", "")) if tag.strip()]:
        asked["households"] = tags
    name = {language: get(f"name.{language}", "").strip() for language in ("zh", "en")}
    return {"name": {language: text for language, text in name.items() if text}, "filter": asked}


def _again(call: Call, found: Segment | None, error: MallError | None) -> Response:
    assert error is not None
    form = {name: request.form.get(name, "") for name in FIELDS}
    errors: dict[str, list[str]] = {}
    for path, texts in messages_of(error, FORM_ERROR).items():
        parts = path.split(".")
        place = "name.zh" if parts[0] == "name" else parts[1] if len(parts) > 1 else parts[0]
        errors.setdefault(FORM_ERROR if place == "filter" else place, []).extend(texts)
    return make_response(_form(call, found, form, errors), STATUS[error.kind])


def _form(call: Call, found: Segment | None, form: dict[str, Any], errors: Any, count: Preview | None = None) -> str:
    return render_template(
        "admin/segment_edit.html", segment=found, form=form, errors=errors, facts=fact_names(*RANGES),
        may_edit=EDITORS.opens_for(call.staff),
        segment_name="" if found is None else in_language(found.name, language()), found=count,
    )  # fmt: skip


def words_of(stored: dict[str, Any]) -> list[str]:
    """A filter in words, a line for each part."""
    named = fact_names()
    found = []
    for fact, name in named.items():
        least, most = stored.get(f"{fact}_from"), stored.get(f"{fact}_to")
        if least is not None or most is not None:
            found.append(f"{name}: {'' if least is None else least} – {'' if most is None else most}")
    if stored.get("households"):
        found.append(_("Households: %(tags)s", tags=", ".join(stored["households"])))
    return found
