"""Pure: which two accounts may be made one, and what the books will say afterwards."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Account:
    """What counts of an account. ``own_credential``: its holder can sign in to it by themselves."""

    id: str
    status: str
    merged: bool
    own_credential: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """A book, in points; what is held is set aside for orders."""

    available: int
    pending: int
    held: int
    debt: int


def refusal(source: Account, target: Account) -> str | None:
    """The code of why ``source`` cannot be merged into ``target``; None when it can.

    A frozen account is not merged: merging would end the freeze, or spread it. An account that somebody signs in to
    is not merged into one that nobody can sign in to: its holder would stand outside.
    """
    if source.id == target.id:
        return "same_account"
    if source.merged or target.merged:
        return "merged_already"
    if source.status != "active" or target.status != "active":
        return "member_not_active"
    if source.own_credential and not target.own_credential:
        return "merge_other_way"
    return None


def afterwards(source: Figures, target: Figures) -> Figures:
    """The book that stays, once merged. What one account owes is paid from what the other can spend.

    ``held`` is that of the account that stays: points held in the other stay with their orders until those end.
    """
    net = source.available + target.available - source.debt - target.debt
    return Figures(max(0, net), source.pending + target.pending, target.held, max(0, -net))
