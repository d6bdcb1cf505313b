"""A new database has the charter's rules in force since ever."""

from __future__ import annotations

from sqlalchemy import text

from mall.db import Login, cursor
from points.earning.defaults import DEFAULT_RULES
from points.earning.periods import FIRST_MOMENT
from points.earning.rules import rule_set


def test_a_new_database_has_the_rules_of_the_charter(run):
    query = text("SELECT rule_key, version, state, effective_from, document FROM earning_rule_versions")
    rows = run(Login.EARNING, lambda tx: tx.execute(query).all())
    assert {row.rule_key: row.document for row in rows} == DEFAULT_RULES
    assert {(row.version, row.state, row.effective_from) for row in rows} == {(1, "published", None)}


def test_the_rules_reach_back_without_limit(run):
    rules = run(Login.EARNING, lambda tx: rule_set(cursor(tx)))
    assert [rule.key for rule in rules.in_force("tip.outcome", FIRST_MOMENT)] == ["tip-outcome"]
    assert rules.labels == {"bonus", "thanks", "correction"}
