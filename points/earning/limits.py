"""Pure: what limits the grants of a rule: caps, returns that diminish, and budgets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from points.earning.event_types import REPORTS
from points.earning.formulas import Table
from points.earning.periods import PERIODS
from points.earning.reading import Refused, choice, object_of, share, whole


@dataclass(frozen=True, slots=True)
class Cap:
    """A limit on what a rule grants, to a member or to all members together, in one period."""

    per: str
    period: str
    unit: str
    limit: int


@dataclass(frozen=True, slots=True)
class Diminishing:
    """A member's n-th award of a rule in one period pays ``factors[n - 1]`` of its worth, later ones ``then``.

    Like a cap it limits what a case is granted, not its worth, and counts in the period of the case's first
    booked stage. A case keeps its number as long as it pays.
    """

    per: str
    factors: tuple[Decimal, ...]
    then: Decimal

    def factor(self, number: int) -> Decimal:
        """What the award with this number, counted from 1, is multiplied by."""
        return self.factors[number - 1] if number <= len(self.factors) else self.then


PROGRAMME = "programme"
"""The scope of the budget that everything counts in; no rule may be called so."""
BUDGET_PERIODS = ("month", "total")
ACTIONS = ("stop", "pend")


@dataclass(frozen=True, slots=True)
class Budget:
    """So many points, for the rule or programme ``scope``, in one period (``points.earning.budgets``)."""

    scope: str
    period: str
    limit: int
    action: str


Budgets = Mapping[str, Budget]
"""Budgets by scope."""


REACHES = ("pending_only", "within_balance", "into_debt")
"""How far points are taken back: the award's own that still wait; what can be spent too; or all, into debt."""


@dataclass(frozen=True, slots=True)
class Clawback:
    """How far a rule takes back: after an error in good faith, and after malice (a stage worth less than nothing)."""

    good_faith: str = "into_debt"
    malice: str = "into_debt"
    appeal_days: int = 0
    """Days in which a member may answer before malice costs points."""

    @property
    def limited(self) -> bool:
        """Whether something may have to be left to the member, for a while or for good."""
        return self.appeal_days > 0 or (self.good_faith, self.malice) != ("into_debt", "into_debt")


ALL_INTO_DEBT = Clawback()


def read_clawback(value: Any) -> Clawback:
    """The part ``clawback`` of a rule document: one word for both, or an object of two."""
    if value is None:
        return ALL_INTO_DEBT
    if isinstance(value, str):
        return Clawback(choice(value, "clawback", REACHES), choice(value, "clawback", REACHES))
    body = object_of(value, "clawback", ("good_faith", "malice", "appeal_days"))
    return Clawback(
        choice(body.get("good_faith", "into_debt"), "clawback.good_faith", REACHES),
        choice(body.get("malice", "into_debt"), "clawback.malice", REACHES),
        whole(body.get("appeal_days", 0), "clawback.appeal_days", 0, 90),
    )


def read_caps(value: Any) -> tuple[Cap, ...]:
    """The caps of a rule document."""
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > 10:
        raise Refused("caps", "must be a list of at most 10")
    caps = []
    for index, item in enumerate(value):
        path = f"caps.{index}"
        body = object_of(item, path, ("per", "period", "unit", "limit"))
        caps.append(
            Cap(
                choice(body.get("per"), f"{path}.per", ("member", "all")),
                choice(body.get("period"), f"{path}.period", PERIODS),
                choice(body.get("unit"), f"{path}.unit", ("points", "times")),
                whole(body.get("limit"), f"{path}.limit", 0, 10**12),
            )
        )
    return tuple(caps)


def read_corroboration(value: Any, event: str) -> Table | None:
    """The part ``corroboration`` of a rule document: percents by what a report is (``points.earning.reports``)."""
    if value is None:
        return None
    if event != "tip.outcome":
        raise Refused("corroboration", "is only for tips")
    body = object_of(value, "corroboration", REPORTS)
    percents = {role: whole(body.get(role, 100), f"corroboration.{role}", 0, 100) for role in REPORTS}
    return Table("report", {role: Decimal(percent) / 100 for role, percent in percents.items()})


def read_diminishing(value: Any) -> Diminishing | None:
    """The part ``diminishing`` of a rule document."""
    if value is None:
        return None
    body, path = object_of(value, "diminishing", ("per", "factors", "then")), "diminishing.factors"
    listed = body.get("factors")
    if not isinstance(listed, list) or not 1 <= len(listed) <= 100:
        raise Refused(path, "must be a list of 1 to 100 factors")
    return Diminishing(
        choice(body.get("per", "day"), "diminishing.per", ("hour", "day", "week", "month")),
        tuple(share(factor, f"{path}.{index}") for index, factor in enumerate(listed)),
        share(body.get("then", 0), "diminishing.then"),
    )
