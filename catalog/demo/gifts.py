"""The demo's categories and gifts, with pictures, stock and voucher codes."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.causes.causes import causes, create_cause
from catalog.draws.keep import create_draw
from catalog.gifts.edit import create_gift
from catalog.gifts.models import Gift
from catalog.gifts.pictures import read_picture, set_pictures
from catalog.gifts.shelves import categories, create_category
from catalog.gifts.tags import create_tag, tags
from catalog.gifts.variants import add_variant
from catalog.vouchers.import_codes import import_codes
from mall.db import Login, run_tx

ACTOR = "demo"
VOUCHER = "voucher"
APART = ("key", "category", "popular", "variants", "tags", "draw", "cause")
"""Fields that are not the gift's own."""


def load_categories(path: Path, now: datetime) -> tuple[int, int]:
    """Make the categories that are missing, by code; returns how many there are and how many are new."""
    wanted = _read(path)

    def work(tx: Session) -> int:
        known = {category.code for category in categories(tx)}
        missing = [fields for fields in wanted if fields["key"] not in known]
        for fields in missing:
            create_category(tx, {**_without(fields, "key"), "code": fields["key"]}, ACTOR, now)
        return len(missing)

    return len(wanted), run_tx(Login.BACKOFFICE, work)


def load_gifts(folder: Path, now: datetime) -> tuple[int, int]:
    """Make the tags and gifts that are missing, by code; a gift that is there stays as staff have left it."""
    wanted = _read(folder / "gifts.json")
    run_tx(Login.BACKOFFICE, lambda tx: _make_tags(tx, _read(folder / "tags.json"), now))
    run_tx(Login.BACKOFFICE, lambda tx: _make_causes(tx, _read(folder / "causes.json"), now))
    new = 0
    for fields in wanted:
        files = [folder / "pictures" / f"{fields['key']}{number}.webp" for number in ("", "-2")]
        pictures = [file.read_bytes() for file in files if file.exists()]
        new += run_tx(Login.BACKOFFICE, partial(_make, fields=fields, pictures=pictures, now=now))
    return len(wanted), new


def _make_tags(tx: Session, wanted: list[dict[str, Any]], now: datetime) -> None:
    known = {tag.code for tag in tags(tx)}
    for fields in wanted:
        if fields["key"] not in known:
            create_tag(tx, {"name": fields["name"], "code": fields["key"]}, ACTOR, now)


def _make_causes(tx: Session, wanted: list[dict[str, Any]], now: datetime) -> None:
    known = {given.cause.code for given in causes(tx, all_of_them=True)}
    for fields in wanted:
        if fields["key"] not in known:
            create_cause(tx, {**_without(fields, "key"), "code": fields["key"]}, ACTOR, now)


def voucher_codes(key: str, count: int) -> list[str]:
    """Codes of a demo gift, the same every time: ``DEMO-`` and 12 characters that only look random."""
    digests = [hashlib.sha256(f"{key}/{number}".encode()).digest() for number in range(count)]
    texts = [base64.b32encode(digest)[:12].decode() for digest in digests]
    return [f"DEMO-{text[:4]}-{text[4:8]}-{text[8:]}" for text in texts]


def _make(tx: Session, fields: Mapping[str, Any], pictures: list[bytes], now: datetime) -> bool:
    if tx.execute(select(Gift.id).where(Gift.code == fields["key"])).first() is not None:
        return False
    shelves = {category.code: category.id for category in categories(tx)}
    is_voucher = fields["kind"] == VOUCHER
    names = {tag.code: tag.id for tag in tags(tx)}
    goals = {given.cause.code: given.cause.id for given in causes(tx, all_of_them=True)}
    counted_apart = is_voucher or "variants" in fields
    gift = create_gift(
        tx,
        {
            **_without(fields, *APART, *(["stock"] if counted_apart else [])),
            "code": fields["key"],
            "category_id": shelves[fields["category"]],
            "featured": fields["popular"],
            "tag_ids": [names[code] for code in fields.get("tags", ())],
            **({"cause_id": goals[fields["cause"]]} if "cause" in fields else {}),
        },
        ACTOR,
        now,
    )
    set_pictures(tx, gift.id, [read_picture(picture) for picture in pictures], now)
    for variant in fields.get("variants", ()):
        add_variant(tx, gift.id, variant, ACTOR, now)
    if "draw" in fields:
        terms = {**_without(fields["draw"], "days"), "closes_at": now + timedelta(days=fields["draw"]["days"])}
        create_draw(tx, gift.id, terms, ACTOR, now)
    if is_voucher:
        lines = "\n".join(voucher_codes(fields["key"], fields["stock"]))
        import_codes(tx, gift.id, None, lines.encode(), ACTOR, now)
    return True


def _read(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return rows


def _without(fields: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in names}
