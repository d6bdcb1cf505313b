"""A draft beside what is in force, with what it could cost: what an approver looks at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from mall.errors import NotFound
from points.earning.approval import Weight, weigh
from points.earning.compare import Difference, compare
from points.earning.rule_models import EarningRuleVersion
from points.earning.versions import MOST_VERSION, version_in_force


@dataclass(frozen=True, slots=True)
class Comparison:
    """``other`` is the version compared with; None for a rule that pays nothing yet."""

    other: int | None
    differences: list[Difference]
    weight: Weight


def comparison(tx: Session, key: str, number: int, other: int | None, now: datetime) -> Comparison:
    """Version ``number`` beside ``other``, the one in force when None. Raises NotFound."""
    shown = _found(tx, key, number)
    base = _found(tx, key, other) if other is not None else version_in_force(tx, key, now)
    differences = compare(base.document if base else {}, shown.document)
    return Comparison(base.version if base else None, differences, weigh(tx, shown))


def _found(tx: Session, key: str, number: int) -> EarningRuleVersion:
    found = tx.get(EarningRuleVersion, (key, number)) if 0 < number <= MOST_VERSION else None
    if found is None:
        raise NotFound()
    return found
