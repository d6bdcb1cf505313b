"""Lists in pages: ``?limit=`` and an opaque ``?cursor=`` that marks the last item seen, never an offset."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import fields
from sqlalchemy.orm import InstrumentedAttribute, Session

from mall.errors import Invalid
from mall.http.fields import QueryWhole, StrictSchema, Text

DEFAULT_LIMIT = 20
MAX_LIMIT = 100


class PageQuery(StrictSchema):
    """Query of a list: ``limit`` 1 to 100 (default 20), ``cursor`` from the page before."""

    limit = QueryWhole(1, MAX_LIMIT, load_default=DEFAULT_LIMIT)
    cursor = Text(1, 500)


def encode_cursor(*values: str | int) -> str:
    """A cursor that holds the sort key of the last item seen."""
    raw = json.dumps(values, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decode_cursor(cursor: str | None, *types: type) -> tuple[Any, ...] | None:
    """The sort key in a cursor, None without one. Raises Invalid (422) for a cursor that is not ours."""
    if cursor is None:
        return None
    try:
        raw = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        values = json.loads(raw)
    except (ValueError, UnicodeError, binascii.Error, RecursionError) as error:
        raise _bad_cursor() from error
    if not isinstance(values, list) or [type(value) for value in values] != list(types):
        raise _bad_cursor()
    for value in values:
        if isinstance(value, str) and ("\0" in value or any("\ud800" <= char <= "\udfff" for char in value)):
            raise _bad_cursor()
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise _bad_cursor()
    return tuple(values)


def _bad_cursor() -> Invalid:
    return Invalid({"cursor": [str(_l("This cursor is not valid."))]})


def page_of(rows: Sequence[Any], limit: int, key: Callable[[Any], tuple[str | int, ...]]) -> dict[str, Any]:
    """A page from ``limit + 1`` rows: the items, and a cursor when there are more."""
    more = len(rows) > limit
    items = list(rows[:limit])
    return {"items": items, "next_cursor": encode_cursor(*key(items[-1])) if more else None}


def newest_first(
    tx: Session, query: Any, key: InstrumentedAttribute[Any], limit: int, cursor_text: str | None, kind: type = str
) -> dict[str, Any]:
    """A page of the rows of one table that ``query`` selects, by an ascending ``key`` (an id), the last one first.

    ``kind``: what the key is, text or a number. Raises Invalid for a cursor that is not ours.
    """
    seen = decode_cursor(cursor_text, kind)
    if seen is not None:
        query = query.where(key < seen[0])
    rows = tx.scalars(query.order_by(key.desc()).limit(limit + 1)).all()
    return page_of(rows, limit, lambda row: (getattr(row, key.key),))


def page_in_memory(items: Sequence[Any], query: Mapping[str, Any], key: Callable[[Any], str]) -> dict[str, Any]:
    """A page of a list that is short enough to be read whole; ``key`` names an item."""
    seen, start = decode_cursor(query.get("cursor"), str), 0
    if seen is not None:
        names = [key(item) for item in items]
        if seen[0] not in names:
            raise _bad_cursor()
        start = names.index(seen[0]) + 1
    return page_of(items[start : start + query["limit"] + 1], query["limit"], lambda item: (key(item),))


def list_schema(item: type[StrictSchema]) -> StrictSchema:
    """The answer schema of a list of ``item``."""
    from_name = item.__name__.removesuffix("Schema")
    return type(f"{from_name}ListSchema", (StrictSchema,), _list_fields(item))()  # type: ignore[no-any-return]


def _list_fields(item: type[StrictSchema]) -> dict[str, Any]:
    return {
        "items": fields.List(fields.Nested(item), required=True),
        "next_cursor": fields.String(allow_none=True, required=True),
    }
