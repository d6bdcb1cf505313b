"""Draws in the back office: announced, changed until they open, and watched; the seed is shown to staff when to all."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from admin.acting import traced
from admin.pages.addresses import address_with
from admin.pages.blueprint import desk
from admin.pages.forms import attempt, moment_of, moment_shown, number_of
from admin.pages.lists import list_query
from admin.routes.draws import DrawChangeSchema, NewDrawSchema
from admin.routes.gifts import EDITORS, READERS
from catalog.draws.claim import prizes_of
from catalog.draws.keep import change_draw, create_draw, find_draw, gifts_to_draw
from catalog.draws.states import CLAIM_DAYS, PICKUP, RETURNED, DrawState
from catalog.draws.views import draws_page, view_of
from catalog.gifts.edit import get_gift
from catalog.gifts.queries import on_hand_now, window_of
from catalog.gifts.windows import is_visible
from catalog.routes.draw_wire import draw_shown
from catalog.wording import in_language
from mall.db import Login
from mall.errors import MallError
from mall.http.call import Call, load
from mall.http.ids import checked_id
from mall.http.page import page
from mall.http.pagination import PageQuery
from mall.http.problems import STATUS
from mall.i18n import language
from mall.identity.forms import messages_of

pages = desk("draws", __name__)
FIELDS = ("opens_at", "closes_at", "winners", "losers", "handover", "claim_days")


OPEN_OR_SOON = (DrawState.UPCOMING, DrawState.OPEN)
USUAL = {"handover": PICKUP, "claim_days": CLAIM_DAYS}


def _body() -> dict[str, Any]:
    """The form as the API's body; an empty opening is now."""
    sent = {name: request.form.get(name, "").strip() for name in FIELDS}
    moments = {name: moment_of(sent[name]) for name in ("opens_at", "closes_at") if sent[name]}
    days = {"claim_days": number_of(sent["claim_days"])} if sent["claim_days"] else {}
    handover = {"handover": sent["handover"]} if sent["handover"] else {}
    return {**moments, **days, **handover, "winners": number_of(sent["winners"]), "losers": sent["losers"]}


def _listed(call: Call, **more: Any) -> str:
    query, _errors = list_query(PageQuery())
    found = draws_page(call.tx, query["limit"], query.get("cursor"), call.now)
    following = found["next_cursor"]
    return render_template(
        "admin/draws.html",
        draws=[draw_shown(view) for view in found["items"]],
        next_url=address_with(cursor=following) if following else None,
        gifts=[(gift.id, in_language(gift.name, language())) for gift in gifts_to_draw(call.tx)],
        may_edit=EDITORS.opens_for(call.staff),
        **{"form": {"gift": request.args.get("gift"), "winners": 1, "losers": RETURNED, **USUAL}, **more},
    )


def _one(call: Call, draw_id: str, **more: Any) -> str:
    draw = find_draw(call.tx, checked_id(draw_id))
    view = view_of(call.tx, draw, get_gift(call.tx, draw.gift_id), call.now)
    shown = draw_shown(view)
    form = {name: getattr(draw, name) for name in ("winners", "losers", "handover", "claim_days")} | {
        name: moment_shown(getattr(draw, name)) for name in ("opens_at", "closes_at")
    }
    changeable = EDITORS.opens_for(call.staff) and shown["state"] == DrawState.UPCOMING
    return render_template(
        "admin/draw.html", draw=shown, settled_at=draw.settled_at, changeable=changeable,
        no_places=shown["state"] in OPEN_OR_SOON and not shown["entries"] and not on_hand_now(call.tx, draw.gift_id),
        visible=is_visible(window_of(view.gift), call.now), prizes=prizes_of(call.tx, draw), **{"form": form, **more},
    )  # fmt: skip


def _refused(error: MallError, body: str) -> Response:
    return make_response(body, STATUS[error.kind])


@page(pages, "GET", "/draws", auth=READERS, login=Login.BACKOFFICE)
def draw_list(call: Call) -> str:
    """All draws, the newest first, and a form for another."""
    return _listed(call)


@page(pages, "POST", "/draws", auth=EDITORS, login=Login.BACKOFFICE)
def announce_draw(call: Call) -> Response | Redirect:
    """Announce the draw of a gift: its seed is promised from here on."""

    def work() -> str:
        body = load(NewDrawSchema(), _body())
        gift = checked_id(request.form.get("gift", ""))
        return create_draw(call.tx, gift, body, *traced(call)).id

    draw_id, error = attempt(call.tx, work)
    if error is not None:
        return _refused(error, _listed(call, form=request.form, errors=messages_of(error, "gift")))
    flash(_("The draw is announced."), "success")
    return redirect(f"/admin/draws/{draw_id}", 303)


@page(pages, "GET", "/draws/<draw_id>", auth=READERS, login=Login.BACKOFFICE)
def draw_page(call: Call, draw_id: str) -> str:
    """How it stands, and its terms while they can be changed."""
    return _one(call, draw_id)


@page(pages, "POST", "/draws/<draw_id>", auth=EDITORS, login=Login.BACKOFFICE)
def save_draw(call: Call, draw_id: str) -> Response | Redirect:
    """Change the terms before it opens."""
    known = find_draw(call.tx, checked_id(draw_id)).id

    def work() -> object:
        body = load(DrawChangeSchema(), _body())
        return change_draw(call.tx, known, body, *traced(call))

    _done, error = attempt(call.tx, work)
    if error is not None:
        return _refused(error, _one(call, known, form=request.form, errors=messages_of(error, "winners")))
    flash(_("Saved."), "success")
    return redirect(f"/admin/draws/{known}", 303)
