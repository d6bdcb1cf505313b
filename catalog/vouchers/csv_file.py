"""Pure: reading voucher codes from a CSV file, line by line."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass

MAX_LINES = 20_000
MAX_CODE = 200
_CODE = re.compile(r"[\x20-\x7e\u00a1-\ufffd]{1,200}")
_HEADINGS = frozenset({"code", "voucher", "voucher_code", "兑换码", "券码", "卡密"})


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its number from 1, and the code or what is wrong (``empty``, ``invalid``, ``columns``)."""

    number: int
    code: str | None
    problem: str | None = None


class NotCsv(Exception):
    """The bytes are no CSV file in UTF-8; the message is ``encoding``, ``form`` or ``too_many``."""


def read_lines(raw: bytes) -> list[Line]:
    """The lines of a file with one code each, a heading left out, blank lines at its end too. Raises NotCsv."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotCsv("encoding") from error
    if "\0" in text:
        raise NotCsv("form")
    lines: list[Line] = []
    reader = csv.reader(io.StringIO(text.rstrip()), strict=True)
    try:
        for number, cells in enumerate(reader, start=1):
            if number > MAX_LINES:
                raise NotCsv("too_many")
            if number == 1 and cells and _is_heading(cells):
                continue
            lines.append(_line(number, [cell.strip() for cell in cells]))
    except csv.Error as error:
        raise NotCsv("form") from error
    return lines


def _is_heading(cells: list[str]) -> bool:
    return cells[0].strip().casefold() in _HEADINGS


def _line(number: int, cells: list[str]) -> Line:
    filled = [cell for cell in cells if cell]
    if not filled:
        return Line(number, None, "empty")
    if len(filled) > 1 or not cells[0]:
        return Line(number, None, "columns")
    if not _CODE.fullmatch(filled[0]):
        return Line(number, None, "invalid")
    return Line(number, filled[0])
