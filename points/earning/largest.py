"""Pure: the most that one award under a rule document may come to."""

from __future__ import annotations

from decimal import Decimal

from points.earning.documents import RuleDocument
from points.earning.event_types import MAX_EXPLICIT_POINTS
from points.earning.formulas import Table, round_half_up


def largest_award(document: RuleDocument) -> int:
    """Points, before caps, of the best case there can be; a fact counts with the most it may be."""
    formula = document.formula
    if formula.table is not None:
        most = max(formula.table.values())
    else:
        most = formula.fixed if formula.fixed is not None else Decimal(MAX_EXPLICIT_POINTS)
    for multiplier in formula.multipliers:
        if isinstance(multiplier, Table):
            most *= max(Decimal(1), *multiplier.values())
    return max(0, round_half_up(most))
