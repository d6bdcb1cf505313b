"""Undo for what is edited in a form of its own: labels, headings, causes, pickup points; and for headings deleted.

The fields of before are written again by the use case that changed them, unless they are no longer as it left them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from catalog.causes.causes import change_cause
from catalog.causes.models import Cause
from catalog.gifts.models import Category, PickupPoint, Tag
from catalog.gifts.shelves import bring_back_category, change_category, change_pickup_point
from catalog.gifts.tags import bring_back_tag, change_tag, worn_by
from mall.errors import MallError
from points.earning.labels import change_label
from points.earning.rule_models import CreditLabel
from points.earning.versions import By

HEADING = ("id", "code", "name", "position")


@dataclass(frozen=True, slots=True)
class Kept:
    """Something with fields: its rows, how they are changed, and which of its fields can be taken back."""

    model: type[Any]
    change: Callable[..., object]
    fields: tuple[str, ...]


KINDS = {
    "label": Kept(CreditLabel, change_label, ("name", "active")),
    "category": Kept(Category, change_category, HEADING[1:]),
    "tag": Kept(Tag, change_tag, HEADING[1:]),
    "cause": Kept(Cause, change_cause, ("name", "description", "code", "goal_points", "active", "position")),
    "pickup_point": Kept(
        PickupPoint, change_pickup_point, ("name", "address", "hours", "code", "opening", "phone", "active")
    ),
}


def fields_of(tx: Session, kind: str, key: str) -> dict[str, Any]:
    """What can be taken back of a thing, as it is now; empty when it is no more."""
    kept = KINDS[kind]
    row = tx.get(kept.model, key, populate_existing=True)
    return {} if row is None else {name: getattr(row, name) for name in kept.fields}


def former_heading(tx: Session, kind: str, row: Any) -> dict[str, Any]:
    """What brings a category or tag back that is about to be deleted: the detail of the deed ``heading``."""
    gifts = worn_by(tx, row.id) if kind == "tag" else []
    return {"kind": kind, "row": {name: getattr(row, name) for name in HEADING}, "gifts": gifts}


def take_fields_back(tx: Session, detail: dict[str, Any], by: By) -> tuple[int, int]:
    """The deed ``fields``."""
    now = fields_of(tx, detail["kind"], detail["key"])
    if {name: now.get(name) for name in detail["after"]} != detail["after"]:
        return 0, 1
    kept = KINDS[detail["kind"]]
    return _tried(tx, lambda: kept.change(tx, detail["key"], detail["before"], by.name, by.now, by.request_id or ""))


def bring_heading_back(tx: Session, detail: dict[str, Any], by: By) -> tuple[int, int]:
    """The deed ``heading``."""
    who = (by.name, by.now, by.request_id)
    if detail["kind"] == "tag":
        return _tried(tx, lambda: bring_back_tag(tx, detail["row"], detail["gifts"], *who))
    return _tried(tx, lambda: bring_back_category(tx, detail["row"], *who))


def _tried(tx: Session, work: Callable[[], object]) -> tuple[int, int]:
    point = tx.begin_nested()
    try:
        with point:
            work()
    except MallError:  # a code that somebody else has taken meanwhile
        return 0, 1
    return 1, 0
