"""Budgets in the back office: how much is used, when it runs out, and what happens then."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from admin.acting import acting
from admin.pages.blueprint import desk
from admin.pages.forms import FORM_ERROR, attempt, whole_typed
from admin.people import names_of_staff
from admin.routes.budgets import BudgetChangeSchema
from catalog.wording import in_language
from mall.db import Login
from mall.errors import Invalid, MallError, NotFound
from mall.http.call import Call, load
from mall.http.page import page
from mall.http.principals import staff
from mall.http.problems import STATUS
from mall.i18n import language
from mall.identity.forms import messages_of
from points.earning.budget_keeping import BudgetView, budget, budgets, lift_budget, set_budget
from points.earning.budgets import WARN_PERCENT
from points.earning.limits import PROGRAMME
from points.earning.versions import rules

pages = desk("budgets", __name__)
READERS, EDITORS = staff("rules", "auditor"), staff("rules")
LIST = "/admin/budgets"
FIELDS = ("scope", "period", "limit_points", "action")


@page(pages, "GET", "/budgets", auth=READERS, login=Login.EARNING)
def budget_list(call: Call) -> str:
    """All budgets; the programme's first."""
    titles = titles_of(call)
    found = sorted(budgets(call.tx, call.now), key=lambda view: view.budget.scope != PROGRAMME)
    listed = [{"view": view, "title": titles.get(view.budget.scope, view.budget.scope)} for view in found]
    free = [scope for scope in titles if scope not in {view.budget.scope for view in found}]
    return render_template(
        "admin/budgets.html", budgets=listed, warn=WARN_PERCENT, may_edit=EDITORS.opens_for(call.staff),
        may_add=bool(free),
    )  # fmt: skip


@page(pages, "GET", "/new-budget", auth=EDITORS, login=Login.EARNING)
def new_budget_page(call: Call) -> str:
    """The form, for a scope that has no budget yet."""
    return _form(call, None, {"period": "month", "action": "pend"}, {})


@page(pages, "POST", "/new-budget", auth=EDITORS, login=Login.EARNING)
def new_budget(call: Call) -> Response | Redirect:
    """A new budget, in force at once."""

    def work() -> None:
        scope = request.form.get("scope", "")
        if scope not in _free(call):
            raise Invalid({"scope": [_("Choose a rule without a budget.")]})
        _set(call, scope)

    return _done(call, work, None)


@page(pages, "GET", "/budgets/<scope>", auth=READERS, login=Login.EARNING)
def budget_page(call: Call, scope: str) -> str:
    """One budget: its figures, and the form."""
    view = budget(call.tx, scope, call.now)
    row = view.budget
    form = {"period": row.period, "limit_points": row.limit_points, "action": row.action}
    return _form(call, view, form, {})


@page(pages, "POST", "/budgets/<scope>", auth=EDITORS, login=Login.EARNING)
def save_budget(call: Call, scope: str) -> Response | Redirect:
    """Change a budget, at once."""
    view = budget(call.tx, scope, call.now)
    return _done(call, lambda: _set(call, scope), view)


@page(pages, "POST", "/budgets/<scope>/lift", auth=EDITORS, login=Login.EARNING, on_error=LIST)
def lift(call: Call, scope: str) -> Redirect:
    """Do without it from now on."""
    lift_budget(call.tx, scope, acting(call))
    flash(_("The budget is lifted."), "success")
    return redirect(LIST, 303)


def _set(call: Call, scope: str) -> None:
    text = request.form.get("limit_points", "").strip().replace(",", "")
    limit = whole_typed(text)
    given = {"period": request.form.get("period", ""), "limit_points": limit, "action": request.form.get("action", "")}
    body = load(BudgetChangeSchema(), given)
    set_budget(call.tx, scope, body["period"], body["limit_points"], body["action"], acting(call))


def _done(call: Call, work: Any, view: BudgetView | None) -> Response | Redirect:
    _nothing, error = attempt(call.tx, work)
    if error is None:
        flash(_("Saved: it counts from now on."), "success")
        return redirect(LIST, 303)
    if isinstance(error, NotFound):
        raise error
    return _again(call, error, view)


def _again(call: Call, error: MallError, view: BudgetView | None) -> Response:
    form = {name: request.form.get(name, "") for name in FIELDS}
    return make_response(_form(call, view, form, messages_of(error, FORM_ERROR)), STATUS[error.kind])


def _form(call: Call, view: BudgetView | None, form: dict[str, Any], errors: dict[str, list[str]]) -> str:
    titles = titles_of(call)
    return render_template(
        "admin/budget.html", view=view, form=form, errors=errors, may_edit=EDITORS.opens_for(call.staff),
        warn=WARN_PERCENT, title_text=titles.get(view.budget.scope, view.budget.scope) if view else "",
        scopes=[] if view else [(scope, titles[scope]) for scope in _free(call)], names=names_of_staff(call.tx),
    )  # fmt: skip


def _free(call: Call) -> list[str]:
    taken = {view.budget.scope for view in budgets(call.tx, call.now)}
    return [scope for scope in titles_of(call) if scope not in taken]


def titles_of(call: Call) -> dict[str, str]:
    """Names of what a budget may be for."""
    named = {view.key: in_language(view.title, language()) for view in rules(call.tx, call.now)}
    return {PROGRAMME: _("All rules together"), **named}
