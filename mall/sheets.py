"""Pure: tables of text in files: CSV and XLSX, read within bounds and written so that no cell is a formula.

Files come from people and programs that we do not know. Reading is bounded in bytes, rows, columns and in what a
file may unpack to; a formula in a workbook is never calculated, its text is never trusted.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any, BinaryIO

from openpyxl import Workbook, load_workbook

CSV_TYPE = "text/csv"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MAX_ROWS = 5_000
MAX_COLUMNS = 20
MAX_CELL = 1_000
MAX_UNPACKED = 24 * 1024 * 1024
"""Bytes that the parts of a workbook may unpack to together: 5,000 rows need less than 3 MB."""
MAX_PARTS = 200
PORTION = 32 * 1024
"""Characters of a CSV file that are gathered before they are sent."""
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is a formula to a spreadsheet (OWASP, CSV injection)."""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_ENTITIES = (b"<!DOCTYPE", b"<!ENTITY")


class BadSheet(Exception):
    """The bytes are no table we read; the message is ``encoding``, ``form``, ``too_many`` or ``too_large``."""


def read_sheet(raw: bytes, media_type: str) -> list[list[str]]:
    """The rows of a file, each cell as text, blank rows at the end left out. Raises BadSheet.

    CSV may be as ``csv_rows`` takes it. Of a workbook the first sheet is read.
    """
    rows = list(_bounded(csv_rows(raw) if media_type == CSV_TYPE else _xlsx_rows(raw)))
    while rows and not any(rows[-1]):
        rows.pop()
    return rows


def _bounded(rows: Iterable[Sequence[Any]]) -> Iterator[list[str]]:
    for number, row in enumerate(rows, start=1):
        if number > MAX_ROWS + 1:  # one for the headings
            raise BadSheet("too_many")
        cells = [_text(cell) for cell in row[:MAX_COLUMNS]]
        if any(len(cell) > MAX_CELL for cell in cells):
            raise BadSheet("too_large")
        yield cells


def _text(cell: Any) -> str:
    """A cell as somebody would type it: 75012345678901 in a workbook is a number, and no 7.5E+13."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 10**15:
        cell = int(cell)
    if isinstance(cell, (date, datetime)):
        cell = cell.isoformat()
    return _CONTROL.sub("", str(cell)).strip()


def csv_rows(raw: bytes) -> Iterator[list[str]]:
    """The rows of a CSV file, every one of them, its cells as they stand. Raises BadSheet.

    In UTF-8 or GB 18030; between the cells stand commas or, where the first line has none, the semicolons or tabs
    that spreadsheets write in some countries.
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = raw.decode("gb18030")
        except UnicodeDecodeError as error:
            raise BadSheet("encoding") from error
    if "\0" in text:
        raise BadSheet("form")
    first = text.lstrip().partition("\n")[0]
    between = next((one for one in ",;\t" if one in first.strip()), ",")
    try:
        yield from csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=between)
    except csv.Error as error:
        raise BadSheet("form") from error


def _xlsx_rows(raw: bytes) -> Iterator[Sequence[Any]]:
    _check_archive(raw)
    try:
        book = load_workbook(io.BytesIO(raw), read_only=True, data_only=True, keep_links=False)
        try:
            yield from book.worksheets[0].iter_rows(max_row=MAX_ROWS + 2, max_col=MAX_COLUMNS, values_only=True)
        finally:
            book.close()
    except BadSheet:
        raise
    except Exception as error:  # openpyxl raises whatever the part it stumbles over raises
        raise BadSheet("form") from error


def _check_archive(raw: bytes) -> None:
    """Refuse what unpacks to too much, and entities in its XML. Raises BadSheet.

    ``zipfile`` never unpacks more of a part than its header says, so headers that lie gain nothing.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            parts = archive.infolist()
            if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
                raise BadSheet("too_large")
            if any(part.flag_bits & 1 for part in parts):
                raise BadSheet("form")
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    # Without its zero bytes, so that UTF-16 hides nothing.
                    content = archive.read(part).replace(b"\0", b"").upper()
                    if any(word in content for word in _ENTITIES):
                        raise BadSheet("form")
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError, zlib.error) as error:
        raise BadSheet("form") from error


def safe_cell(value: object) -> str:
    """A value as a cell that no spreadsheet takes for a formula."""
    text = _CONTROL.sub("", "" if value is None else str(value))
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def write_csv(rows: Iterable[Sequence[object]]) -> bytes:
    """A CSV file in UTF-8 with a byte order mark, without which Excel takes Chinese for something else."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([safe_cell(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def csv_stream(rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """``write_csv`` in portions, for lists that are too long to be held: a few kilobytes at a time."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    out.write("\ufeff")
    for row in rows:
        writer.writerow([safe_cell(cell) for cell in row])
        if out.tell() > PORTION:
            yield out.getvalue().encode()
            out.seek(0)
            out.truncate()
    yield out.getvalue().encode()


def save_xlsx(rows: Iterable[Sequence[object]], title: str, target: BinaryIO) -> None:
    """``write_xlsx`` into an open file, row by row; every cell is text."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_sheet_title(title))
    for row in rows:
        sheet.append([safe_cell(cell) for cell in row])
    book.save(target)


def _sheet_title(title: str) -> str:
    return re.sub(r"[\[\]:*?/\\]", " ", title)[:31]


def write_xlsx(rows: Iterable[Sequence[object]], title: str, *, numbers: bool = False) -> bytes:
    """A workbook with one sheet; every cell is text, with ``numbers`` all but whole numbers."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_sheet_title(title))
    for row in rows:
        sheet.append([cell if numbers and type(cell) is int else safe_cell(cell) for cell in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
