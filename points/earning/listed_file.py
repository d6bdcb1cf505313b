"""Pure: a source's own list of events, as rows of a file: event id, and the points it expects if it has an opinion."""

from __future__ import annotations

import re
from collections.abc import Sequence

from points.earning.reconcile_lines import MOST_LISTED, Listed

HEADINGS = frozenset({"id", "event_id", "event id", "event", "事件", "事件编号", "事件 id"})
_ID = re.compile(r"[A-Za-z0-9._:~/-]{1,128}")
_POINTS = re.compile(r"[+-]?\d{1,15}")


class BadList(Exception):
    """The rows are no such list. ``why``: ``empty``, ``too_many``, ``id`` or ``points``; ``line`` from 1."""

    def __init__(self, why: str, line: int = 0) -> None:
        super().__init__(why)
        self.why, self.line = why, line


def read_list(rows: Sequence[Sequence[str]]) -> list[Listed]:
    """The lines of a list; a first line of headings and blank lines are passed over. Raises BadList."""
    found = []
    for number, row in enumerate(rows, start=1):
        cells = [cell.strip() for cell in row[:2]] + ["", ""]
        event_id, points = cells[0], cells[1].replace("−", "-")
        if not event_id or (number == 1 and event_id.lower() in HEADINGS):
            continue
        if not _ID.fullmatch(event_id):
            raise BadList("id", number)
        if points and not _POINTS.fullmatch(points):
            raise BadList("points", number)
        found.append(Listed(event_id, int(points) if points else None))
    if not found:
        raise BadList("empty")
    if len(found) > MOST_LISTED:
        raise BadList("too_many")
    return found
