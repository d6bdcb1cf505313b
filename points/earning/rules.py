"""Published rules, compiled once and kept by the process until the revision in the database changes."""

from __future__ import annotations

import psycopg

from mall.ids import new_id
from points.earning.campaigns import read_campaign
from points.earning.documents import read_document
from points.earning.evaluate import RuleSet, RuleVersion
from points.earning.limits import Budget

_VERSIONS = """SELECT rule_key, version, document, effective_from, effective_until FROM earning_rule_versions
 WHERE state IN ('published', 'retired') ORDER BY rule_key, version"""
_CAMPAIGNS = """SELECT key, document, effective_from, effective_until FROM campaigns
 WHERE state <> 'draft' ORDER BY key"""
_BUDGETS = "SELECT scope, period, limit_points, action FROM point_budgets"
_LABELS = "SELECT code FROM credit_labels WHERE active"
_REVISION = "SELECT token FROM rule_revision"

_kept: tuple[str, RuleSet] | None = None


def rule_set(cur: psycopg.Cursor[tuple], token: str | None = None) -> RuleSet:
    """The published rules. ``token`` is the current revision, when a query has brought it along already."""
    global _kept
    if token is None:
        row = cur.execute(_REVISION).fetchone()
        token = row[0] if row else ""
    if _kept is not None and _kept[0] == token:
        return _kept[1]
    versions = [
        RuleVersion(key, version, read_document(document), since, until)
        for key, version, document, since, until in cur.execute(_VERSIONS)
    ]
    labels = frozenset(code for (code,) in cur.execute(_LABELS))
    campaigns = [read_campaign(*row) for row in cur.execute(_CAMPAIGNS)]
    budgets = {row[0]: Budget(*row) for row in cur.execute(_BUDGETS)}
    _kept = (token, RuleSet(versions, labels, campaigns, budgets))
    return _kept[1]


def rules_changed(cur: psycopg.Cursor[tuple]) -> None:
    """Tell every process that rules or labels changed; call it in the transaction that changes them."""
    cur.execute("UPDATE rule_revision SET token = %s", (new_id("rev"),))
