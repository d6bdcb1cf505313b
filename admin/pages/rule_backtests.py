"""Back-tests of a version: begun here, watched while they run, looked at."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from flask import redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from admin.acting import acting
from admin.pages.blueprint import desk
from catalog.wording import in_language
from mall.db import Login
from mall.errors import Invalid
from mall.http.call import Call
from mall.http.page import page
from mall.http.principals import OWNER_ROLE, staff
from mall.i18n import language
from points.backtest.runner import start_backtest
from points.backtest.store import backtest
from points.earning.book_events import mall_zone
from points.earning.versions import rule

pages = desk("rule-backtests", __name__)
READERS = staff("rules", "auditor")
EDITORS = staff("rules")
VERSION = "/rules/<key>/versions/<int:number>"
USUAL_DAYS = 90


@page(
    pages, "POST", f"{VERSION}/backtests", auth=EDITORS, login=None, on_error="/admin/rules/{key}/versions/{number}"
)  # fmt: skip
def begin_backtest(call: Call, key: str, number: int) -> Redirect:
    """Replay the days chosen; a long history runs in the worker."""
    zone, today = mall_zone(), call.now.astimezone(mall_zone()).date()
    first = _day("from") or today - timedelta(days=USUAL_DAYS)
    last = _day("until") or today
    since = datetime.combine(first, time(), zone)
    until = min(datetime.combine(last + timedelta(days=1), time(), zone), call.now)
    made = start_backtest(key, number, since, until, acting(call), names=call.staff.role == OWNER_ROLE)
    return redirect(f"/admin/rules/{key}/versions/{number}/backtests/{made.id}", 303)


def _day(name: str) -> date | None:
    text = request.form.get(name, "").strip()
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Invalid({name: [_("Must be a date.")]}) from None
    if not 1971 <= day.year <= 9000:
        raise Invalid({name: [_("Must be a date.")]})
    return day


@page(pages, "GET", f"{VERSION}/backtests/<test_id>", auth=READERS, login=Login.BACKOFFICE)
def backtest_page(call: Call, key: str, number: int, test_id: str) -> str:
    """Its progress, then its result."""
    found = rule(call.tx, key, call.now)
    test = backtest(call.tx, key, number, test_id, call.now, names=call.staff.role == OWNER_ROLE)
    values: dict[str, Any] = {"rule": found, "title_text": in_language(found.title, language()), "test": test}
    if test.result is not None:
        groups = test.result["spread"]["groups"]
        values["chart"] = {
            "names": [str(_("Group %(number)s", number=group["group"])) for group in groups],
            "series": [
                {"name": str(_("Today")), "data": [group["before_points"] for group in groups]},
                {"name": str(_("With the draft")), "data": [group["after_points"] for group in groups]},
            ],
        }
    return render_template("admin/rule_backtest.html", **values)
