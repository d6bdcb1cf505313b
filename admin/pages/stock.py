"""Stock in the back office: what runs low, every movement of an item, when staff are told, and codes imported."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from admin.acting import traced
from admin.pages.addresses import address_with
from admin.pages.blueprint import desk
from admin.pages.forms import attempt, done_once, number_of, page_again
from admin.pages.gifts import gift_as_page
from admin.pages.lists import list_query
from admin.pages.parcels import with_file
from admin.people import names_of_staff
from admin.routes.catalog_schemas import StockChangeSchema
from admin.routes.drops import AlertSchema
from admin.routes.gifts import EDITORS, READERS, imported_wire
from catalog.gifts.edit import get_gift
from catalog.gifts.models import Gift
from catalog.gifts.variants import StaffVariant, variants_of
from catalog.stock.alerts import alert_of, low_items, set_alert
from catalog.stock.change import change_stock, movements_page, on_hand
from catalog.stock.unlimited import LEAST, counted
from catalog.vouchers.import_codes import IMPORTED, import_codes
from catalog.vouchers.watch import pools_of
from catalog.wording import in_language
from mall.db import Login
from mall.errors import Invalid
from mall.http.call import Call, load
from mall.http.ids import checked_id
from mall.http.page import page
from mall.http.pagination import PageQuery
from mall.http.problems import STATUS
from mall.i18n import language
from mall.identity.forms import messages_of

pages = desk("stock", __name__)
ONE = "/admin/gifts/{gift_id}/stock"
TOLD_LINES = 100
"""Refused lines that the page names; its file names all."""


@page(pages, "GET", "/stock", auth=READERS, login=Login.BACKOFFICE)
def low_stock(call: Call) -> str:
    """What has run low, the latest first."""
    reader = language()
    rows = [
        {"item": low, "gift": in_language(low.gift_name, reader),
         "variant": in_language(low.variant_name, reader) if low.variant_name else None}
        for low in low_items(call.tx)
    ]  # fmt: skip
    return render_template("admin/stock.html", rows=rows)


@page(pages, "GET", "/gifts/<gift_id>/stock", auth=READERS, login=Login.BACKOFFICE)
def gift_stock(call: Call, gift_id: str) -> str:
    """An item's movements, the newest first; of a gift with variants the first one's unless another is named."""
    return _history(call, checked_id(gift_id), request.args.get("variant"))


def _history(call: Call, gift_id: str, wanted: str | None, **more: Any) -> str:
    gift, query = get_gift(call.tx, gift_id), list_query(PageQuery())[0]
    variants = [one for one in variants_of(call.tx, gift.id) if one.active]
    variant = chosen_variant(variants, wanted)
    found = movements_page(call.tx, gift.id, variant, query["limit"], query.get("cursor"))
    item, following = variant or gift.id, found["next_cursor"]
    return render_template(
        "admin/gift_stock.html",
        gift=gift,
        name=in_language(gift.name, language()),
        variants=[(one.id, in_language(one.name, language())) for one in variants],
        variant=variant,
        on_hand=counted(on_hand(call.tx, item)),
        unlimited_from=LEAST,
        low_at=alert_of(call.tx, item),
        pool=pools_of(call.tx, [gift.id]).get(gift.id),
        movements=found["items"],
        called=names_of_staff(call.tx),
        next_url=address_with(cursor=following) if following else None,
        may_edit=EDITORS.opens_for(call.staff),
        **more,
    )


@page(pages, "POST", "/gifts/<gift_id>/stock", auth=EDITORS, login=None)
def move_gift_stock(call: Call, gift_id: str) -> Response | Redirect:
    """Pieces received or taken away, once for each hidden key. A refusal shows the page that the form stands on with
    what was typed; taking away needs a reason, which the API leaves to its caller."""
    form, gift_id = request.form.to_dict(), checked_id(gift_id)
    on_history = form.get("at") == "history"

    if error := done_once(call, lambda within: _move(within, gift_id, form)):
        errors = messages_of(error, "change")
        typed: dict[str, Any] = {"moved": form, "moved_errors": errors}
        if on_history:
            return page_again(call, error, lambda within: _history(within, gift_id, form.get("variant"), **typed))
        return page_again(call, error, lambda within: gift_as_page(within, gift_id, **typed))
    flash(_("The stock is changed."), "success")
    if on_history:
        variant = form.get("variant")
        return redirect(f"/admin/gifts/{gift_id}/stock" + (f"?variant={variant}" if variant else ""), 303)
    return redirect(f"/admin/gifts/{gift_id}#stock", 303)


def _move(call: Call, gift_id: str, form: dict[str, str]) -> None:
    given = {name: form.get(name, "").strip() for name in ("change", "reason", "variant")}
    body = load(StockChangeSchema(), {name: number_of(text) if name == "change" else text
                                      for name, text in given.items() if text})  # fmt: skip
    variant = checked_id(body["variant"]) if "variant" in body else None
    if body["change"] < 0 and "reason" not in body:
        raise Invalid({"reason": [_("Say why pieces are taken away.")]})
    who, now, request_id = traced(call)
    change_stock(call.tx, gift_id, variant, body["change"], body.get("reason"), who, now, request_id=request_id)


def chosen_variant(variants: list[StaffVariant], wanted: str | None) -> str | None:
    """The variant that is asked for if it is one of these, else the first; None: there are none."""
    known = [one.id for one in variants]
    return wanted if wanted in known else next(iter(known), None)


def _variant() -> str | None:
    return checked_id(request.form["variant"]) if request.form.get("variant") else None


def _here(gift: Gift, variant: str | None) -> str:
    return f"/admin/gifts/{gift.id}/stock" + (f"?variant={variant}" if variant else "")


@page(pages, "POST", "/gifts/<gift_id>/stock-alert", auth=EDITORS, login=Login.BACKOFFICE, on_error=ONE)
def save_alert(call: Call, gift_id: str) -> Redirect:
    """When staff are told; empty: never."""
    gift, variant = get_gift(call.tx, checked_id(gift_id)), _variant()
    typed = request.form.get("low_at", "").strip()
    body = load(AlertSchema(), {"low_at": number_of(typed) if typed else None})
    set_alert(call.tx, gift.id, variant, body["low_at"], *traced(call))
    flash(_("Saved."), "success")
    return redirect(_here(gift, variant), 303)


@page(pages, "POST", "/gifts/<gift_id>/codes", auth=EDITORS, login=Login.BACKOFFICE, on_error=ONE)
def import_voucher_codes(call: Call, gift_id: str) -> Response | Redirect:
    """A file of codes, one a line; one that is there already is refused, so that a file sent twice counts once.

    Where a line is refused, the page says what became of every line, with a file of the reasons.
    """
    gift, variant = get_gift(call.tx, checked_id(gift_id)), _variant()
    sent = request.files.get("codes")
    raw = sent.read() if sent else b""
    if not raw:
        raise Invalid({"codes": [_("Please choose a file.")]})
    only_good = request.form.get("only_good") == "1"
    work = partial(import_codes, call.tx, gift.id, variant, raw, *traced(call), only_good=only_good)
    done, error = attempt(call.tx, work)
    if error is not None and error.code != "bad_lines":
        raise error
    if done is not None and not done.refused:
        flash(_("Codes imported: %(count)s.", count=done.imported), "success")
        return redirect(_here(gift, variant), 303)
    told = with_file(imported_wire(done or error.extra["imported"]))  # type: ignore[union-attr]
    told["lines"] = [line for line in told["lines"] if line["result"] != IMPORTED]
    body = _history(call, gift.id, variant, told=told, most=TOLD_LINES, nothing_booked=error is not None)
    return make_response(body, 200 if error is None else STATUS[error.kind])
