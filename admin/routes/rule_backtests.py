"""Back-tests of versions of earning rules: begun here, run at once or in the worker, looked at here."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from admin.acting import acting
from admin.routes.rule_schemas import BacktestSchema, WindowSchema
from mall.db import Login
from mall.errors import NotFound
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.pagination import PageQuery, list_schema, page_in_memory
from mall.http.principals import OWNER_ROLE, staff
from points.backtest.runner import start_backtest
from points.backtest.store import BacktestView, backtests
from points.earning.periods import FIRST_MOMENT

blp = api_blueprint("admin-rule-backtests", __name__, description="What a rule would have done with real history")
READERS = staff("rules", "auditor")
EDITORS = staff("rules")
VERSION = "/admin/earning-rules/<key>/versions/<int:number>"
USUAL_WINDOW = timedelta(days=90)


def _all(call: Call, key: str, number: int) -> list[BacktestView]:
    return backtests(call.tx, key, number, call.now, names=call.staff.role == OWNER_ROLE)


@endpoint(
    blp, "POST", f"{VERSION}/backtest", auth=EDITORS, login=None, body=WindowSchema, response=BacktestSchema,
    status=201, body_optional=True, errors=("backtest_running",),
)  # fmt: skip
def post_earning_rule_backtest(call: Call, body: dict[str, Any], key: str, number: int) -> Any:
    """Begin a back-test. A short history is replayed at once; else ask again until ``state`` is done."""
    until = body.get("until", call.now)
    since = body["since"] if "since" in body else max(until, FIRST_MOMENT + USUAL_WINDOW) - USUAL_WINDOW
    return start_backtest(key, number, since, until, acting(call), names=call.staff.role == OWNER_ROLE)


@endpoint(blp, "GET", f"{VERSION}/backtest", auth=READERS, login=Login.BACKOFFICE, response=BacktestSchema)
def get_earning_rule_backtest(call: Call, key: str, number: int) -> Any:
    """The newest back-test of a version: its progress, then its result."""
    found = _all(call, key, number)
    if not found:
        raise NotFound()
    return found[0]


@endpoint(
    blp, "GET", f"{VERSION}/backtests", auth=READERS, login=Login.BACKOFFICE, query=PageQuery,
    response=list_schema(BacktestSchema),
)  # fmt: skip
def list_earning_rule_backtests(call: Call, key: str, number: int) -> dict[str, Any]:
    return page_in_memory(_all(call, key, number), call.query, lambda view: view.id)
