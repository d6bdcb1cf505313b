"""Pickup points in the back office: where they are, and when they are open."""

from __future__ import annotations

import re
from typing import Any

from flask import Response, flash, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from admin.acting import traced
from admin.pages.blueprint import desk
from admin.pages.forms import at_fields, attempt, shown_again, wording_typed
from admin.routes.pickup_points import EDITORS
from admin.routes.point_schemas import NewPointSchema, PointChangeSchema, opening_in
from admin.undo.fields import fields_of
from admin.undo.keep import offer_former
from catalog.fulfilment.hours import DAYS, opening_of, spans_text, state_now
from catalog.fulfilment.hours_words import hours_words, now_words
from catalog.gifts.models import PickupPoint
from catalog.gifts.shelves import change_pickup_point, create_pickup_point, pickup_points
from catalog.wording import in_language
from mall.db import Login, must_get
from mall.http.call import Call, load
from mall.http.ids import checked_id
from mall.http.page import page
from mall.http.principals import staff
from mall.i18n import language
from points.earning.book_events import mall_zone

pages = desk("pickup-points", __name__)
READERS = staff("catalog", "fulfilment", "auditor")
HERE = "/admin/pickup-points"
TEMPLATE = "admin/pickup_point.html"
TEXTS = ("name", "address", "hours")
_BETWEEN = re.compile(r"[\s,，、;；]+")


def _spans(text: str) -> list[str]:
    """``9:00-12:00, 13:00–18:00`` as the API writes it; the schema judges it."""
    plain = text.replace("：", ":").replace("–", "-").replace("—", "-").replace("~", "-")
    parts = [part for part in _BETWEEN.split(re.sub(r"\s*-\s*", "-", plain.strip())) if part]
    return [re.sub(r"(?<!\d)(\d):", r"0\1:", part) for part in parts]


def _opening() -> dict[str, Any] | None:
    """The week and the lines of days that differ; nothing typed at all: no hours, free words are shown."""
    week = {day: spans for day in DAYS if (spans := _spans(request.form.get(day, "")))}
    lines = [line.strip() for line in request.form.get("exceptions", "").splitlines() if line.strip()]
    differing = [{"date": line[:10], "hours": _spans(line[10:].lstrip(" :：\t"))} for line in lines]
    return {**week, "exceptions": differing} if week or differing else None


def _body(*, new: bool) -> dict[str, Any]:
    sent, opening = request.form, _opening()
    phone, code = sent.get("phone", "").strip(), sent.get("code", "").strip()
    body: dict[str, Any] = {name: wording_typed(name) for name in TEXTS} | ({"code": code} if code else {})
    if new:
        body |= ({"opening": opening} if opening else {}) | ({"phone": phone} if phone else {})
        return body | {"is_default": sent.get("is_default") == "1"}
    flags = {name: sent.get(name) == "1" for name in ("is_default", "active")}
    return {**body, **flags, "opening": opening, "phone": phone or None}


def _stored(body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "opening": opening_in(body["opening"])} if body.get("opening") is not None else body


def _form(point: PickupPoint) -> dict[str, Any]:
    form: dict[str, Any] = {f"{name}.{lang}": getattr(point, name).get(lang) for name in TEXTS for lang in ("zh", "en")}
    form |= {"phone": point.phone, "code": point.code}
    form |= {name: "1" if getattr(point, name) else "" for name in ("is_default", "active")}
    opening = opening_of(point.opening)
    if opening is not None:
        form |= {day: ", ".join(spans_text(spans)) for day, spans in zip(DAYS, opening.week, strict=True)}
        lines = [f"{day} {', '.join(spans_text(spans))}".strip() for day, spans in sorted(opening.differing.items())]
        form["exceptions"] = "\n".join(lines)
    return form


def _shown(call: Call, point: PickupPoint) -> dict[str, Any]:
    reader, here = language(), call.now.astimezone(mall_zone())
    opening = opening_of(point.opening)
    words = hours_words(opening, here.date(), reader) if opening else in_language(point.hours, reader)
    state = state_now(opening, here) if opening else None
    return {
        "point": point, "name": in_language(point.name, reader), "address": in_language(point.address, reader),
        "hours": words, "now": now_words(state, here, reader) if state else None,
        "is_open": state.is_open if state else None,
    }  # fmt: skip


def _find(call: Call, point_id: str) -> PickupPoint:
    return must_get(call.tx, PickupPoint, checked_id(point_id))


@page(pages, "GET", "/pickup-points", auth=READERS, login=Login.BACKOFFICE)
def point_list(call: Call) -> str:
    """All of them, and whether each is open now."""
    rows = [_shown(call, point) for point in pickup_points(call.tx, all_of_them=True)]
    return render_template("admin/pickup_points.html", rows=rows, may_edit=EDITORS.opens_for(call.staff))


@page(pages, "GET", "/new-pickup-point", auth=EDITORS, login=Login.BACKOFFICE)
def new_point_page(call: Call) -> str:
    """The form."""
    form = dict.fromkeys(DAYS[:5], "09:00-18:00")
    return render_template(TEMPLATE, one=None, form=form, may_edit=True)


@page(pages, "POST", "/new-pickup-point", auth=EDITORS, login=Login.BACKOFFICE)
def new_point(call: Call) -> Response | Redirect:
    """Make it."""

    def work() -> object:
        body = _stored(load(NewPointSchema(), _body(new=True)))
        return create_pickup_point(call.tx, body, *traced(call))

    _done, error = attempt(call.tx, work)
    if error is not None:
        return shown_again(TEMPLATE, at_fields(error, TEXTS, "opening"), one=None, may_edit=True)
    flash(_("Saved."), "success")
    return redirect(HERE, 303)


@page(pages, "GET", "/pickup-points/<point_id>", auth=READERS, login=Login.BACKOFFICE)
def point_page(call: Call, point_id: str) -> str:
    """One of them as a form."""
    point = _find(call, point_id)
    return render_template(TEMPLATE, one=_shown(call, point), form=_form(point), may_edit=EDITORS.opens_for(call.staff))


@page(pages, "POST", "/pickup-points/<point_id>", auth=EDITORS, login=Login.BACKOFFICE)
def save_point(call: Call, point_id: str) -> Response | Redirect:
    """Change it, its hours with it."""
    point = _find(call, point_id)
    before = fields_of(call.tx, "pickup_point", point.id)

    def work() -> object:
        body = _stored(load(PointChangeSchema(), _body(new=False)))
        return change_pickup_point(call.tx, point.id, body, *traced(call))

    _done, error = attempt(call.tx, work)
    if error is not None:
        call.tx.refresh(point)
        return shown_again(TEMPLATE, at_fields(error, TEXTS, "opening"), one=_shown(call, point), may_edit=True)
    flash(_("Saved."), "success")
    offer_former(call, "pickup_point", point.id, before, HERE)
    return redirect(HERE, 303)
