"""Pure: a condition as rows of field, comparison and value, joined by "and", and as CEL."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

SIGNS = ("==", "!=", ">=", "<=", ">", "<")
_STRING = r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\''
_ROW = re.compile(rf"\(?\s*([a-z_]+)\s*(==|!=|>=|<=|>|<)\s*({_STRING}|-?[0-9]+(?:\.[0-9]+)?)\s*\)?")
_TOKEN = re.compile(rf"{_STRING}|&&|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Row:
    """``grade >= 1`` as its three parts, all as text."""

    field: str
    sign: str
    value: str

    @property
    def empty(self) -> bool:
        """A row that nobody has filled in yet."""
        return not self.field and not self.value


def to_cel(rows: list[Row], kinds: dict[str, type]) -> str:
    """The rows as CEL. What is no number where one is wanted is written as it is, so that reading it says where."""
    return " && ".join(f"{row.field} {row.sign} {_literal(row, kinds)}" for row in rows if not row.empty)


def to_rows(source: str) -> list[Row] | None:
    """A condition as rows, None when it says more than rows can."""
    if not source.strip():
        return []
    parts = [""]
    for piece in _TOKEN.findall(source):
        if piece == "&&":
            parts.append("")
        else:
            parts[-1] += piece
    rows = []
    for part in parts:
        match = _ROW.fullmatch(part.strip())
        if match is None or part.strip().startswith("(") != part.strip().endswith(")"):
            return None
        rows.append(Row(match[1], match[2], _value(match[3])))
    return rows


def _literal(row: Row, kinds: dict[str, type]) -> str:
    value = row.value.strip()
    kind = kinds.get(row.field, str)
    if kind is str:
        return json.dumps(value, ensure_ascii=False)
    if kind is float and re.fullmatch(r"-?[0-9]+", value):
        return f"{value}.0"
    return value


def _value(literal: str) -> str:
    if literal.startswith('"'):
        try:
            return str(json.loads(literal))
        except ValueError:
            return literal[1:-1]
    if literal.startswith("'"):
        return literal[1:-1].replace("\\'", "'")
    return literal.removesuffix(".0")
