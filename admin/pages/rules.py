"""Earning rules: the list, a rule with its versions, a new rule, and the owner's limits."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from admin.acting import acting
from admin.pages.blueprint import desk
from admin.pages.forms import attempt, shown_again, whole_typed
from admin.pages.rule_words import event_choices, event_name, grid, sentences
from admin.people import names_of_staff
from admin.routes.rule_schemas import ControlsSchema, NewRuleSchema, RuleChangeSchema
from catalog.wording import in_language, wording
from mall.db import Login
from mall.http.call import Call, load
from mall.http.page import page
from mall.http.principals import OWNER_ROLE, fresh, staff
from mall.i18n import language
from points.earning.book_events import mall_zone
from points.earning.defaults import DEFAULT_RULES
from points.earning.drafts import create_draft, create_rule, rename_rule
from points.earning.rule_costs import costs_this_month
from points.earning.versions import change_controls, controls, rule, rules, versions

pages = desk("rules", __name__)
READERS = staff("rules", "auditor")
EDITORS = staff("rules")
OWNERS = staff(OWNER_ROLE)
LIMITS = ("approve_above_award_points", "approve_above_minted_points", "backtest_budget_points")


@page(pages, "GET", "/rules", auth=READERS, login=Login.EARNING)
def rule_list(call: Call) -> str:
    """Every rule with its state, and what it has paid this month."""
    listed = [
        {"view": view, "title": in_language(view.title, language()), "event": event_name(view.event)}
        for view in rules(call.tx, call.now)
    ]
    costs = costs_this_month(call.tx, call.now, mall_zone())
    return render_template("admin/rules.html", rules=listed, costs=costs, may_edit=EDITORS.opens_for(call.staff))


@page(pages, "GET", "/new-rule", auth=EDITORS, login=Login.BACKOFFICE)
def new_rule_page(call: Call) -> str:
    """The form."""
    return render_template("admin/rule_new.html", events=event_choices(), form={}, errors={})


@page(pages, "POST", "/new-rule", auth=EDITORS, login=Login.BACKOFFICE)
def new_rule(call: Call) -> Response | Redirect:
    """A new rule begins as the charter has it for such events; its draft is edited next."""
    event = request.form.get("event", "")
    usual = (document for document in DEFAULT_RULES.values() if document["event"] == event)
    document = next(usual, {"event": event, "points": {"base": {"fixed": 10}}, "visibility": "confidential"})

    def work() -> str:
        body = load(NewRuleSchema(), {"key": request.form.get("key", ""), "title": _title(), "document": document})
        create_rule(call.tx, body["key"], wording(body["title"]), document, acting(call))
        return str(body["key"])

    key, error = attempt(call.tx, work)
    if error is not None:
        return shown_again("admin/rule_new.html", error, events=event_choices())
    return redirect(f"/admin/rules/{key}/versions/1/edit", 303)


@page(pages, "GET", "/rules/<key>", auth=READERS, login=Login.BACKOFFICE)
def rule_page(call: Call, key: str) -> str:
    """What is in force in plain words, and every version."""
    view, listed = rule(call.tx, key, call.now), versions(call.tx, key, call.now)
    shown = next((one for one in listed if one.version == view.version), None)
    values: dict[str, Any] = {
        "rule": view, "title_text": in_language(view.title, language()), "event": event_name(view.event),
        "versions": listed, "shown": shown, "names": names_of_staff(call.tx), "may_edit": EDITORS.opens_for(call.staff),
        "lines": sentences(shown.document) if shown else [], "grid": grid(shown.document) if shown else None,
    }  # fmt: skip
    return render_template("admin/rule.html", **values)


@page(pages, "POST", "/rules/<key>/title", auth=EDITORS, login=Login.BACKOFFICE, on_error="/admin/rules/{key}")
def retitle_rule(call: Call, key: str) -> Redirect:
    """Another title."""
    rename_rule(call.tx, key, wording(load(RuleChangeSchema(), {"title": _title()})["title"]), acting(call))
    flash(_("Saved."), "success")
    return redirect(f"/admin/rules/{key}", 303)


@page(pages, "POST", "/rules/<key>/drafts", auth=EDITORS, login=Login.BACKOFFICE, on_error="/admin/rules/{key}")
def new_draft(call: Call, key: str) -> Redirect:
    """A copy of a version, or of the one in force, to edit."""
    based_on = request.form.get("based_on", "")
    number = int(based_on) if based_on.isascii() and based_on.isdigit() and len(based_on) < 10 else None
    draft = create_draft(call.tx, key, acting(call), None, number)
    return redirect(f"/admin/rules/{key}/versions/{draft.version}/edit", 303)


@page(pages, "GET", "/rule-controls", auth=READERS, login=Login.BACKOFFICE)
def controls_page(call: Call) -> str:
    """What the owner wants a second person to look at."""
    found = controls(call.tx)
    form = {name: getattr(found, name) for name in (*LIMITS, "backtest_required")}
    return render_template("admin/rule_controls.html", form=form, errors={}, may_edit=call.staff.role == OWNER_ROLE)


@page(pages, "POST", "/rule-controls", auth=fresh(OWNERS), login=Login.BACKOFFICE)
def save_controls(call: Call) -> Response | Redirect:
    """Set the limits; an empty one is none."""

    def work() -> Any:
        given: dict[str, Any] = {
            name: whole_typed(text) if (text := request.form.get(name, "").strip()) else None for name in LIMITS
        }
        given["backtest_required"] = request.form.get("backtest_required") == "1"
        return change_controls(call.tx, load(ControlsSchema(), given), acting(call))

    _done, error = attempt(call.tx, work)
    if error is not None:
        return shown_again("admin/rule_controls.html", error, may_edit=True)
    flash(_("Saved."), "success")
    return redirect("/admin/rule-controls", 303)


def _title() -> dict[str, str]:
    given = {name: request.form.get(f"title.{name}", "").strip() for name in ("zh", "en")}
    return {name: text for name, text in given.items() if text}
