"""Pictures of gifts: kept by the hash of their bytes, so that browsers may keep them for ever."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from catalog.gifts.edit import get_gift
from catalog.gifts.images import LEAST_SIDE, MAX_BYTES, MAX_PIXELS, ImageRefused, Rendered, render
from catalog.gifts.models import Gift, Picture, PictureSize
from catalog.wording import wording
from mall import audit
from mall.errors import Conflict, Invalid, NotFound

MOST_PICTURES = 12
"""Of one gift."""


def read_picture(content: bytes) -> Rendered:
    """An upload as pictures of our own making. Slow (up to a second), so never inside a transaction.

    Raises Invalid saying what is wrong with ``picture``.
    """
    try:
        return render(content)
    except ImageRefused as error:
        raise Invalid({"picture": [_refusal(error.reason)]}) from error


def _refusal(reason: str) -> str:
    sentences = {
        "empty": _("There is no picture in it."),
        "too_large": _("Larger than %(most)s MB.", most=MAX_BYTES // 1024 // 1024),
        "not_a_picture": _("Not a picture that can be read: send a JPEG, PNG or WebP photograph."),
        "disguised": _("Something else than a picture hides in this file."),
        "animated": _("Moving pictures are not taken."),
        "too_many_pixels": _("More than %(most)s million pixels, or packed to look small.", most=MAX_PIXELS // 10**6),
        "too_small": _("Too small: each side needs %(least)s pixels.", least=LEAST_SIDE),
        "too_long": _("Too long and narrow."),
    }
    return str(sentences[reason])


def store_picture(tx: Session, rendered: Rendered, now: datetime) -> str:
    """Keep a picture in its sizes; returns the hexadecimal SHA-256 of the largest."""
    content = rendered.largest
    sha256 = hashlib.sha256(content).hexdigest()
    row = {
        "sha256": sha256, "content": content, "width": rendered.width, "height": rendered.height, "created_at": now,
    }  # fmt: skip
    tx.execute(insert(Picture).values(row).on_conflict_do_nothing())
    smaller = [
        {"sha256": sha256, "width": width, "content": size}
        for width, size in rendered.sizes.items()
        if size is not content
    ]
    if smaller:
        tx.execute(insert(PictureSize).values(smaller).on_conflict_do_nothing())
    return sha256


def add_picture(
    tx: Session, gift_id: str, rendered: Rendered, actor: str, now: datetime, request_id: str | None = None
) -> tuple[Gift, str]:
    """Put a picture behind those a gift has; returns the gift and the picture's hash. One it has is not added again.

    Raises NotFound, Conflict ``too_many_pictures``.
    """
    gift = get_gift(tx, gift_id, lock=True)
    sha256 = store_picture(tx, rendered, now)
    if sha256 in gift.pictures:
        return gift, sha256
    if len(gift.pictures) >= MOST_PICTURES:
        raise Conflict("too_many_pictures", extra={"most": MOST_PICTURES})
    gift.pictures = [*gift.pictures, sha256]
    gift.updated_at = now
    tx.flush()
    audit.record(tx, actor, "gift.picture_added", f"gift:{gift.id}", {"picture": sha256}, now, request_id)
    return gift, sha256


def replace_picture(
    tx: Session, gift_id: str, sha256: str, rendered: Rendered, actor: str, now: datetime, request_id: str | None = None
) -> tuple[Gift, str]:
    """Put a picture in the place of one that a gift has, with its text; returns the gift and the new one's hash.

    The other is kept: orders show it, and the change can be taken back. Raises NotFound when the gift has no such
    picture (any more).
    """
    gift = get_gift(tx, gift_id, lock=True)
    if sha256 not in gift.pictures:
        raise NotFound()
    new = store_picture(tx, rendered, now)
    others = [one for one in gift.pictures if one != new or new == sha256]
    gift.pictures = [new if one == sha256 else one for one in others]
    texts = dict(gift.picture_texts)
    if sha256 in texts:
        texts[new] = texts[sha256]
    gift.picture_texts = {one: texts[one] for one in gift.pictures if one in texts}
    gift.updated_at = now
    tx.flush()
    detail = {"before": sha256, "picture": new}
    audit.record(tx, actor, "gift.picture_cut", f"gift:{gift.id}", detail, now, request_id)
    return gift, new


def arrange_pictures(
    tx: Session,
    gift_id: str,
    wanted: Sequence[Mapping[str, Any]],
    actor: str,
    now: datetime,
    request_id: str | None = None,
) -> Gift:
    """Put a gift's pictures in order, the cover first; those that are not named are taken off.

    ``wanted``: ``[{"id": hash, "alt"?: wording}]``. Orders that show a picture keep it. Raises NotFound, Invalid for
    a picture that is not the gift's or is named twice.
    """
    gift = get_gift(tx, gift_id, lock=True)
    names = [item["id"] for item in wanted]
    if len(set(names)) < len(names) or not set(names) <= set(gift.pictures):
        raise Invalid({"pictures": [_("Name pictures of this gift, each once.")]})
    texts = {item["id"]: wording(item["alt"]) for item in wanted if item.get("alt")}
    gift.pictures, gift.picture_texts, gift.updated_at = names, texts, now
    tx.flush()
    audit.record(tx, actor, "gift.pictures_arranged", f"gift:{gift.id}", {"pictures": names}, now, request_id)
    return gift


def set_pictures(tx: Session, gift_id: str, pictures: Sequence[Rendered], now: datetime) -> None:
    """Give a gift its pictures, the cover first, in place of those it had. Raises NotFound."""
    gift = get_gift(tx, gift_id, lock=True)
    gift.pictures = [store_picture(tx, rendered, now) for rendered in pictures]
    gift.updated_at = now
    tx.flush()


def picture_content(tx: Session, sha256: str, width: int | None = None) -> bytes | None:
    """The bytes of a picture: of the size made for ``width``, or the largest when there is none so small."""
    if width is not None:
        size = select(PictureSize.content).where(PictureSize.sha256 == sha256, PictureSize.width == width)
        found = tx.execute(size).scalar_one_or_none()
        if found is not None:
            return found
    return tx.execute(select(Picture.content).where(Picture.sha256 == sha256)).scalar_one_or_none()


def picture_url(sha256: str | None) -> str | None:
    """Where a picture is served; ``/pictures/<hash>-320.webp`` and ``-640`` are its smaller sizes."""
    return None if sha256 is None else f"/pictures/{sha256}.webp"
