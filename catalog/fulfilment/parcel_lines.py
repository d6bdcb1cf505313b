"""Pure: lists of parcels: which order, which carrier, which tracking number, line by line."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from catalog.fulfilment.carriers import find_carrier, tracking_number

HEADINGS = {
    "order": frozenset({"order", "order number", "number", "订单", "订单号", "订单编号"}),
    "carrier": frozenset({"carrier", "courier", "快递", "快递公司", "承运商", "物流公司"}),
    "tracking": frozenset({"tracking", "tracking number", "快递单号", "运单号", "物流单号", "单号"}),
}
_NUMBER = re.compile(r"[A-Z0-9-]{1,40}")


@dataclass(frozen=True, slots=True)
class ParcelLine:
    """A line: its number in the file from 1, what it says, and what is wrong with it by itself, if anything.

    ``problem``: ``empty``, ``columns``, ``order``, ``carrier``, ``tracking`` or ``twice`` (an order named before).
    """

    number: int
    order: str
    carrier: str
    tracking: str
    problem: str | None = None


def parcel_lines(rows: Sequence[Sequence[str]]) -> list[ParcelLine]:
    """The lines of a file.

    Columns are found by their headings, in any order and among others; without headings there are just three:
    order number, carrier, tracking number. Blank lines in between are left out.
    """
    if not rows:
        return []
    places = _places(rows[0])
    first = 0 if places is None else 1
    lines: list[ParcelLine] = []
    seen: set[str] = set()
    for number, cells in enumerate(rows[first:], start=first + 1):
        if not any(cells):
            continue
        line = _line(number, cells, places)
        if line.order in seen and line.problem is None:
            line = ParcelLine(number, line.order, line.carrier, line.tracking, "twice")
        seen.add(line.order)
        lines.append(line)
    return lines


def is_untouched(line: ParcelLine) -> bool:
    """Whether the line names an order and nothing else: a list to fill in, not filled in yet."""
    return bool(line.order) and not line.carrier and not line.tracking


def _places(cells: Sequence[str]) -> dict[str, int] | None:
    """Where each column is, None when the first row holds no headings."""
    names = [cell.strip().casefold() for cell in cells]
    places: dict[str, int] = {}
    for column, known in HEADINGS.items():
        for place, name in enumerate(names):
            if name in known:
                places.setdefault(column, place)
    return places if len(places) == len(HEADINGS) else None


def _line(number: int, cells: Sequence[str], places: dict[str, int] | None) -> ParcelLine:
    if places is None:
        filled = len(cells) if not cells or cells[-1] else len([cell for cell in cells if cell])
        if filled != len(HEADINGS):
            return ParcelLine(number, _cell(cells, 0), _cell(cells, 1), _cell(cells, 2), "columns")
        places = {"order": 0, "carrier": 1, "tracking": 2}
    order, carrier_text, tracking_text = (_cell(cells, places[name]) for name in ("order", "carrier", "tracking"))
    order = order.upper()
    carrier = find_carrier(carrier_text)
    if not _NUMBER.fullmatch(order):
        return ParcelLine(number, order, carrier_text, tracking_text, "order")
    if carrier is None:
        return ParcelLine(number, order, carrier_text, tracking_text, "carrier")
    tracking = tracking_number(carrier, tracking_text)
    if tracking is None:
        return ParcelLine(number, order, carrier.code, tracking_text, "tracking")
    return ParcelLine(number, order, carrier.code, tracking)


def _cell(cells: Sequence[str], place: int) -> str:
    # A quote in front is how we, and spreadsheets, write text that would be a formula.
    return unicodedata.normalize("NFKC", cells[place]).removeprefix("'").strip() if place < len(cells) else ""
