"""A picture of a gift cut to a frame: with mouse, finger or keys, and without a script by three sliders."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from admin.pages.blueprint import desk
from admin.pages.forms import whole_typed
from admin.routes.gift_part_schemas import FrameSchema
from admin.routes.gift_parts import cropped
from admin.routes.gifts import EDITORS
from catalog.gifts.edit import get_gift
from catalog.gifts.framing import LEAST_SIZE, SHAPES, Frame
from catalog.gifts.pictures import picture_url
from catalog.wording import in_language
from mall.db import Login
from mall.errors import NotFound
from mall.http.call import Call, load
from mall.http.ids import checked_id
from mall.http.page import page
from mall.i18n import language

pages = desk("cropping", __name__)
ONE = "/gifts/<gift_id>/pictures/<sha256>/crop"


@page(pages, "GET", ONE, auth=EDITORS, login=Login.BACKOFFICE)
def crop_page(call: Call, gift_id: str, sha256: str) -> str:
    """The picture with a frame on it; ``?shape=`` chooses the frame's shape."""
    gift = get_gift(call.tx, checked_id(gift_id))
    if sha256 not in gift.pictures:
        raise NotFound()
    shape = request.args.get("shape") if request.args.get("shape") in SHAPES else "4:3"
    return render_template(
        "admin/crop.html", gift=gift, name=in_language(gift.name, language()), picture=sha256,
        url=picture_url(sha256), shapes=SHAPES, shape=shape, least=LEAST_SIZE,
    )  # fmt: skip


@page(
    pages, "POST", ONE, auth=EDITORS, login=None, on_error="/admin/gifts/{gift_id}"
)  # fmt: skip
def crop(call: Call, gift_id: str, sha256: str) -> Redirect:
    """Cut it; the picture takes the other's place."""
    given: dict[str, Any] = {name: text for name in ("size", "x", "y") if (text := request.form.get(name, "").strip())}
    numbers = {name: whole_typed(text, 4) for name, text in given.items()}
    frame = Frame(**load(FrameSchema(), {"shape": request.form.get("shape", ""), **numbers}))
    cropped(call, checked_id(gift_id), sha256, frame)
    flash(_("The picture is cut."), "success")
    return redirect(f"/admin/gifts/{gift_id}#pictures", 303)
