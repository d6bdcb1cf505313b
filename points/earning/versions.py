"""Versions of earning rules: looking them up, locking a rule, and writing down who did what.

A version is a draft until it is published: ``drafts`` writes it, ``approval`` puts it before a second person,
``publishing`` brings it into force, back, or to an end. What is in force is decided by ``RuleSet``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from mall import audit
from mall.db import must_get
from mall.errors import NotFound
from points.earning.rule_models import EarningRule, EarningRuleVersion, RuleControls

MOST_VERSION = 2**31 - 1
OPEN_STATES = ("draft", "submitted", "approved")
"""Not published yet, and not given up."""
LIVE_STATES = ("published", "retired")


@dataclass(frozen=True, slots=True)
class By:
    """Who acts, and when. ``name`` as in ``staff:stf_…``; ``owner``: whether with an owner's rights."""

    name: str
    owner: bool
    now: datetime
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class VersionView:
    """One version. ``standing`` says where it is: draft, submitted, approved, discarded, scheduled, in_force,
    superseded, retired or withdrawn (retired before it began)."""

    rule_key: str
    version: int
    standing: str
    state: str
    revision: int
    document: dict[str, Any]
    based_on: int | None
    effective_from: datetime | None
    effective_until: datetime | None
    created_at: datetime
    created_by: str
    authors: list[str]
    submitted_at: datetime | None
    submitted_by: str | None
    approved_at: datetime | None
    approved_by: str | None
    published_at: datetime | None
    published_by: str | None
    rejection: str | None


@dataclass(frozen=True, slots=True)
class RuleView:
    """A rule with what matters of its versions. ``state``: in_force, scheduled, draft or retired.

    ``open_version`` is the newest that is not published yet, ``next_version`` the next one to begin.
    """

    key: str
    title: dict[str, str]
    event: str
    state: str
    version: int | None
    next_version: int | None
    next_at: datetime | None
    open_version: int | None
    open_state: str | None
    created_at: datetime


def rules(tx: Session, now: datetime) -> list[RuleView]:
    """Every rule, by key."""
    versions: dict[str, list[EarningRuleVersion]] = {}
    for row in tx.scalars(select(EarningRuleVersion).order_by(EarningRuleVersion.version)):
        versions.setdefault(row.rule_key, []).append(row)
    found = tx.scalars(select(EarningRule).order_by(EarningRule.key))
    return [_rule_view(rule, versions.get(rule.key, []), now) for rule in found]


def rule(tx: Session, key: str, now: datetime) -> RuleView:
    """One rule. Raises NotFound."""
    found = must_get(tx, EarningRule, key)
    return _rule_view(found, _versions(tx, key), now)


def rule_titles(tx: Session) -> Sequence[EarningRule]:
    """Rules with nothing but their titles, by key."""
    return tx.scalars(select(EarningRule).order_by(EarningRule.key)).all()


def versions(tx: Session, key: str, now: datetime) -> list[VersionView]:
    """Every version of a rule, newest first. Raises NotFound for an unknown rule."""
    if tx.get(EarningRule, key) is None:
        raise NotFound()
    rows = _versions(tx, key)
    return [_view(row, rows, now) for row in reversed(rows)]


def version(tx: Session, key: str, number: int, now: datetime) -> VersionView:
    """One version. Raises NotFound."""
    for view in versions(tx, key, now):
        if view.version == number:
            return view
    raise NotFound()


def version_in_force(tx: Session, key: str, now: datetime) -> EarningRuleVersion | None:
    """The version that pays for what happens now, None when none does."""
    return next((row for row in _versions(tx, key) if _standing(row, _versions(tx, key), now) == "in_force"), None)


def locked(tx: Session, key: str) -> EarningRule:
    """The rule, locked: its versions change one deed at a time. Raises NotFound."""
    return must_get(tx, EarningRule, key, with_for_update=True)


def locked_version(tx: Session, key: str, number: int) -> EarningRuleVersion:
    """A version of a rule that is locked with it. Raises NotFound."""
    locked(tx, key)
    found = None
    if 0 < number <= MOST_VERSION:
        found = tx.get(EarningRuleVersion, (key, number), populate_existing=True)
    if found is None:
        raise NotFound()
    return found


def newest(tx: Session, key: str) -> int:
    """The highest number of a rule's versions, 0 without any; meaningful while the rule is locked."""
    rows = _versions(tx, key)
    return rows[-1].version if rows else 0


def controls(tx: Session) -> RuleControls:
    """What the owner wants a second person to look at."""
    return tx.get_one(RuleControls, 1)


def change_controls(tx: Session, changes: Mapping[str, Any], by: By) -> RuleControls:
    """Set what ``changes`` names of the owner's limits."""
    found = tx.get_one(RuleControls, 1, with_for_update=True)
    for name, value in changes.items():
        setattr(found, name, value)
    tx.flush()
    audit.record(tx, by.name, "rule_controls.changed", "rule-controls", dict(changes), by.now, by.request_id)
    return found


def note(tx: Session, by: By, deed: str, row: EarningRuleVersion, **detail: Any) -> None:
    """Write a deed into the audit trail: ``earning_rule.published`` on ``earning-rule:tip-outcome``."""
    told = {"version": row.version, "revision": row.revision, **detail}
    audit.record(tx, by.name, f"earning_rule.{deed}", subject(row.rule_key), told, by.now, by.request_id)


def subject(key: str) -> str:
    """The name of a rule in the audit trail."""
    return f"earning-rule:{key}"


def _versions(tx: Session, key: str) -> list[EarningRuleVersion]:
    wanted = select(EarningRuleVersion).where(EarningRuleVersion.rule_key == key)
    return list(tx.scalars(wanted.order_by(EarningRuleVersion.version)))


def _begins(row: EarningRuleVersion) -> tuple[float, int]:
    return (row.effective_from.timestamp() if row.effective_from else float("-inf"), row.version)


def _withdrawn(row: EarningRuleVersion) -> bool:
    since, until = row.effective_from, row.effective_until
    return since is not None and until is not None and until <= since


def _standing(row: EarningRuleVersion, rows: list[EarningRuleVersion], now: datetime) -> str:
    """The same order as ``RuleSet.in_force``; a test holds them together."""
    if row.state not in LIVE_STATES:
        return row.state
    if _withdrawn(row):
        return "withdrawn"
    if row.effective_from is not None and row.effective_from > now:
        return "scheduled"
    begun = [
        other
        for other in rows
        if other.state in LIVE_STATES and not _withdrawn(other) and _begins(other)[0] <= now.timestamp()
    ]
    if max(begun, key=_begins) is not row:
        return "superseded"
    return "in_force" if row.effective_until is None or now < row.effective_until else "retired"


def _view(row: EarningRuleVersion, rows: list[EarningRuleVersion], now: datetime) -> VersionView:
    same = {name: getattr(row, name) for name in VersionView.__slots__ if name != "standing"}
    return VersionView(standing=_standing(row, rows, now), **same)


def _rule_view(found: EarningRule, rows: list[EarningRuleVersion], now: datetime) -> RuleView:
    standing = {row.version: _standing(row, rows, now) for row in rows}
    current = next((row for row in rows if standing[row.version] == "in_force"), None)
    coming = min((row for row in rows if standing[row.version] == "scheduled"), key=_begins, default=None)
    waiting = max((row for row in rows if row.state in OPEN_STATES), key=lambda row: row.version, default=None)
    if current is not None:
        state = "in_force"
    elif coming is not None:
        state = "scheduled"
    else:
        state = "retired" if any(row.state in LIVE_STATES for row in rows) else "draft"
    shown = current or coming or (rows[-1] if rows else None)
    return RuleView(
        key=found.key,
        title=found.title,
        event=str(shown.document.get("event", "")) if shown else "",
        state=state,
        version=current.version if current else None,
        next_version=coming.version if coming else None,
        next_at=coming.effective_from if coming else None,
        open_version=waiting.version if waiting else None,
        open_state=waiting.state if waiting else None,
        created_at=found.created_at,
    )
