"""A kept report as a workbook."""

from __future__ import annotations

from admin.reports.models import KeptReport
from admin.reports.tables import Cell, span_of, tables_of, title_of
from mall.i18n import format_moment
from mall.sheets import write_xlsx


def workbook(report: KeptReport) -> bytes:
    """All tables of the report below each other on one sheet, in the reader's language; figures are numbers."""
    rows: list[list[Cell]] = [[title_of(report), span_of(report)], [format_moment(report.made_at)]]
    for table in tables_of(report):
        rows += [[], [table.title], list(table.columns), *table.rows]
        if table.note:
            rows.append([table.note])
    return write_xlsx(rows, title_of(report), numbers=True)
