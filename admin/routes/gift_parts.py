"""Pictures and variants of gifts, for the back office."""

from __future__ import annotations

import hashlib
from typing import Any

from flask import Response, request
from sqlalchemy.orm import Session

from admin.acting import traced
from admin.routes.catalog_schemas import NewVariantSchema
from admin.routes.gift_part_schemas import (
    AddedPictureSchema,
    ArrangePicturesSchema,
    FrameSchema,
    GiftPicturesSchema,
    OrderVariantsSchema,
    StaffVariantSchema,
    StaffVariantsSchema,
    VariantChangeSchema,
)
from admin.routes.gifts import EDITORS, READERS
from catalog.gifts.edit import get_gift
from catalog.gifts.framing import Frame, cut
from catalog.gifts.images import MAX_BYTES
from catalog.gifts.models import Gift
from catalog.gifts.pictures import (
    add_picture,
    arrange_pictures,
    picture_content,
    picture_url,
    read_picture,
    replace_picture,
)
from catalog.gifts.variants import StaffVariant, add_variant, change_variant, order_variants, variants_of
from mall.db import Login, run_tx
from mall.errors import NotFound
from mall.http import idempotency
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.ids import checked_id
from mall.json_text import compact

PHOTOGRAPHS = ("image/jpeg", "image/png", "image/webp")
blp = api_blueprint("admin-gift-parts", __name__, description="Pictures and variants, for the back office")


def _pictures(gift: Gift) -> dict[str, Any]:
    texts = gift.picture_texts
    return {
        "pictures": [
            {"id": sha256, "url": picture_url(sha256), "alt": texts.get(sha256, {})} for sha256 in gift.pictures
        ]
    }


@endpoint(
    blp, "GET", "/admin/gifts/<gift_id>/pictures", auth=READERS, login=Login.BACKOFFICE, response=GiftPicturesSchema
)
def list_pictures(call: Call, gift_id: str) -> dict[str, Any]:
    return _pictures(get_gift(call.tx, checked_id(gift_id)))


@endpoint(
    blp, "POST", "/admin/gifts/<gift_id>/pictures", auth=EDITORS, login=None, response=AddedPictureSchema, status=201,
    idempotency="accepted", errors=("too_many_pictures",), body_type=PHOTOGRAPHS, max_bytes=MAX_BYTES,
)  # fmt: skip
def post_picture(call: Call, gift_id: str) -> Response:
    """The same upload again adds nothing: it becomes the same picture. Made before the transaction, slowly."""
    found, who = checked_id(gift_id), traced(call)
    key = idempotency.check_form(request.headers.get("Idempotency-Key"), required=False)
    asked = idempotency.fingerprint("POST", request.path, hashlib.sha256(call.raw_body).hexdigest())
    rendered = read_picture(call.raw_body)

    def effect(tx: Session) -> Response:
        gift, sha256 = add_picture(tx, found, rendered, *who)
        text = compact({**_pictures(gift), "added": sha256})
        return Response(text, status=201, content_type="application/json")

    def work(tx: Session) -> Response:
        if key is None:
            return effect(tx)
        return idempotency.once(tx, call.principal.name, key, asked, call.now, lambda: effect(tx))

    return run_tx(Login.BACKOFFICE, work)


@endpoint(
    blp, "PUT", "/admin/gifts/<gift_id>/pictures", auth=EDITORS, login=Login.BACKOFFICE, body=ArrangePicturesSchema,
    response=GiftPicturesSchema,
)  # fmt: skip
def put_pictures(call: Call, body: dict[str, Any], gift_id: str) -> dict[str, Any]:
    return _pictures(arrange_pictures(call.tx, checked_id(gift_id), body["pictures"], *traced(call)))


def cropped(call: Call, gift_id: str, sha256: str, frame: Frame) -> Gift:
    """Cut between two transactions, because it takes a while. Returns the gift. Raises NotFound."""

    def find(tx: Session) -> bytes:
        found = picture_content(tx, sha256) if sha256 in get_gift(tx, gift_id).pictures else None
        if found is None:
            raise NotFound()
        return found

    rendered = cut(run_tx(Login.BACKOFFICE, find), frame)
    who = traced(call)
    return run_tx(Login.BACKOFFICE, lambda tx: replace_picture(tx, gift_id, sha256, rendered, *who)[0])


@endpoint(
    blp, "PUT", "/admin/gifts/<gift_id>/pictures/<sha256>/frame", auth=EDITORS, login=None, body=FrameSchema,
    response=GiftPicturesSchema,
)  # fmt: skip
def put_frame(call: Call, body: dict[str, Any], gift_id: str, sha256: str) -> dict[str, Any]:
    """Cut a picture: the part takes its place, under an id of its own. Orders that show the whole one keep it."""
    return _pictures(cropped(call, checked_id(gift_id), sha256, Frame(**body)))


@endpoint(
    blp, "GET", "/admin/gifts/<gift_id>/variants", auth=READERS, login=Login.BACKOFFICE, response=StaffVariantsSchema
)
def list_variants(call: Call, gift_id: str) -> dict[str, Any]:
    return {"variants": variants_of(call.tx, checked_id(gift_id))}


@endpoint(
    blp, "POST", "/admin/gifts/<gift_id>/variants", auth=EDITORS, login=Login.BACKOFFICE, body=NewVariantSchema,
    response=StaffVariantSchema, status=201, idempotency="required",
    errors=("voucher_stock", "too_many_variants", "draw_with_variants"),
)  # fmt: skip
def post_variant(call: Call, body: dict[str, Any], gift_id: str) -> StaffVariant:
    return add_variant(call.tx, checked_id(gift_id), body, *traced(call))


@endpoint(
    blp, "PATCH", "/admin/gifts/<gift_id>/variants/<variant_id>", auth=EDITORS, login=Login.BACKOFFICE,
    body=VariantChangeSchema, response=StaffVariantSchema,
)  # fmt: skip
def patch_variant(call: Call, body: dict[str, Any], gift_id: str, variant_id: str) -> StaffVariant:
    return change_variant(call.tx, checked_id(gift_id), checked_id(variant_id), body, *traced(call))


@endpoint(
    blp, "PUT", "/admin/gifts/<gift_id>/variants", auth=EDITORS, login=Login.BACKOFFICE, body=OrderVariantsSchema,
    response=StaffVariantsSchema,
)  # fmt: skip
def put_variants(call: Call, body: dict[str, Any], gift_id: str) -> dict[str, Any]:
    gift = order_variants(call.tx, checked_id(gift_id), body["variants"], *traced(call))
    return {"variants": variants_of(call.tx, gift.id)}
