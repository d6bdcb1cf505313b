"""Drops in the back office: planned, changed, watched while their waiting room is open, and called off."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from admin.acting import traced
from admin.pages.addresses import address_with
from admin.pages.blueprint import desk
from admin.pages.forms import attempt, number_of
from admin.pages.lists import list_query
from admin.routes.drops import DropChangeSchema, NewDropSchema
from admin.routes.gifts import EDITORS, READERS
from catalog.drops.keep import (
    Listed,
    change_drop,
    create_drop,
    drops_page,
    items_to_drop,
    listed_drop,
    schedule_of,
)
from catalog.queue.run import call_off
from catalog.queue.show import rooms_page
from catalog.wording import in_language
from mall.clock import local_date
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

pages = desk("drops", __name__)
NUMBERS = ("pieces", "reserve", "waiting_minutes", "turn_seconds")
ROOMS = 20
"""Shown of one drop: the API has the others."""


def _body() -> dict[str, Any]:
    """The form as the API's body; an empty last day is none, an empty waiting room neither."""
    sent = request.form
    body: dict[str, Any] = {name: number_of(text) for name in NUMBERS if (text := sent.get(name, "").strip())}
    body.setdefault("waiting_minutes", None)
    return {
        **body, "at": sent.get("at", "").strip()[:5], "first_day": sent.get("first_day", "").strip(),
        "last_day": sent.get("last_day", "").strip() or None, "withdraws": sent.get("withdraws") == "1",
        "weekdays": [number_of(day) for day in sent.getlist("weekdays")],
    }  # fmt: skip


def _shown(listed: Listed, call: Call) -> dict[str, Any]:
    drop, reader = listed.drop, language()
    coming = schedule_of(drop).next_after(call.now, mall_zone()) if drop.active and drop.reserve else None
    return {
        "drop": drop, "gift": in_language(listed.gift_name, reader), "on_hand": listed.on_hand, "next": coming,
        "variant": in_language(listed.variant_name, reader) if listed.variant_name else None,
        "at": _clock(drop.minute),
    }  # fmt: skip


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _items(call: Call) -> list[tuple[str, str]]:
    """What can be dropped: ``gift`` or ``gift/variant`` and its name."""
    reader, found = language(), []
    for gift, variant, name, variant_name in items_to_drop(call.tx):
        text = in_language(name, reader)
        if variant is None or variant_name is None:
            found.append((gift, text))
        else:
            found.append((f"{gift}/{variant}", f"{text} · {in_language(variant_name, reader)}"))
    return found


def _listed(call: Call, **more: Any) -> str:
    query, _errors = list_query(PageQuery())
    found = drops_page(call.tx, query["limit"], query.get("cursor"))
    following = found["next_cursor"]
    form = {
        "item": request.args.get("gift"), "at": "10:00", "turn_seconds": 180, "pieces": 10,
        "first_day": local_date(call.now, mall_zone()).isoformat(),
    }  # fmt: skip
    return render_template(
        "admin/drops.html",
        drops=[_shown(one, call) for one in found["items"]],
        next_url=address_with(cursor=following) if following else None,
        items=_items(call),
        may_edit=EDITORS.opens_for(call.staff),
        **{"form": form, "weekdays": [], **more},
    )


def _one(call: Call, drop_id: str, **more: Any) -> str:
    shown = _shown(listed_drop(call.tx, drop_id), call)
    drop = shown["drop"]
    form = {name: getattr(drop, name) for name in (*NUMBERS, "first_day", "last_day")}
    form |= {"at": shown["at"], "withdraws": "1" if drop.withdraws else ""}
    return render_template(
        "admin/drop.html",
        one=shown,
        rooms=rooms_page(call.tx, drop.id, ROOMS, None)["items"],
        may_edit=EDITORS.opens_for(call.staff),
        **{"form": form, "weekdays": [str(day) for day in drop.weekdays], **more},
    )


def _refused(error: MallError, body: str) -> Response:
    return make_response(body, STATUS[error.kind])


@page(pages, "GET", "/drops", auth=READERS, login=Login.BACKOFFICE)
def drop_list(call: Call) -> str:
    """All drops, the newest first, and a form for another."""
    return _listed(call)


@page(pages, "POST", "/drops", auth=EDITORS, login=Login.BACKOFFICE)
def plan_drop(call: Call) -> Response | Redirect:
    """Plan a drop of a gift or variant."""

    def work() -> str:
        gift, _slash, variant = request.form.get("item", "").partition("/")
        body = load(NewDropSchema(), _body() | ({"variant": variant} if variant else {}))
        chosen = body.pop("variant", None)
        return create_drop(call.tx, checked_id(gift), chosen, body, *traced(call)).id

    drop_id, error = attempt(call.tx, work)
    if error is not None:
        form = {"form": request.form, "weekdays": request.form.getlist("weekdays")}
        return _refused(error, _listed(call, errors=messages_of(error, "item"), **form))
    flash(_("The drop is planned."), "success")
    return redirect(f"/admin/drops/{drop_id}", 303)


@page(pages, "GET", "/drops/<drop_id>", auth=READERS, login=Login.BACKOFFICE)
def drop_page(call: Call, drop_id: str) -> str:
    """How it stands, with its waiting rooms."""
    return _one(call, checked_id(drop_id))


@page(pages, "POST", "/drops/<drop_id>", auth=EDITORS, login=Login.BACKOFFICE)
def save_drop(call: Call, drop_id: str) -> Response | Redirect:
    """Change it, or let one that was called off run again."""
    known = listed_drop(call.tx, checked_id(drop_id)).drop.id

    def work() -> object:
        text = request.form.get("reserve_seen", "")
        seen = {"reserve_seen": number_of(text)} if text else {}
        body = load(DropChangeSchema(), _body() | seen | ({"active": True} if request.form.get("again") else {}))
        return change_drop(call.tx, known, body, *traced(call))

    _done, error = attempt(call.tx, work)
    if error is not None:
        form = {"form": request.form, "weekdays": request.form.getlist("weekdays")}
        return _refused(error, _one(call, known, errors=messages_of(error, "reserve"), **form))
    flash(_("Saved."), "success")
    return redirect(f"/admin/drops/{known}", 303)


@page(
    pages, "POST", "/drops/<drop_id>/call-off", auth=EDITORS, login=Login.BACKOFFICE, on_error="/admin/drops/{drop_id}"
)  # fmt: skip
def call_drop_off(call: Call, drop_id: str) -> Redirect:
    """No further release; a room that waits for one is closed at once, one that is being served is served on."""
    drop = change_drop(call.tx, checked_id(drop_id), {"active": False}, *traced(call))
    call_off(call.tx, drop.id, call.now)
    flash(_("The drop is called off."), "success")
    return redirect(f"/admin/drops/{drop.id}", 303)
