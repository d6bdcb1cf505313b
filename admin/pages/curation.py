"""Curating gifts: edits in the list itself, many at once, a copy, and a look at them as members will see them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Response, flash, redirect, render_template, request
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response as Redirect

from admin.acting import traced
from admin.pages.blueprint import desk
from admin.pages.forms import number_of
from admin.pages.lists import back_to
from admin.routes.catalog_schemas import GiftChangeSchema
from admin.routes.gifts import EDITORS, READERS
from admin.undo.deeds import gift_values, gifts_before
from admin.undo.keep import offer_undo
from catalog.causes.causes import find_cause
from catalog.gifts.curate import (
    MOST_AT_ONCE,
    Change,
    Outcome,
    change_many,
    duplicate_gift,
    move_gift,
    repriced,
    set_fields,
    with_tag,
    without_tag,
)
from catalog.gifts.edit import change_gift, get_gift
from catalog.gifts.models import Gift
from catalog.gifts.places import arrange
from catalog.gifts.queries import find_any, on_hand_now
from catalog.gifts.shelves import pickup_points
from catalog.routes.cause_wire import cause_shown
from catalog.routes.draw_wire import drawn
from catalog.routes.shown import gift_page_view
from catalog.stock.change import change_stock
from catalog.stock.unlimited import counted
from catalog.wording import in_language
from mall.db import Login
from mall.errors import Conflict, Invalid
from mall.http.call import Call, load
from mall.http.ids import checked_id
from mall.http.page import page
from mall.http.problems import sentence_of
from mall.i18n import language

pages = desk("curation", __name__)
HERE = "/admin/gifts"


@page(pages, "POST", "/gifts/<gift_id>/quick", auth=EDITORS, login=Login.BACKOFFICE, on_error=f"{HERE}?view=edit")
def quick_edit(call: Call, gift_id: str) -> Redirect:
    """Price, state and stock from the list, unless somebody else has changed the gift since the list was opened."""
    gift, sent = get_gift(call.tx, checked_id(gift_id), lock=True), request.form
    try:
        seen = datetime.fromisoformat(sent.get("seen", ""))
    except ValueError as error:
        raise Conflict("gift_changed") from error
    body = load(GiftChangeSchema(), {"points": number_of(sent.get("points", "")), "status": sent.get("status")})
    before = {gift.id: gift_values(call.tx, gift)}
    change_gift(call.tx, gift.id, body, *traced(call), seen=seen)
    pieces = (
        _count(call, gift, number_of(sent["stock"]), number_of(sent.get("stock_seen", ""))) if "stock" in sent else 0
    )
    detail = gifts_before(call.tx, before, [gift.id])
    detail["gifts"][0]["pieces"] = pieces
    if pieces or detail["gifts"][0]["fields"]:
        offer_undo(call, "gifts", detail, back_to(HERE))
    flash(_("“%(gift)s” is saved.", gift=in_language(gift.name, language())), "success")
    return redirect(back_to(HERE), 303)


def _count(call: Call, gift: Gift, wanted: int | str, seen: int | str) -> int:
    """The difference to what was shown is what changes, and is returned: orders that came meanwhile stay counted."""
    if not isinstance(wanted, int) or not isinstance(seen, int) or wanted < 0:
        raise Invalid({"stock": [_("Must be a whole number.")]})
    if wanted != seen:
        change_stock(
            call.tx, gift.id, None, wanted - seen, _("Counted"), call.staff.name, call.now, request_id=call.request_id
        )
    return wanted - seen


@page(pages, "POST", "/gifts/<gift_id>/move", auth=EDITORS, login=Login.BACKOFFICE, on_error=f"{HERE}?view=order")
def move(call: Call, gift_id: str) -> Redirect:
    """One place up or down in the mall's own order."""
    actor, now, request_id = traced(call)
    up = request.form.get("way") != "down"
    move_gift(call.tx, checked_id(gift_id), up=up, actor=actor, now=now, request_id=request_id)
    return redirect(f"{back_to(HERE)}#gift-{gift_id}", 303)


@page(pages, "POST", "/in-order/<kind>", auth=EDITORS, login=Login.BACKOFFICE, on_error=HERE)
def put_in_order(call: Call, kind: str) -> Redirect:
    """The order in which gifts, categories, tags or causes were dragged; nothing if it has changed meanwhile."""
    seen, wanted = ([checked_id(one) for one in request.form.getlist(name)] for name in ("seen", "ids"))
    desk_of = {"gift": HERE, "cause": "/admin/causes"}.get(kind, "/admin/shelves")
    back = back_to(desk_of)
    try:
        arrange(call.tx, kind, seen, wanted, *traced(call))
    except Conflict as error:
        flash(sentence_of(error), "error")
        return redirect(back, 303)
    offer_undo(call, "places", {"kind": kind, "before": seen, "now": wanted}, back)
    flash(_("The new order is saved."), "success")
    return redirect(back, 303)


@page(pages, "POST", "/gifts-in-bulk", auth=EDITORS, login=Login.BACKOFFICE, on_error=HERE)
def bulk_edit(call: Call) -> Response | Redirect:
    """One change to every chosen gift; what became of each is told."""
    chosen = [checked_id(one) for one in request.form.getlist("gifts")][: MOST_AT_ONCE + 1]
    known = call.tx.scalars(select(Gift).where(Gift.id.in_(chosen)))
    before = {gift.id: gift_values(call.tx, gift) for gift in known}
    outcomes = change_many(call.tx, chosen, _asked(), *traced(call))
    if changed := [outcome.gift_id for outcome in outcomes if outcome.error is None]:
        offer_undo(call, "gifts", gifts_before(call.tx, before, changed), back_to(HERE))
    refused = [_told(call, outcome) for outcome in outcomes if outcome.error is not None]
    done = len(outcomes) - len(refused)
    if refused:
        return Response(
            render_template("admin/gifts_bulk.html", done=done, refused=refused, back=back_to(HERE)),
            mimetype="text/html",
        )
    flash(_("Gifts changed: %(count)s.", count=done), "success")
    return redirect(back_to(HERE), 303)


def _asked() -> Change:
    sent = request.form
    act = sent.get("act", "")
    if act in ("active", "archived", "draft"):
        return set_fields(status=act)
    if act == "category":
        return set_fields(category_id=checked_id(sent["category"]) if sent.get("category") else None)
    if act in ("tag", "untag") and sent.get("tag"):
        return (with_tag if act == "tag" else without_tag)(checked_id(sent["tag"]))
    if act == "price":
        percent = number_of(sent.get("percent", "").strip().removesuffix("%").removeprefix("+"))
        return repriced(percent if isinstance(percent, int) else 0)
    raise Invalid({"act": [_("Choose what is to be done.")]})


def _told(call: Call, outcome: Outcome) -> dict[str, Any]:
    assert outcome.error is not None
    gift = call.tx.get(Gift, outcome.gift_id)
    name = in_language(gift.name, language()) if gift else outcome.gift_id
    return {"id": outcome.gift_id if gift else None, "name": name, "why": sentence_of(outcome.error)}


@page(
    pages, "POST", "/gifts/<gift_id>/duplicate", auth=EDITORS, login=Login.BACKOFFICE, on_error="/admin/gifts/{gift_id}"
)
def duplicate(call: Call, gift_id: str) -> Redirect:
    """A draft like it."""
    new = duplicate_gift(call.tx, checked_id(gift_id), *traced(call))
    flash(_("A draft like it is made. It has no stock yet."), "success")
    return redirect(f"{HERE}/{new.id}", 303)


@page(pages, "GET", "/gifts/<gift_id>/preview", auth=READERS, login=Login.BACKOFFICE)
def preview(call: Call, gift_id: str) -> str:
    """The gift's page as a visitor will see it, a draft too."""
    shown = find_any(call.tx, checked_id(gift_id), call.now)
    chosen = shown.chosen(request.args.get("variant"))
    gift = shown.gift
    stock = counted(on_hand_now(call.tx, gift.id))
    told = _("no limit") if stock is None else stock
    flash(_("A preview: members see this page once the gift is offered and visible. Stock: %(stock)s.", stock=told))
    return render_template(
        "storefront/gift.html",
        me=None,
        gift=gift_page_view(shown, list(pickup_points(call.tx)), None, call.now, chosen and chosen[0].id),
        drops=[],
        gathering=None,
        missing_points=0,
        outlook=None,
        wished=False,
        can_choose_less=False,
        refusals=[],
        cause=cause_shown(find_cause(call.tx, gift.cause_id)) if gift.cause_id else None,
        **drawn(call, call.tx, shown),
    )
