"""Categories and tags in the back office: their words in both languages, and their order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Response, flash, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from admin.acting import traced
from admin.pages.blueprint import desk
from admin.pages.forms import at_fields, attempt, number_of, shown_again, wording_typed
from admin.routes.catalog_schemas import CategoryChangeSchema, NewCategorySchema
from admin.routes.gifts import EDITORS, READERS
from admin.undo.fields import fields_of, former_heading
from admin.undo.keep import offer_former, offer_undo
from catalog.gifts.shelves import categories, change_category, create_category, delete_category, gifts_on
from catalog.gifts.tags import change_tag, create_tag, delete_tag, tags
from catalog.wording import in_language
from mall.db import Login
from mall.errors import NotFound
from mall.http.call import Call, load
from mall.http.ids import checked_id
from mall.http.page import page
from mall.i18n import language

pages = desk("shelves", __name__)
HERE = "/admin/shelves"
TEMPLATE = "admin/shelf.html"
HEADING = "<kind>"


@dataclass(frozen=True, slots=True)
class Kept:
    """How one kind of heading is kept."""

    all: Callable[..., Any]
    create: Callable[..., Any]
    change: Callable[..., Any]
    delete: Callable[..., Any]


KINDS = {
    "category": Kept(categories, create_category, change_category, delete_category),
    "tag": Kept(tags, create_tag, change_tag, delete_tag),
}


def _kept(kind: str) -> Kept:
    if kind not in KINDS:
        raise NotFound()
    return KINDS[kind]


def _body() -> dict[str, Any]:
    code, position = (request.form.get(name, "").strip() for name in ("code", "position"))
    body: dict[str, Any] = {"name": wording_typed("name")}
    return body | ({"code": code} if code else {}) | ({"position": number_of(position)} if position else {})


def _find(call: Call, kind: str, heading_id: str) -> Any:
    found = next((one for one in _kept(kind).all(call.tx) if one.id == heading_id), None)
    if found is None:
        raise NotFound()
    return found


@page(pages, "GET", "/shelves", auth=READERS, login=Login.BACKOFFICE)
def shelf_list(call: Call) -> str:
    """Both, in the order in which the mall shows them."""
    counts = gifts_on(call.tx)
    reader = language()
    listed = {
        kind: [{"row": row, "name": in_language(row.name, reader), "gifts": counts.get(row.id, 0)}
               for row in kept.all(call.tx)]
        for kind, kept in KINDS.items()
    }  # fmt: skip
    return render_template("admin/shelves.html", listed=listed, may_edit=EDITORS.opens_for(call.staff))


@page(pages, "GET", f"/new-shelf/{HEADING}", auth=EDITORS, login=Login.BACKOFFICE)
def new_shelf_page(call: Call, kind: str) -> str:
    """The form."""
    _kept(kind)
    return render_template(TEMPLATE, kind=kind, row=None, form={}, may_edit=True)


@page(pages, "POST", f"/new-shelf/{HEADING}", auth=EDITORS, login=Login.BACKOFFICE)
def new_shelf(call: Call, kind: str) -> Response | Redirect:
    """Make it."""
    kept = _kept(kind)
    _done, error = attempt(call.tx, lambda: kept.create(call.tx, load(NewCategorySchema(), _body()), *traced(call)))
    if error is not None:
        return shown_again(TEMPLATE, at_fields(error, ["name"]), kind=kind, row=None, may_edit=True)
    flash(_("Saved."), "success")
    return redirect(HERE, 303)


@page(pages, "GET", f"/shelves/{HEADING}/<shelf_id>", auth=READERS, login=Login.BACKOFFICE)
def shelf_page(call: Call, kind: str, shelf_id: str) -> str:
    """One of them as a form."""
    row = _find(call, kind, checked_id(shelf_id))
    form = {"name.zh": row.name.get("zh"), "name.en": row.name.get("en"), "code": row.code, "position": row.position}
    may_edit = EDITORS.opens_for(call.staff)
    return render_template(TEMPLATE, kind=kind, row=row, form=form, may_edit=may_edit)


@page(pages, "POST", f"/shelves/{HEADING}/<shelf_id>", auth=EDITORS, login=Login.BACKOFFICE)
def save_shelf(call: Call, kind: str, shelf_id: str) -> Response | Redirect:
    """Change it."""
    row = _find(call, kind, checked_id(shelf_id))
    before = fields_of(call.tx, kind, row.id)

    def work() -> object:
        return _kept(kind).change(call.tx, row.id, load(CategoryChangeSchema(), _body()), *traced(call))

    _done, error = attempt(call.tx, work)
    if error is not None:
        call.tx.refresh(row)
        return shown_again(TEMPLATE, at_fields(error, ["name"]), kind=kind, row=row, may_edit=True)
    flash(_("Saved."), "success")
    offer_former(call, kind, row.id, before, HERE)
    return redirect(HERE, 303)


@page(
    pages, "POST", f"/shelves/{HEADING}/<shelf_id>/delete", auth=EDITORS, login=Login.BACKOFFICE,
    on_error="/admin/shelves/{kind}/{shelf_id}",
)  # fmt: skip
def delete_shelf(call: Call, kind: str, shelf_id: str) -> Redirect:
    """Take it away; a category only when nothing stands on it."""
    former = former_heading(call.tx, kind, _find(call, kind, checked_id(shelf_id)))
    _kept(kind).delete(call.tx, former["row"]["id"], *traced(call))
    flash(_("Taken away."), "success")
    offer_undo(call, "heading", former, HERE)
    return redirect(HERE, 303)
