"""Redemption rules as a part of the rule set's file, under their ids: put in twice, a rule is there once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from catalog.rules.keep import SCOPE, TERMS, change_rule, create_rule, plain_terms, redemption_rules, rule_fields
from catalog.rules.models import RedemptionRule
from mall.errors import Invalid
from points.earning.compare import compare
from points.earning.rule_set import Change, Section
from points.earning.versions import By

NAME = "redemption_rules"
FIELDS = ("name", "kind", *SCOPE, "above_points", "active", *TERMS)


def _stated(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: fields[name] for name in FIELDS if fields.get(name) is not None and fields[name] != []}


def _exported(tx: Session, now: datetime) -> list[dict[str, Any]]:
    return [{"id": one.id, **_stated(rule_fields(one))} for one in redemption_rules(tx)]


def _put(tx: Session, item: dict[str, Any], by: By) -> Change | None:
    whole = {**dict.fromkeys(FIELDS), "active": True, **item}  # what the file leaves out is not asked for
    found = tx.get(RedemptionRule, item["id"], with_for_update=True)
    told = compare(_stated(rule_fields(found)) if found else {}, _stated(plain_terms(whole)))
    if found is None:
        create_rule(tx, whole, by, rule_id=item["id"])
        return Change(NAME, item["id"], "added", None, told)
    if not told:
        return None
    if found.kind != item["kind"]:
        raise Invalid({"kind": [_("Stays what it is: make another rule.")]})
    change_rule(tx, found.id, found.version, whole, by)
    return Change(NAME, item["id"], "set", None, told)


REDEMPTION_RULES = Section(NAME, "id", _exported, _put)
