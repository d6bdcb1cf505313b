"""Explanations of awards for the member who got them; confidential ones only for a member who is surely there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from mall.identity.models import Member
from points.earning.explain import Line
from points.earning.source_models import Award

NEUTRAL_LABEL = "points"


@dataclass(frozen=True, slots=True)
class Explained:
    """An award as it stands: the points it has granted in all, and its lines."""

    points: int
    lines: list[Line]


def public_explanations(tx: Session, member_id: str, award_ids: Sequence[str]) -> dict[str, Explained]:
    """The member's awards that may be explained: public ones under a label of the mall's own.

    What reporting systems pay is never explained here, public or not: an explanation on one line would tell
    by its absence on another which points are for a tip.
    """
    return _explained(tx, member_id, award_ids, Award.visibility == "public", Award.label != NEUTRAL_LABEL)


def own_explanations(tx: Session, member_id: str, award_ids: Sequence[str]) -> dict[str, Explained]:
    """All of a member's awards, tips too: only for that member, who gave the password just now."""
    return _explained(tx, member_id, award_ids)


def _explained(
    tx: Session, member_id: str, award_ids: Sequence[str], *only: ColumnElement[bool]
) -> dict[str, Explained]:
    if not award_ids:
        return {}
    person = select(Member.id).where(or_(Member.id == member_id, Member.alias_of == member_id))
    asked = select(Award.award_id, Award.points, Award.explanation).where(
        Award.award_id.in_(award_ids), Award.member_id.in_(person), *only
    )
    return {row[0]: Explained(row[1], [Line.read(line) for line in row[2]]) for row in tx.execute(asked)}
