"""Pictures of gifts. Their address is the hash of their bytes, so whoever has one may keep it for ever."""

from __future__ import annotations

import re
from functools import lru_cache

from flask import Blueprint, Response

from catalog.gifts.pictures import picture_content
from mall.db import Login, run_tx
from mall.errors import NotFound
from mall.http.principals import PUBLIC

pictures = Blueprint("pictures", __name__)
FOR_EVER = "public, max-age=31536000, immutable"
_SHA256 = re.compile(r"[0-9a-f]{64}")


@lru_cache(maxsize=128)
def _content(sha256: str) -> bytes:
    content = run_tx(Login.REDEMPTION, lambda tx: picture_content(tx, sha256))
    if content is None:
        raise NotFound()
    return content


def picture(sha256: str) -> Response:
    """A picture; raises NotFound."""
    if not _SHA256.fullmatch(sha256):
        raise NotFound()
    response = Response(_content(sha256), content_type="image/webp")
    response.headers["Cache-Control"] = FOR_EVER
    response.set_etag(sha256)
    return response


picture.auth = PUBLIC  # type: ignore[attr-defined]
pictures.add_url_rule("/pictures/<sha256>.webp", "picture", picture)
