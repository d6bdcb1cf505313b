"""Filling the pool of a voucher gift from a CSV file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from catalog.stock.change import find_item, move_stock, on_hand
from catalog.vouchers.codes import box_of, hash_of
from catalog.vouchers.csv_file import Line, NotCsv, read_lines
from mall import audit
from mall.crypto import keyring
from mall.db import cursor
from mall.errors import Conflict, Invalid
from mall.ids import new_id

IMPORTED = "imported"
_ADD = """INSERT INTO voucher_codes (id, item_id, code_hash, code_box, imported_at)
 SELECT n.id, %s, n.code_hash, n.code_box, %s
 FROM unnest(%s::text[], %s::bytea[], %s::bytea[]) AS n(id, code_hash, code_box)
 ON CONFLICT (item_id, code_hash) DO NOTHING RETURNING code_hash"""


@dataclass(frozen=True, slots=True)
class LineResult:
    """What became of a line: ``imported``, or ``duplicate``, ``empty``, ``columns``, ``invalid``. Never the code."""

    line: int
    result: str


@dataclass(frozen=True, slots=True)
class Imported:
    """An import: how many codes came in, how many lines were refused, the new stock, and each line's result."""

    imported: int
    refused: int
    on_hand: int
    lines: list[LineResult]


NO_CODE = ("columns", "invalid")
"""Results of lines that nobody can have meant as codes."""


def import_codes(
    tx: Session,
    gift_id: str,
    variant_id: str | None,
    raw: bytes,
    actor: str,
    now: datetime,
    request_id: str | None = None,
    *,
    only_good: bool = False,
) -> Imported:
    """Add the codes of a CSV file, one a line.

    Raises NotFound, Conflict ``not_a_voucher`` or ``variant_exists``, Invalid when it is no CSV file, and Conflict
    ``bad_lines`` (``extra["imported"]``: the Imported as it would be) when a line is no code, unless ``only_good``:
    then it is left out. Blank lines and codes that are there already are left out in any case, so that a file sent
    twice counts once. The transaction must not commit after a raise.
    """
    gift, item_id = find_item(tx, gift_id, variant_id)
    if gift.kind != "voucher":
        raise Conflict("not_a_voucher")
    lines = _read(raw)
    added = _add(tx, item_id, lines, now)
    results = [LineResult(line.number, _result(line, added)) for line in lines]
    count = sum(one.result == IMPORTED for one in results)
    if not only_good and any(one.result in NO_CODE for one in results):
        bad = Imported(count, len(results) - count, on_hand(tx, item_id), results)
        raise Conflict("bad_lines", extra={"imported": bad})
    detail = {"imported": count, "refused": len(results) - count, "item": item_id}
    audit.record(tx, actor, "vouchers.imported", f"gift:{gift_id}", detail, now, request_id)
    left = move_stock(tx, item_id, count, "imported", None, actor, now) if count else on_hand(tx, item_id)
    return Imported(count, len(results) - count, left, results)


def _read(raw: bytes) -> list[Line]:
    try:
        lines = read_lines(raw)
    except NotCsv as error:
        why = {
            "encoding": _("Must be a text file in UTF-8 or GB 18030 (the CSV that Excel saves)."),
            "form": _("Is not a CSV file."),
            "too_many": _("Has more than 20,000 lines."),
        }
        raise Invalid({"body": [why[str(error)]]}) from error
    if not lines:
        raise Invalid({"body": [_("There is no code in it.")]})
    return lines


def _add(tx: Session, item_id: str, lines: Sequence[Line], now: datetime) -> set[int]:
    """Store the good codes; returns the numbers of the lines that were new."""
    ring = keyring()
    first_line: dict[bytes, Line] = {}
    for line in lines:
        if line.code is not None:
            first_line.setdefault(hash_of(ring, item_id, line.code), line)
    hashes = list(first_line)
    boxes = [box_of(ring, line.code or "") for line in first_line.values()]
    ids = sorted(new_id("vou") for _ in hashes)  # given out in the order of the file
    rows = cursor(tx).execute(_ADD, (item_id, now, ids, hashes, boxes)).fetchall()
    return {first_line[bytes(code_hash)].number for (code_hash,) in rows}


def _result(line: Line, added: set[int]) -> str:
    if line.problem is not None:
        return line.problem
    return IMPORTED if line.number in added else "duplicate"


def reason(result: str) -> str:
    """What became of a line, in words of the reader's language."""
    sentences = {
        IMPORTED: _("Imported."),
        "duplicate": _("This code is there already."),
        "empty": _("The line is empty."),
        "columns": _("More than one column: one code a line, nothing else."),
        "invalid": _("This is no code."),
    }
    return str(sentences[result])
