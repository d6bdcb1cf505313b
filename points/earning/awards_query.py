"""Explanations of awards for the member who got them; confidential ones only for a member who is surely there."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from points.earning.explain import Line
from points.earning.source_models import Award

NEUTRAL_LABEL = "points"


def public_explanations(tx: Session, member_id: str, award_ids: Sequence[str]) -> dict[str, list[Line]]:
    """The lines of a member's awards that may be shown: public ones under a label of the mall's own.

    What reporting systems pay is never explained here, public or not: an explanation on one line would tell
    by its absence on another which points are for a tip.
    """
    if not award_ids:
        return {}
    rows = tx.execute(
        select(Award.award_id, Award.explanation).where(
            Award.award_id.in_(award_ids),
            Award.member_id == member_id,
            Award.visibility == "public",
            Award.label != NEUTRAL_LABEL,
        )
    )
    return {award_id: [Line.read(line) for line in stored] for award_id, stored in rows}


def own_explanations(tx: Session, member_id: str, award_ids: Sequence[str]) -> dict[str, list[Line]]:
    """The lines of all of a member's awards, tips too: only for that member, who gave the password just now."""
    if not award_ids:
        return {}
    rows = tx.execute(
        select(Award.award_id, Award.explanation).where(Award.award_id.in_(award_ids), Award.member_id == member_id)
    )
    return {award_id: [Line.read(line) for line in stored] for award_id, stored in rows}
