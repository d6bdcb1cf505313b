"""Bodies that many send alike: in a rush everybody asks for the same, and to read it costs a tenth of a refusal
(docs/adr/0013)."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from mall.http.call import load, read_json, require_media_type
from mall.json_text import JSON_TYPE

MOST_KEPT = 200
"""Bodies that a process keeps of a route; at one more it begins anew."""
LONGEST_KEPT = 500
"""Bytes; what is longer than any order has to be is not kept, so that nobody fills the memory with blanks."""


class AlikeBodies:
    """What was read of the bodies of a route, kept for whoever sends the same bytes.

    Kept are only bodies of the ``fields`` named, which say nothing of anybody. What is given out is shared: it must
    not be changed.
    """

    def __init__(self, schema: ma.Schema, fields: frozenset[str]) -> None:
        self._schema = schema
        self._fields = fields
        self._kept: dict[bytes, tuple[Any, dict[str, Any]]] = {}

    def read(self, raw: bytes) -> tuple[Any, dict[str, Any]]:
        """The JSON value of a body, and what the schema makes of it. Raises as reading both does."""
        kept = self._kept.get(raw)
        if kept is not None:
            require_media_type(JSON_TYPE)
            return kept
        parsed = read_json(raw)
        read = parsed, load(self._schema, parsed)
        if len(raw) <= LONGEST_KEPT and self._fields.issuperset(parsed):
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[raw] = read
        return read
