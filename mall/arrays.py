"""Pure: columns as PostgreSQL writes arrays: psycopg's own dumper takes as long as all else in a batch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any


def among(kind: str, parameter: str = "%s") -> str:
    """SQL for "is one of an array", for looks whose number of keys varies and is small. How many there are is hidden
    from PostgreSQL's planner, which would make a plan for each few of them anew: that costs more than the look."""
    return f"= ANY(ARRAY(SELECT unnest({parameter}::{kind}[])))"


def array(column: Sequence[Any]) -> str:
    """A column as an array literal, to be cast by the statement: ``%s::text[]``."""
    kinds = set(map(type, column))
    if kinds == {int}:
        return "{" + ",".join(map(str, column)) + "}"
    if kinds == {bytes}:
        return '{"\\\\x' + '","\\\\x'.join([value.hex() for value in column]) + '"}'
    if kinds == {str}:
        return "{" + ",".join([_text(value) for value in column]) + "}"
    return "{" + ",".join(map(_item, column)) + "}"


def arrays(rows: Sequence[tuple[Any, ...]]) -> list[str]:
    """The columns of ``rows`` as array literals."""
    return [array(column) for column in zip(*rows, strict=True)]


def _text(value: str) -> str:
    if '"' in value or "\\" in value:
        value = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{value}"'


def _item(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bytes):
        return '"\\\\x' + value.hex() + '"'
    return value.isoformat() if isinstance(value, datetime) else str(value)
