"""Back-tests of drafts: the figures, the worker, what is kept and what is not told."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from mall.db import Login, run_autocommit
from mall.errors import Conflict, Invalid
from mall.jobs import run_job
from points.backtest import runner
from points.backtest.runner import start_backtest
from points.backtest.store import BacktestView, ask, backtests, take_up
from points.earning.defaults import DEFAULT_RULES
from points.earning.drafts import change_draft, create_draft
from points.earning.versions import By

KEY = "tip-outcome"
DAY = timedelta(days=1)


def _tip(solved: int) -> dict[str, Any]:
    document = copy.deepcopy(DEFAULT_RULES[KEY])
    document["points"]["base"]["equal"]["solved"] = solved
    return document


class Bench:
    """A draft of the tips' rule, and back-tests of it."""

    def __init__(self, run: Callable[..., Any], mall: Any, now: Any) -> None:
        self.run, self.mall, self.now = run, mall, now
        self.by = By("staff:ann", False, now)

    def draft(self, document: dict[str, Any], key: str = KEY) -> int:
        return self.run(Login.BACKOFFICE, lambda tx: create_draft(tx, key, self.by, document).version)

    def test(self, number: int = 2, key: str = KEY, **more: Any) -> BacktestView:
        since, until = more.pop("since", self.now - 90 * DAY), more.pop("until", self.now)
        return start_backtest(key, number, since, until, self.by, names=more.pop("names", False))

    def latest(self, number: int = 2) -> BacktestView:
        return self.run(Login.BACKOFFICE, lambda tx: backtests(tx, KEY, number, self.now, names=False))[0]

    def tips(self, count: int, stage: str = "solved", **more: Any) -> None:
        at = more.pop("at", self.now - 10 * DAY)
        names = [f"{stage}-{at.day}-{place}" for place in range(count)]
        self.mall.book(
            *(self.mall.tip(f"{name}/e", stage, at, member=f"m-{name}", case=name, **more) for name in names),
            now=self.now,
        )


@pytest.fixture
def bench(app: Any, run: Callable[..., Any], mall: Any, now: Any) -> Bench:
    """Where drafts are tried."""
    return Bench(run, mall, now)


def test_the_figures_of_a_back_test(bench):
    bench.tips(30, grade=1)
    bench.tips(5, "adopted")
    bench.tips(3, at=bench.now - 100 * DAY)  # before the window
    before = bench.mall.snapshot()
    bench.draft(_tip(120))
    found = bench.test()
    assert (found.state, found.percent, found.minted_points, found.stale) == ("done", 100, 30 * 144 + 100, False)
    result = found.result
    assert result["events"] == 35
    assert result["before_points"] == result["granted_points"] == 30 * 120 + 5 * 20
    assert (result["after_points"], result["difference_points"]) == (30 * 144 + 100, 30 * 24)
    assert result["liability_change_points"] == 30 * 24
    assert result["compared_with"] == 1
    assert result["spread"]["gain"] == {"members": 30, "points": 720}
    assert result["budget"] == {
        "budget_points": None, "before_points_30_days": round(3700 / 3), "after_points_30_days": round(4420 / 3),
        "over": False,
    }  # fmt: skip
    assert bench.mall.snapshot() == before


def test_only_what_happened_in_the_window_counts_but_a_case_keeps_its_past(bench, mall):
    mall.book(
        mall.tip("a", "adopted", bench.now - 30 * DAY), mall.tip("b", "solved", bench.now - 5 * DAY), now=bench.now
    )
    bench.draft(_tip(120))
    result = bench.test(since=bench.now - 7 * DAY).result
    assert (result["events"], result["before_points"], result["after_points"]) == (1, 80, 100)
    assert result["granted_points"] == 80


def test_a_cap_that_was_used_up_before_the_window_still_holds_in_it(bench, mall):
    document = {**_tip(100), "caps": [{"per": "member", "period": "total", "unit": "points", "limit": 150}]}
    mall.book(mall.tip("a", "solved", bench.now - 30 * DAY, case="a"), now=bench.now)
    mall.book(mall.tip("b", "solved", bench.now - 5 * DAY, case="b"), now=bench.now)
    bench.draft(document)
    result = bench.test(since=bench.now - 7 * DAY).result
    assert (result["before_points"], result["after_points"]) == (100, 50)


def test_a_draft_over_the_budget_is_marked(bench, run):
    bench.tips(30)
    run(Login.OWNER, lambda tx: tx.execute(text("UPDATE rule_controls SET backtest_budget_points = 1100")))
    bench.draft(_tip(120))
    assert bench.test().over_budget is True  # 3,600 points in 90 days are 1,200 in 30
    assert bench.draft(_tip(100)) == 3
    assert bench.test(3).over_budget is False


def test_members_are_named_to_an_owner_only_and_of_confidential_rules_to_nobody(bench, mall, make_member):
    bench.tips(25)
    bench.draft(_tip(120))
    top = bench.test(names=True).result["largest"]
    assert len(top) == 10 and {entry["member"] for entry in top} == {None}
    mall.book(mall.event("go", "activity.attended", bench.now - DAY, "fair"), now=bench.now)
    document = {**DEFAULT_RULES["activity-attended"], "points": {"base": {"fixed": 15}}}
    bench.draft(document, "activity-attended")
    (entry,) = bench.test(key="activity-attended", names=True).result["largest"]
    assert (entry["member"], entry["change_points"]) == (mall.member_id(), 5)
    assert "nickname" in entry
    (entry,) = bench.run(
        Login.BACKOFFICE, lambda tx: backtests(tx, "activity-attended", 2, bench.now, names=False)
    )[0].result["largest"]  # fmt: skip
    assert "nickname" not in entry


def test_a_long_history_waits_for_the_worker(bench, monkeypatch):
    bench.tips(3)
    bench.draft(_tip(120))
    monkeypatch.setattr(runner, "AT_ONCE", 2)
    queued = bench.test()
    assert (queued.state, queued.percent, queued.result) == ("queued", 0, None)
    with pytest.raises(Conflict) as refused:
        bench.test()
    assert refused.value.code == "backtest_running"
    assert run_job("run-backtests", bench.now) == {"backtests": 1}
    done = bench.latest()
    assert (done.state, done.rows_done, done.rows_total, done.minted_points) == ("done", 3, 3, 360)
    assert run_job("run-backtests", bench.now) == {}


def test_progress_is_seen_while_the_history_is_read(bench, monkeypatch):
    bench.tips(7)
    bench.draft(_tip(120))
    seen: list[tuple[str, int]] = []
    monkeypatch.setattr("points.backtest.compute.TELL_EVERY", 2)
    monkeypatch.setattr(runner, "TELL_SECONDS", 0.0)
    told = runner.tell

    def watch(tx: Any, *args: Any) -> None:
        told(tx, *args)
        tx.commit()
        query = text("SELECT state, rows_done FROM rule_backtests")
        seen.append(tuple(run_autocommit(Login.BACKOFFICE, lambda own: own.execute(query).one())))

    monkeypatch.setattr(runner, "tell", watch)
    bench.test()
    assert seen == [("running", done) for done in (0, 2, 4, 6, 7)]


def test_what_a_worker_left_behind_is_taken_up_again_and_only_once(bench, run, monkeypatch):
    bench.draft(_tip(120))
    monkeypatch.setattr(runner, "AT_ONCE", -1)
    made = bench.test().id
    assert run(Login.EARNING, lambda tx: take_up(tx, made, bench.now)) is not None
    assert run(Login.EARNING, lambda tx: take_up(tx, made, bench.now)) is None
    later = bench.now + timedelta(minutes=3)
    assert run(Login.EARNING, lambda tx: take_up(tx, made, later)) is not None


def test_an_edit_makes_a_back_test_stale(bench, run):
    bench.draft(_tip(120))
    bench.test()
    run(Login.BACKOFFICE, lambda tx: change_draft(tx, KEY, 2, 1, _tip(130), bench.by))
    assert bench.latest().stale


def test_a_failure_is_kept_and_another_may_begin(bench, monkeypatch):
    def broken(*_args: Any) -> Any:
        raise ValueError("no such thing")

    bench.draft(_tip(120))
    monkeypatch.setattr(runner, "compute", broken)
    failed = bench.test()
    assert (failed.state, failed.result) == ("failed", None)
    assert "ValueError" in str(failed.error)
    monkeypatch.undo()
    assert bench.test().state == "done"


def test_an_impossible_window_is_refused(bench, run):
    bench.draft(_tip(120))
    for since, until in ((bench.now, bench.now), (bench.now - DAY, bench.now + DAY), (bench.now, bench.now - DAY)):
        with pytest.raises(Invalid):
            run(Login.BACKOFFICE, lambda tx, a=since, b=until: ask(tx, KEY, 2, a, b, bench.by))
    assert run(Login.OWNER, lambda tx: tx.execute(text("SELECT count(*) FROM rule_backtests")).scalar()) == 0


def test_over_the_api_a_back_test_is_asked_for_and_looked_at(
    bench: Bench, client: FlaskClient, make_staff: Callable[..., Any]
) -> None:
    bench.tips(4)
    number, rules, url = bench.draft(_tip(120)), make_staff("rules"), f"/api/v1/admin/earning-rules/{KEY}/versions"
    assert client.get(f"{url}/{number}/backtest", headers=rules.auth).status_code == 404
    made = client.post(f"{url}/{number}/backtest", headers=rules.auth)
    assert (made.status_code, made.json["state"]) == (201, "done")
    assert made.json["result"]["difference_points"] == 80
    window = {"from": "2026-01-01T00:00:00+08:00", "until": "2026-02-01T00:00:00+08:00"}
    other = client.post(f"{url}/{number}/backtest", json=window, headers=rules.auth)
    assert (other.json["from"], other.json["result"]["events"]) == ("2025-12-31T16:00:00+00:00", 0)
    auditor = make_staff("auditor").auth
    assert client.get(f"{url}/{number}/backtest", headers=auditor).json["id"] == other.json["id"]
    listed = client.get(f"{url}/{number}/backtests", headers=auditor).json["items"]
    assert [one["id"] for one in listed] == [other.json["id"], made.json["id"]]
    assert client.post(f"{url}/{number}/backtest", headers=auditor).status_code == 403
    assert client.post(f"{url}/99/backtest", headers=rules.auth).status_code == 404
    compared = client.get(f"{url}/{number}/compare", headers=rules.auth).json
    assert compared["weight"]["minted_points"] == 480
