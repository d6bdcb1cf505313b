"""Parts of the rule set's file: earning rules, campaigns, budgets, and the owner's limits."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from mall.errors import Invalid, NotFound
from points.earning.budget_keeping import set_budget
from points.earning.campaign_keeping import campaigns, change_campaign, check_campaign, draft_campaign
from points.earning.compare import compare
from points.earning.drafts import checked, create_draft, create_rule, rename_rule
from points.earning.rule_models import Campaign, EarningRule, PointBudget, RuleControls
from points.earning.rule_set import Change, Section
from points.earning.sentences import Sentence
from points.earning.sentences_display import shown
from points.earning.versions import OPEN_STATES, By, VersionView, change_controls, controls, rules, version, versions

CONTROLS = ("approve_above_award_points", "approve_above_minted_points", "backtest_budget_points", "backtest_required")


def _exported_rules(tx: Session, now: datetime) -> list[dict[str, Any]]:
    """The version in force of every rule, of one that has none the next to begin; drafts and ended ones not."""
    found = []
    for view in rules(tx, now):
        number = view.version or view.next_version
        if number is not None:
            document = version(tx, view.key, number, now).document
            found.append({"key": view.key, "title": view.title, "document": document})
    return found


def _put_rule(tx: Session, item: dict[str, Any], by: By) -> Change | None:
    key, title, document = item["key"], item["title"], item["document"]
    checked(document)
    found = tx.get(EarningRule, key, with_for_update=True)  # the same file put in twice at once makes one draft
    if found is None:
        create_rule(tx, key, title, document, by)
        told = [*compare({}, {"title": title}), *compare({}, document)]
        return Change("earning_rules", key, "created", 1, told)
    listed = versions(tx, key, by.now)
    base = _in_force(listed)
    told = compare(base.document if base else {}, document)
    if base is not None and not told:
        drafted = None
    elif any(one.state in OPEN_STATES and not compare(one.document, document) for one in listed):
        drafted, told = None, []  # it is drafted already: a file put in twice makes one draft
    else:
        drafted = create_draft(tx, key, by, document, base.version if base else None).version
    retitled = compare({"title": found.title}, {"title": title})
    if retitled:
        rename_rule(tx, key, title, by)
    if not told and not retitled and drafted is None:
        return None
    return Change("earning_rules", key, "renamed" if drafted is None else "drafted", drafted, [*retitled, *told])


def _in_force(listed: list[VersionView]) -> VersionView | None:
    """What ``_exported_rules`` takes of these versions."""
    current = [one for one in listed if one.standing == "in_force"]
    coming = [one for one in listed if one.standing == "scheduled"]
    if current:
        return current[0]
    return min(coming, key=lambda one: (one.effective_from or one.created_at, one.version), default=None)


def _exported_campaigns(tx: Session, now: datetime) -> list[dict[str, Any]]:
    return [{"key": one.key, "document": one.document} for one in campaigns(tx) if one.state == "published"]


def _put_campaign(tx: Session, item: dict[str, Any], by: By) -> Change | None:
    key, document = item["key"], item["document"]
    try:
        check_campaign(tx, key, document)
    except Invalid as refused:
        raise Invalid({f"document.{path}": texts for path, texts in (refused.errors or {}).items()}) from refused
    found = tx.get(Campaign, key, with_for_update=True)
    told = compare(found.document if found else {}, document)
    if found is None:
        draft_campaign(tx, key, document, by)
        return Change("campaigns", key, "created", None, told)
    if told and found.state != "draft":
        reason = Sentence("has been published here and does not change any more: give it another key")
        raise Invalid({"key": [shown(reason)]})
    if not told:
        return None
    change_campaign(tx, key, document, by)
    return Change("campaigns", key, "changed", None, told)


def _exported_budgets(tx: Session, now: datetime) -> list[dict[str, Any]]:
    return [{"scope": row.scope, **_budget(row)} for row in tx.scalars(select(PointBudget).order_by(PointBudget.scope))]


def _budget(row: PointBudget) -> dict[str, Any]:
    return {"period": row.period, "limit_points": row.limit_points, "action": row.action}


def _put_budget(tx: Session, item: dict[str, Any], by: By) -> Change | None:
    scope = item["scope"]
    wanted = {name: item[name] for name in ("period", "limit_points", "action")}
    row = tx.get(PointBudget, scope)
    told = compare(_budget(row) if row else {}, wanted)
    if not told:
        return None
    try:
        set_budget(tx, scope, wanted["period"], wanted["limit_points"], wanted["action"], by)
    except NotFound:
        raise Invalid({"scope": [shown(Sentence("there is no rule %(key)s", key=scope))]}) from None
    return Change("budgets", scope, "set", None, told)


def _exported_controls(tx: Session, now: datetime) -> dict[str, Any]:
    return _controls(controls(tx))


def _controls(row: RuleControls) -> dict[str, Any]:
    return {name: getattr(row, name) for name in CONTROLS}


def _put_controls(tx: Session, item: dict[str, Any], by: By) -> Change | None:
    told = compare({name: value for name, value in _controls(controls(tx)).items() if name in item}, item)
    if not told:
        return None
    if not by.owner:
        raise Invalid({"": [shown(Sentence("only an owner changes these: leave them out of the file"))]})
    change_controls(tx, item, by)
    return Change("controls", "rule-controls", "set", None, told)


EARNING_RULES = Section("earning_rules", "key", _exported_rules, _put_rule)
CAMPAIGNS = Section("campaigns", "key", _exported_campaigns, _put_campaign)
BUDGETS = Section("budgets", "scope", _exported_budgets, _put_budget)
OWNER_LIMITS = Section("controls", None, _exported_controls, _put_controls)
