"""Tables sent as files: which formats there are, how long a workbook may be, and the headers of a download."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from flask import Response
from flask_babel import gettext as _

from mall.errors import Invalid
from mall.sheets import CSV_TYPE, XLSX_TYPE

FORMATS = {"csv": CSV_TYPE, "xlsx": XLSX_TYPE}
MOST_IN_WORKBOOK = 50_000
"""Lines: a workbook is made whole before it is sent; beyond this it is slow, and CSV is not."""


def check_format(kind: str) -> None:
    """Raise Invalid naming ``format`` for a file we do not write."""
    if kind not in FORMATS:
        raise Invalid({"format": [_("Must be one of: %(choices)s.", choices=", ".join(FORMATS))]})


def bounded(rows: Iterable[Sequence[object]]) -> Iterator[Sequence[object]]:
    """Rows of a workbook, the first of them its headings. Raises Invalid naming ``format`` at one too many."""
    for number, row in enumerate(rows):
        if number > MOST_IN_WORKBOOK:
            raise Invalid({"format": [_("More than 50,000 entries: take CSV, or filter.")]})
        yield row


def download(content: bytes | Iterable[bytes], name: str, kind: str) -> Response:
    """The answer that a browser saves as ``name.kind`` and no cache keeps."""
    response = Response(content, content_type=FORMATS[kind])
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    response.headers["Cache-Control"] = "no-store"
    return response
