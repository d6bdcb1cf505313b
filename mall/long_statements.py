"""Statements of many values, which psycopg would read anew each time."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import psycopg


def execute_long(
    cur: psycopg.Cursor[tuple], sql: str, values: Sequence[Any] | Mapping[str, Any]
) -> psycopg.Cursor[tuple]:
    """``cur.execute`` for a statement of more than 50 values or 4,096 characters.

    psycopg reads the placeholders of such a one anew each time, which takes as long as sending it; here the reading is
    remembered. Only for statements of few shapes. ``sql``: ``%s`` or ``%(name)s``, and ``%%`` for a percent sign.
    """
    text, names = _numbered(sql)
    given = values if isinstance(values, Sequence) else [values[name] for name in names]
    raw: psycopg.Cursor[tuple] = psycopg.RawCursor(cur.connection)
    return raw.execute(text.encode(), given)


@lru_cache(maxsize=256)
def _numbered(sql: str) -> tuple[str, tuple[str, ...]]:
    """``sql`` with ``$1``, ``$2`` …, and the names in that order (none for ``%s``)."""
    names: list[str] = []

    def number(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return "%"
        name = found[1] or f"s{len(names)}"
        if name not in names:
            names.append(name)
        return f"${names.index(name) + 1}"

    return re.sub(r"%%|%s|%\((\w+)\)s", number, sql), tuple(names)
