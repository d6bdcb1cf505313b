"""Pictures of gifts: kept by the hash of their bytes, so that browsers may keep them for ever."""

from __future__ import annotations

import hashlib
import io
from datetime import datetime

from PIL import Image, UnidentifiedImageError
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from catalog.gifts.edit import get_gift
from catalog.gifts.models import Picture
from mall.errors import Invalid

MAX_BYTES = 512 * 1024


def store_picture(tx: Session, content: bytes, now: datetime) -> str:
    """Keep a WebP picture; returns its hexadecimal SHA-256. Raises Invalid for anything else."""
    try:
        with Image.open(io.BytesIO(content), formats=("WEBP",)) as image:
            width, height = image.size
    except (UnidentifiedImageError, OSError, ValueError) as error:
        raise Invalid({"picture": ["Not a WebP picture."]}) from error
    if len(content) > MAX_BYTES:
        raise Invalid({"picture": ["Larger than 512 KB."]})
    sha256 = hashlib.sha256(content).hexdigest()
    row = {"sha256": sha256, "content": content, "width": width, "height": height, "created_at": now}
    tx.execute(insert(Picture).values(row).on_conflict_do_nothing())
    return sha256


def set_pictures(tx: Session, gift_id: str, contents: list[bytes], now: datetime) -> None:
    """Give a gift its pictures, the cover first, in place of those it had. Raises NotFound, Invalid."""
    gift = get_gift(tx, gift_id, lock=True)
    gift.pictures = [store_picture(tx, content, now) for content in contents]
    gift.updated_at = now
    tx.flush()


def picture_content(tx: Session, sha256: str) -> bytes | None:
    """The bytes of a picture."""
    return tx.execute(select(Picture.content).where(Picture.sha256 == sha256)).scalar_one_or_none()


def picture_url(sha256: str | None) -> str | None:
    """Where a picture is served."""
    return None if sha256 is None else f"/pictures/{sha256}.webp"
