"""Pure: reading voucher codes from a CSV file, line by line."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mall.sheets import BadSheet, csv_rows

MAX_LINES = 20_000
MAX_CODE = 200
_CODE = re.compile(r"[\x20-\x7e\u00a1-\ufffd]{1,200}")
_HEADINGS = frozenset(
    {"code", "codes", "voucher", "voucher_code", "voucher code", "coupon", "coupon code", "card number", "兑换码",
     "券码", "卡密", "卡号", "券号", "密码", "激活码", "礼品码", "优惠码", "优惠券码", "提货码", "序列号"}
)  # fmt: skip
"""What stands above a column of codes: handed to a member as a code it would be worth nothing."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its number from 1, and the code or what is wrong (``empty``, ``invalid``, ``columns``)."""

    number: int
    code: str | None
    problem: str | None = None


class NotCsv(Exception):
    """The bytes are no CSV file; the message is ``encoding``, ``form`` or ``too_many``."""


def read_lines(raw: bytes) -> list[Line]:
    """The lines of a file with one code each, a heading left out, blank lines at its end too. Raises NotCsv."""
    lines: list[Line] = []
    try:
        for number, cells in enumerate(csv_rows(raw.rstrip()), start=1):
            if number > MAX_LINES:
                raise NotCsv("too_many")
            if number == 1 and cells and _is_heading(cells):
                continue
            lines.append(_line(number, [cell.strip() for cell in cells]))
    except BadSheet as error:
        raise NotCsv(str(error)) from error
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
