"""Pictures of gifts. Their address is the hash of their bytes, so whoever has one may keep it for ever."""

from __future__ import annotations

import re
from functools import lru_cache

from flask import Blueprint, Response

from catalog.gifts.images import SIZES
from catalog.gifts.pictures import picture_content
from mall.db import Login, run_autocommit
from mall.errors import NotFound
from mall.http.principals import PUBLIC

pictures = Blueprint("pictures", __name__)
FOR_EVER = "public, max-age=31536000, immutable"
_NAME = re.compile(rf"([0-9a-f]{{64}})(?:-({'|'.join(map(str, SIZES))}))?")


@lru_cache(maxsize=256)
def _content(sha256: str, width: int | None) -> bytes:
    content = run_autocommit(Login.REDEMPTION, lambda tx: picture_content(tx, sha256, width))
    if content is None:
        raise NotFound()
    return content


def picture(name: str) -> Response:
    """A picture, ``<hash>`` or ``<hash>-<width>``; raises NotFound."""
    found = _NAME.fullmatch(name)
    if found is None:
        raise NotFound()
    width = int(found[2]) if found[2] else None
    response = Response(_content(found[1], width), content_type="image/webp")
    response.headers["Cache-Control"] = FOR_EVER
    response.set_etag(name)
    return response


picture.auth = PUBLIC  # type: ignore[attr-defined]
pictures.add_url_rule("/pictures/<name>.webp", "picture", picture)
