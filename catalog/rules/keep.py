"""Keeping redemption rules: made, changed, switched off and on, deleted; every step in the audit trail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.gifts.models import Category, Gift
from catalog.rules.judge import LIMIT
from catalog.rules.models import RedemptionRule
from mall import audit
from mall.db import must_get
from mall.errors import Conflict, Invalid
from mall.ids import new_id
from points.earning.versions import By
from points.segments.models import Segment

REQUIRED: dict[str, tuple[str, ...]] = {
    LIMIT: ("per", "unit", "period", "amount"),
    "level": ("min_level",),
    "membership": ("min_days",),
    "effectiveness": ("min_percent",),
    "segment": ("segment", "members"),
    "blackout": (),
    "debt": ("per",),
}
"""What each kind must say."""
OPTIONAL: dict[str, tuple[str, ...]] = {"blackout": ("first_day", "last_day", "weekdays", "hours")}
TERMS = tuple(dict.fromkeys(name for names in (*REQUIRED.values(), *OPTIONAL.values()) for name in names))
SCOPE = {"gift": (Gift, "gift_id"), "category": (Category, "category_id"), "segment": (Segment, "segment_id")}


def redemption_rules(tx: Session) -> list[RedemptionRule]:
    """All rules, the newest first."""
    return list(tx.scalars(select(RedemptionRule).order_by(RedemptionRule.id.desc())))


def redemption_rule(tx: Session, rule_id: str, *, lock: bool = False) -> RedemptionRule:
    """One rule. Raises NotFound."""
    return must_get(tx, RedemptionRule, rule_id, with_for_update=lock)


def create_rule(tx: Session, fields: Mapping[str, Any], by: By, *, rule_id: str | None = None) -> RedemptionRule:
    """A new rule. ``fields``: name, kind, gift, category, above_points, active, and those of ``TERMS``.

    ``rule_id``: the one it has in a rule set's file. Raises Invalid naming the field.
    """
    made = RedemptionRule(
        id=rule_id or new_id("rru"), kind=fields["kind"], active=True, version=1, terms={}, created_by=by.name,
        created_at=by.now, updated_at=by.now,
    )  # fmt: skip
    _set(tx, made, fields)
    tx.add(made)
    tx.flush()
    _note(tx, "redemption_rule.created", made, by)
    return made


def change_rule(tx: Session, rule_id: str, seen: int, fields: Mapping[str, Any], by: By) -> RedemptionRule:
    """Change the fields given, no others; the kind stays. ``seen``: the version that the editor looked at.

    Raises NotFound, Invalid, Conflict ``changed_meanwhile``.
    """
    found = redemption_rule(tx, rule_id, lock=True)
    if found.version != seen:
        raise Conflict("changed_meanwhile")
    _set(tx, found, fields)
    found.version, found.updated_at = seen + 1, by.now
    tx.flush()
    _note(tx, "redemption_rule.changed", found, by)
    return found


def delete_rule(tx: Session, rule_id: str, by: By) -> None:
    """Delete a rule: it refuses nothing any more. Raises NotFound."""
    found = redemption_rule(tx, rule_id, lock=True)
    _note(tx, "redemption_rule.deleted", found, by)
    tx.delete(found)
    tx.flush()


def rule_fields(found: RedemptionRule) -> dict[str, Any]:
    """A rule as the fields that make it."""
    terms = {name: found.terms.get(name) for name in TERMS}
    return {
        "name": found.name, "kind": found.kind, "gift": found.gift_id, "category": found.category_id,
        "above_points": found.above_points, "active": found.active, **terms, "segment": found.segment_id,
    }  # fmt: skip


def plain_terms(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields as the mall keeps them: days as text."""
    return {name: _plain(value) for name, value in fields.items()}


def _set(tx: Session, rule: RedemptionRule, fields: Mapping[str, Any]) -> None:
    with tx.no_autoflush:
        for name in ("name", "above_points", "active"):
            if name in fields:
                setattr(rule, name, fields[name])
        for name, (model, column) in SCOPE.items():
            if name in fields:
                if fields[name] is not None and tx.get(model, fields[name]) is None:
                    raise Invalid({name: [_("Not found.")]})
                setattr(rule, column, fields[name])
    if rule.gift_id is not None and rule.category_id is not None:
        raise Invalid({"category": [_("Either a gift or a category.")]})
    rule.terms = _terms(rule, fields)


def _terms(rule: RedemptionRule, fields: Mapping[str, Any]) -> dict[str, Any]:
    """What the rule asks for, whole. Raises Invalid for what is missing, does not belong, or cannot be."""
    required, optional = REQUIRED[rule.kind], OPTIONAL.get(rule.kind, ())
    given = {name: fields[name] for name in TERMS if name in fields}
    terms = {**rule.terms, **{name: value for name, value in given.items() if name != "segment"}}
    terms = {name: _plain(value) for name, value in terms.items() if value is not None and value != []}
    stated = {**terms, "segment": rule.segment_id}
    errors = {name: [_("Is needed for this kind of rule.")] for name in required if stated.get(name) is None}
    for name, value in given.items():
        if name not in (*required, *optional) and value is not None and value != []:
            errors[name] = [_("Does not belong to this kind of rule.")]
    if rule.kind == "blackout":
        errors.update(_blackout_errors(terms))
    if errors:
        raise Invalid(errors)
    return terms


def _blackout_errors(terms: Mapping[str, Any]) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    if not terms:
        errors["first_day"] = [_("Say when: days, weekdays or hours.")]
    if terms.get("first_day") and terms.get("last_day") and terms["last_day"] < terms["first_day"]:
        errors["last_day"] = [_("Lies before the first day.")]
    if any(len(span) != 2 or span[0] >= span[1] for span in terms.get("hours", ())):
        errors["hours"] = [_("Each is a first hour and a later one: 8 and 20.")]
    return errors


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _note(tx: Session, action: str, found: RedemptionRule, by: By) -> None:
    detail = {**rule_fields(found), "version": found.version}
    kept = {name: value for name, value in detail.items() if value is not None}
    audit.record(tx, by.name, action, f"redemption_rule:{found.id}", kept, by.now, by.request_id)
