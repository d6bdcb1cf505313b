"""A member's statement: ledger lines, each with as much of its reason as may be shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from mall.http.pagination import decode_cursor, encode_cursor
from points.earning.awards_query import NEUTRAL_LABEL, Explained, own_explanations, public_explanations
from points.earning.explain_display import localized
from points.ledger.queries import StatementLine, statement


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a statement. ``points`` is signed; ``why`` is empty where there is nothing to show.

    ``confidential``: a reporting system paid for it, so ``why`` is only there on a full statement.
    """

    id: str
    kind: str
    label: str
    points: int
    balance_after: int
    posted_at: datetime
    ref: str | None
    why: list[str]
    confidential: bool


def statement_page(
    tx: Session,
    member_id: str,
    limit: int,
    cursor_text: str | None,
    direction: str | None = None,
    full: bool = False,
) -> tuple[list[Line], str | None]:
    """A page of a member's statement, newest first, and the cursor of the next; ``direction``: in, out or None.

    ``full`` explains confidential lines too: only for a page shown to a member who has just given the password.
    """
    seen = decode_cursor(cursor_text, int)
    rows = statement(tx, member_id, limit=limit + 1, before=seen[0] if seen else None, direction=direction)
    page = rows[:limit]
    explanations = own_explanations if full else public_explanations
    explained = explanations(tx, member_id, [row.award_id for row in page if row.award_id])
    lines = [_line(row, explained, full) for row in page]
    return lines, encode_cursor(page[-1].version) if len(rows) > limit else None


def _line(row: StatementLine, explained: dict[str, Explained], full: bool) -> Line:
    confidential = row.label == NEUTRAL_LABEL
    award = explained.get(row.award_id or "") if full or not confidential else None
    why = [localized(line) for line in award.lines] if award else []
    if award and award.points != row.points:  # one step of several: its reason is that of all of them
        why.append(str(_("%(points)s in all for this so far", points=award.points)))
    return Line(
        f"pst_{row.version}", row.kind, row.label, row.points, row.balance_after, row.posted_at,
        None if confidential else row.ref, why, confidential,
    )  # fmt: skip


def neutral_why() -> str:
    """What is said of every line that reporting systems pay for, a tip or not."""
    return str(_("Points for taking part in the community."))
