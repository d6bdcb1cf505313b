"""Variants of a gift at its desk: added, renamed, priced, put in order, taken off and offered again."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Redirect

from admin.acting import traced
from admin.pages.blueprint import desk
from admin.pages.forms import number_of, wording_typed
from admin.pages.gifts import BACK
from admin.routes.catalog_schemas import NewVariantSchema
from admin.routes.gift_part_schemas import VariantChangeSchema
from admin.routes.gifts import EDITORS
from catalog.gifts.variants import add_variant, change_variant, order_variants, variants_of
from mall.db import Login
from mall.http.call import Call, load
from mall.http.ids import checked_id
from mall.http.page import page

pages = desk("gift-variants", __name__)


@page(
    pages, "POST", "/gifts/<gift_id>/variants", auth=EDITORS, login=Login.BACKOFFICE, idempotent=True, on_error=BACK
)  # fmt: skip
def new_variant(call: Call, gift_id: str) -> Redirect:
    """Add one behind the others, with its first pieces."""
    body = _body()
    if stock := request.form.get("stock", "").strip():
        body["stock"] = number_of(stock)
    add_variant(call.tx, checked_id(gift_id), load(NewVariantSchema(), body), *traced(call))
    flash(_("The variant is added."), "success")
    return _back(gift_id)


@page(pages, "POST", "/gifts/<gift_id>/variants/<variant_id>", auth=EDITORS, login=Login.BACKOFFICE, on_error=BACK)
def save_variant(call: Call, gift_id: str, variant_id: str) -> Redirect:
    """Change its words, price and state, or its place among the others."""
    gift, variant, who = checked_id(gift_id), checked_id(variant_id), traced(call)
    if request.form.get("act") == "up":
        order_variants(call.tx, gift, _one_up(call.tx, gift, variant), *who)
    else:
        body = {**_body(), "active": request.form.get("active") == "1"}
        change_variant(call.tx, gift, variant, load(VariantChangeSchema(), body), *who)
    flash(_("Saved."), "success")
    return _back(gift)


def _body() -> dict[str, Any]:
    points = request.form.get("points", "").strip()
    return {"name": wording_typed("name"), "points": number_of(points) if points else None}


def _one_up(tx: Session, gift_id: str, variant_id: str) -> list[str]:
    """The gift's variants with one of them a place further up; unchanged for the first, or one that is unknown."""
    ids = [one.id for one in variants_of(tx, gift_id)]
    place = ids.index(variant_id) if variant_id in ids else 0
    if place:
        ids[place - 1 : place + 1] = ids[place], ids[place - 1]
    return ids


def _back(gift_id: str) -> Redirect:
    return redirect(f"/admin/gifts/{checked_id(gift_id)}#variants", 303)
