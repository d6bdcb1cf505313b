"""A member's whole statement as a file: every line with its balance, so that it adds up, and its plain reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from mall.http.downloads import bounded, check_format
from mall.sheets import write_csv, write_xlsx
from points.statement import Line, statement_page

AT_ONCE = 500
"""Lines read at once."""

Words = Callable[[Line], str]


def statement_file(tx: Session, member_id: str, kind: str, zone: ZoneInfo, words: Words, full: bool) -> bytes:
    """The lines, newest first; times are of the mall's ``zone``; ``words`` names a line, ``full`` as in a page of it.

    Raises Invalid naming ``format`` for one we do not write, and for a workbook of more than 50,000 lines.
    """
    check_format(kind)
    rows = _rows(tx, member_id, zone, words, full)
    return write_xlsx(bounded(rows), _("Statement"), numbers=True) if kind == "xlsx" else write_csv(rows)


def _rows(tx: Session, member_id: str, zone: ZoneInfo, words: Words, full: bool) -> Iterator[list[object]]:
    yield [_("Date and time"), _("Booked as"), _("Points"), _("Balance"), _("Why"), _("Id")]
    cursor: str | None = None
    while True:
        lines, cursor = statement_page(tx, member_id, AT_ONCE, cursor, full=full)
        for line in lines:
            when = line.posted_at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
            yield [when, words(line), line.points, line.balance_after, "; ".join(line.why), line.id]
        if cursor is None:
            return
