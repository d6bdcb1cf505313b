"""Back-tests as rows: asked for, looked up, taken up by whoever runs them, and their results kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from mall.errors import Conflict, Invalid, NotFound
from mall.identity.models import Member
from mall.ids import new_id
from mall.queued import locked_free
from points.backtest.compute import Question
from points.earning.periods import FIRST_MOMENT
from points.earning.rule_models import EarningRuleVersion, RuleBacktest
from points.earning.versions import By, controls, locked_version, note, version


@dataclass(frozen=True, slots=True)
class BacktestView:
    """A back-test. ``stale``: the draft has been edited since. ``result`` is None until it is done."""

    id: str
    rule_key: str
    version: int
    revision: int
    stale: bool
    window_from: datetime
    window_until: datetime
    state: str
    rows_done: int
    rows_total: int | None
    percent: int
    minted_points: int | None
    over_budget: bool | None
    result: dict[str, Any] | None
    error: str | None
    started_by: str
    created_at: datetime
    finished_at: datetime | None


def ask(tx: Session, key: str, number: int, since: datetime, until: datetime, by: By) -> RuleBacktest:
    """Ask for a back-test of version ``number`` over ``since`` to before ``until``; the worker takes it up.

    Raises NotFound, Invalid for an impossible window, Conflict ``backtest_running`` while one of this version
    is under way.
    """
    if not FIRST_MOMENT <= since < until <= by.now:
        raise Invalid({"from": [_("Must be before the end of the window, and neither lie in the future.")]})
    row = locked_version(tx, key, number)
    under_way = select(RuleBacktest.id).where(
        RuleBacktest.rule_key == key, RuleBacktest.version == number, RuleBacktest.state.in_(("queued", "running"))
    )
    if tx.scalars(under_way.limit(1)).first() is not None:
        raise Conflict("backtest_running")
    test = RuleBacktest(
        id=new_id("bkt"), rule_key=key, version=number, revision=row.revision, window_from=since,
        window_until=until, state="queued", rows_done=0, started_by=by.name, created_at=by.now,
    )  # fmt: skip
    tx.add(test)
    tx.flush()
    note(tx, by, "backtested", row, backtest=test.id, since=since.isoformat(), until=until.isoformat())
    return test


def backtests(tx: Session, key: str, number: int, now: datetime, *, names: bool) -> list[BacktestView]:
    """The back-tests of a version, newest first. ``names``: whether the reader may know members by nickname.

    Raises NotFound.
    """
    revision = version(tx, key, number, now).revision
    rows = tx.scalars(
        select(RuleBacktest)
        .where(RuleBacktest.rule_key == key, RuleBacktest.version == number)
        .order_by(RuleBacktest.id.desc())
        .limit(100)
    )
    views = [_view(row, revision) for row in rows]
    return [_with_names(tx, view) for view in views] if names else views


def backtest(tx: Session, key: str, number: int, test_id: str, now: datetime, *, names: bool) -> BacktestView:
    """One back-test. Raises NotFound."""
    revision = version(tx, key, number, now).revision
    row = tx.get(RuleBacktest, test_id)
    if row is None or (row.rule_key, row.version) != (key, number):
        raise NotFound()
    view = _view(row, revision)
    return _with_names(tx, view) if names else view


def take_up(tx: Session, test_id: str, now: datetime) -> Question | None:
    """Begin a back-test; None when somebody else has. It tries the draft as it is now."""
    row = locked_free(tx, RuleBacktest, test_id, now)
    if row is None:
        return None
    tried = tx.get_one(EarningRuleVersion, (row.rule_key, row.version))
    row.state, row.revision, row.started_at, row.seen_at, row.rows_done = "running", tried.revision, now, now, 0
    budget = controls(tx).backtest_budget_points
    return Question(row.rule_key, row.version, tried.document, row.window_from, row.window_until, now, budget)


def tell(tx: Session, test_id: str, done: int, total: int | None, now: datetime) -> None:
    """Note how far a back-test is."""
    changed = {"rows_done": done, "rows_total": total, "seen_at": now}
    tx.execute(update(RuleBacktest).where(RuleBacktest.id == test_id).values(changed))


def finish(tx: Session, test_id: str, result: dict[str, Any], now: datetime) -> None:
    """Keep the result of a back-test."""
    changed = {
        "state": "done", "result": result, "minted_points": result["rule_after_points"],
        "over_budget": result["budget"]["over"], "finished_at": now, "seen_at": now,
    }  # fmt: skip
    tx.execute(update(RuleBacktest).where(RuleBacktest.id == test_id).values(changed))


def give_up(tx: Session, test_id: str, error: str, now: datetime) -> None:
    """Note why a back-test failed."""
    changed = {"state": "failed", "error": error, "finished_at": now}
    tx.execute(update(RuleBacktest).where(RuleBacktest.id == test_id).values(changed))


def _view(row: RuleBacktest, revision: int) -> BacktestView:
    derived = ("stale", "percent")
    same = {name: getattr(row, name) for name in BacktestView.__slots__ if name not in derived}
    percent = 100 if row.state == "done" else row.rows_done * 100 // row.rows_total if row.rows_total else 0
    return BacktestView(stale=row.revision != revision, percent=percent, **same)


def _with_names(tx: Session, view: BacktestView) -> BacktestView:
    """The nicknames of members that the result names; of confidential rules it names none."""
    listed = (view.result or {}).get("largest", [])
    ids = [entry["member"] for entry in listed if entry["member"] is not None]
    if view.result is None or not ids:
        return view
    rows = tx.execute(select(Member.id, Member.nickname).where(Member.id.in_(ids)))
    known = {row.id: row.nickname for row in rows}
    named = [{**entry, "nickname": known.get(entry["member"])} for entry in listed]
    return replace(view, result={**view.result, "largest": named})
