"""Gifts for staff: the list, a form for a gift, its stock and its pictures."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Response, flash, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from admin.acting import traced
from admin.pages.addresses import address_with
from admin.pages.blueprint import desk
from admin.pages.forms import attempt, moment_of, moment_shown, number_of, shown_again, wording_typed
from admin.pages.gift_terms import terms_body, terms_choices, terms_form
from admin.pages.lists import list_query
from admin.routes.catalog_schemas import AdminGiftsQuery, GiftChangeSchema, NewGiftSchema
from admin.routes.gifts import EDITORS, READERS
from admin.undo.keep import offer_undo
from catalog.gifts.edit import change_gift, create_gift, get_gift
from catalog.gifts.framing import SHAPES
from catalog.gifts.images import MAX_BYTES
from catalog.gifts.limits import PERIODS
from catalog.gifts.models import Gift
from catalog.gifts.pictures import add_picture, arrange_pictures, picture_url, read_picture
from catalog.gifts.queries import on_hand_now, ordered_gifts_page, staff_gifts_page
from catalog.gifts.shelves import categories
from catalog.gifts.tags import tags
from catalog.gifts.variants import gifts_with_variants, variants_of
from catalog.gifts.windows import GIFT_KINDS, GiftStatus
from catalog.payment.configured import can_be_paid
from catalog.stock.unlimited import counted
from catalog.wording import LANGUAGES, in_language
from mall.db import Login, run_tx
from mall.errors import Invalid, MallError
from mall.http.call import Call, load
from mall.http.ids import checked_id
from mall.http.page import page
from mall.i18n import language
from points.earning.book_events import mall_zone

pages = desk("gifts", __name__)
MOMENTS = ("visible_from", "on_sale_from", "on_sale_until")
FLAGS = ("needs_preparation", "needs_approval", "featured")
BACK = "/admin/gifts/{gift_id}"
VIEWS = ("grid", "edit", "order")


@page(pages, "GET", "/gifts", auth=READERS, login=Login.BACKOFFICE)
def gift_list(call: Call) -> str:
    """Gifts with price and stock, newest first."""
    query, errors = list_query(AdminGiftsQuery())
    view = request.args.get("view") if request.args.get("view") in VIEWS else "table"
    if view == "order":
        found = ordered_gifts_page(call.tx, query["limit"], query.get("cursor"))
    else:
        found = staff_gifts_page(call.tx, query.get("status"), query["limit"], query.get("cursor"))
    shelves = {shelf.id: in_language(shelf.name, language()) for shelf in categories(call.tx)}
    listed = [
        {"gift": gift, "stock": counted(stock), "name": in_language(gift.name, language()),
         "unpayable": not can_be_paid(gift.cash_cents, gift.cash_currency),
         "picture": picture_url(gift.pictures[0]) if gift.pictures else None, "shelf": shelves.get(gift.category_id)}
        for gift, stock in found["items"]
    ]  # fmt: skip
    statuses = [status.value for status in GiftStatus]
    return render_template(
        "admin/gifts.html", gifts=listed, next_cursor=found["next_cursor"], query=query, errors=errors,
        statuses=statuses, may_edit=EDITORS.opens_for(call.staff), view=view, back=address_with(),
        with_variants=gifts_with_variants(call.tx, [gift.id for gift, _stock in found["items"]]),
        shelves=list(shelves.items()), tags=[(tag.id, in_language(tag.name, language())) for tag in tags(call.tx)],
    )  # fmt: skip


@page(pages, "GET", "/new-gift", auth=EDITORS, login=Login.BACKOFFICE)
def new_gift_page(call: Call) -> str:
    """The form."""
    return render_template("admin/gift.html", form={"kind": "delivery", "status": "draft"}, **_choices(call, None))


@page(pages, "POST", "/new-gift", auth=EDITORS, login=Login.BACKOFFICE)
def new_gift(call: Call) -> Response | Redirect:
    """Make it; a draft unless the form says otherwise."""

    def work() -> str:
        body = load(NewGiftSchema(), _body(new=True))
        return create_gift(call.tx, body, *traced(call)).id

    gift_id, error = attempt(call.tx, work)
    if error is not None:
        return shown_again("admin/gift.html", _named(error), **_choices(call, None))
    flash(_("The gift is made. Now give it pictures and stock."), "success")
    return redirect(f"/admin/gifts/{gift_id}", 303)


@page(pages, "GET", "/gifts/<gift_id>", auth=READERS, login=Login.BACKOFFICE)
def gift_page(call: Call, gift_id: str) -> str:
    """The gift as a form."""
    return gift_as_page(call, gift_id)


def gift_as_page(call: Call, gift_id: str, **typed: Any) -> str:
    """A gift's page; ``typed``: what another form on it was refused with."""
    gift = get_gift(call.tx, checked_id(gift_id))
    return render_template("admin/gift.html", form=_form(gift), **_choices(call, gift), **typed)


@page(pages, "POST", "/gifts/<gift_id>", auth=EDITORS, login=Login.BACKOFFICE)
def save_gift(call: Call, gift_id: str) -> Response | Redirect:
    """Save it, unless somebody else has changed it since it was opened."""
    gift = get_gift(call.tx, checked_id(gift_id))

    def work() -> Any:
        body = load(GiftChangeSchema(), _body(new=False))
        return change_gift(call.tx, gift.id, body, *traced(call), seen=_seen())

    before = gift.status
    _done, error = attempt(call.tx, work)
    if error is not None:
        call.tx.refresh(gift)
        return shown_again("admin/gift.html", _named(error), seen=request.form.get("seen", ""), **_choices(call, gift))
    if gift.status != before:
        detail = {"id": gift.id, "seen": gift.updated_at.isoformat(), "fields": {"status": before}, "variants": {}}
        offer_undo(call, "gifts", {"gifts": [detail]}, f"/admin/gifts/{gift.id}")
    flash(_("Saved."), "success")
    return redirect(f"/admin/gifts/{gift.id}", 303)


@page(pages, "POST", "/gifts/<gift_id>/pictures", auth=EDITORS, login=None, on_error=BACK)
def upload_picture(call: Call, gift_id: str) -> Redirect:
    """A photograph, made anew in three sizes before it is kept."""
    sent = request.files.get("picture")
    content = sent.stream.read(MAX_BYTES + 1) if sent else b""
    if not content:
        raise Invalid({"picture": [_("Choose a picture first.")]})
    rendered, who = read_picture(content), traced(call)
    _gift, added = run_tx(Login.BACKOFFICE, lambda tx: add_picture(tx, checked_id(gift_id), rendered, *who))
    flash(_("The picture is added."), "success")
    if request.form.get("shape") in SHAPES:
        return redirect(f"/admin/gifts/{gift_id}/pictures/{added}/crop?shape={request.form['shape']}", 303)
    return redirect(f"/admin/gifts/{gift_id}#pictures", 303)


@page(pages, "POST", "/gifts/<gift_id>/pictures/arrange", auth=EDITORS, login=Login.BACKOFFICE, on_error=BACK)
def arrange_gift_pictures(call: Call, gift_id: str) -> Redirect:
    """Make a picture the cover, or take it off."""
    gift, chosen = get_gift(call.tx, checked_id(gift_id)), request.form.get("picture", "")
    order = [one for one in gift.pictures if one != chosen]
    if request.form.get("act") == "cover":
        order = [chosen, *order]
    wanted = [{"id": one, "alt": gift.picture_texts.get(one)} for one in order]
    arrange_pictures(call.tx, gift.id, wanted, *traced(call))
    flash(_("Saved."), "success")
    return redirect(f"/admin/gifts/{gift.id}#pictures", 303)


def _choices(call: Call, gift: Gift | None) -> dict[str, Any]:
    reader = language()
    found: dict[str, Any] = {
        "shelves": [(shelf.id, in_language(shelf.name, reader)) for shelf in categories(call.tx)],
        "tags": [(tag.id, in_language(tag.name, reader)) for tag in tags(call.tx)],
        "kinds": GIFT_KINDS, "statuses": [status.value for status in GiftStatus], "periods": PERIODS,
        "gift": gift, "may_edit": EDITORS.opens_for(call.staff), **terms_choices(call.tx, gift),
    }  # fmt: skip
    if gift is not None:
        found["name"] = in_language(gift.name, reader)
        found["stock"] = counted(on_hand_now(call.tx, gift.id))
        found["variants"] = [
            {"id": one.id, "name": in_language(one.name, reader), "texts": one.name, "points": one.points,
             "stock": one.stock, "active": one.active}
            for one in variants_of(call.tx, gift.id)
        ]  # fmt: skip
        found["pictures"] = [{"id": sha256, "url": picture_url(sha256)} for sha256 in gift.pictures]
        found["updated"] = gift.updated_at.isoformat()
    return found


def _form(gift: Gift) -> dict[str, Any]:
    form: dict[str, Any] = {
        "code": gift.code, "kind": gift.kind, "status": gift.status, "points": gift.points,
        "category": gift.category_id, "min_level": gift.min_level, "tags": gift.tag_ids,
        **{f"name.{lang}": gift.name.get(lang) for lang in LANGUAGES},
        **{f"description.{lang}": gift.description.get(lang) for lang in LANGUAGES},
        **{name: "1" if getattr(gift, name) else "" for name in FLAGS},
        **{f"limit.{limit['period']}": limit["quantity"] for limit in gift.limits},
        **terms_form(gift),
    }  # fmt: skip
    for name in MOMENTS:
        moment = getattr(gift, name)
        form[name] = moment_shown(moment) or None
    return form


def _body(*, new: bool) -> dict[str, Any]:
    """The form as the API's body: what the schema refuses is refused at the same field."""
    sent = request.form
    body: dict[str, Any] = {
        "name": wording_typed("name"), "description": wording_typed("description"),
        "points": number_of(sent.get("points", "")), "status": sent.get("status"),
        "code": sent.get("code", "").strip() or None,
        "category": sent.get("category") or None, "min_level": number_of(sent.get("min_level", "").strip()) or None,
        "tags": sent.getlist("tags"), **{name: sent.get(name) == "1" for name in FLAGS},
        # The dates of a draw are not in the form of its gift.
        **{name: moment_of(sent[name]) for name in MOMENTS if name in sent},
        "limits": [
            {"per": "member", "period": period, "quantity": number_of(sent[f"limit.{period}"].strip())}
            for period in PERIODS if sent.get(f"limit.{period}", "").strip()
        ],
        **terms_body(sent),
    }  # fmt: skip
    if new:
        body["kind"] = sent.get("kind")
        if sent.get("stock", "").strip():
            body["stock"] = number_of(sent["stock"].strip())
    return body


def _seen() -> datetime | None:
    try:
        return datetime.fromisoformat(request.form.get("seen", ""))
    except ValueError:
        return datetime.fromtimestamp(0, tz=mall_zone())


def _named(error: MallError) -> MallError:
    """Reasons at the fields of the form: those of a text in Chinese, those of limits at the first one."""
    if isinstance(error, Invalid) and isinstance(error.errors, dict):
        error.errors = {f"{name}.zh" if name in ("name", "description") else name: why
                        for name, why in error.errors.items()}  # fmt: skip
    return error
