"""Redemption rules in the back office: the list in plain words, and a form for each kind."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response as Redirect

from admin.acting import acting
from admin.pages.blueprint import desk
from admin.pages.forms import FORM_ERROR, attempt, whole_typed
from admin.pages.redemption_rule_form import FIELDS, at_fields, body_of, form_of, kind_names
from admin.pages.rule_words import window_words
from admin.people import names_of_staff
from admin.routes.redemption_rules import (
    EDITORS,
    READERS,
    NewRedemptionRuleSchema,
    RedemptionRuleChangeSchema,
    rule_body,
)
from catalog.gifts.models import Gift
from catalog.gifts.shelves import categories
from catalog.rules.judge import KINDS
from catalog.rules.keep import change_rule, create_rule, delete_rule, redemption_rule, redemption_rules, rule_fields
from catalog.rules.models import RedemptionRule
from catalog.rules.windows import active_of
from catalog.rules.words import reason_words
from catalog.wording import in_language
from mall.db import Login
from mall.errors import MallError, NotFound
from mall.http.call import Call, load
from mall.http.ids import checked_id
from mall.http.page import page
from mall.http.problems import STATUS
from mall.i18n import language
from mall.identity.forms import messages_of
from points.segments.keep import segments

pages = desk("redemption-rules", __name__)
LIST = "/admin/redemption-rules"


@page(pages, "GET", "/redemption-rules", auth=READERS, login=Login.BACKOFFICE)
def redemption_rule_list(call: Call) -> str:
    """All rules in plain words."""
    scopes, found = dict(scopes_of(call)), segments(call.tx)
    names = {one.id: in_language(one.name, language()) for one in found}
    listed = [told(one, scopes, names) for one in redemption_rules(call.tx)]
    return render_template("admin/redemption_rules.html", rules=listed, may_edit=EDITORS.opens_for(call.staff))


@page(pages, "GET", "/new-redemption-rule", auth=EDITORS, login=Login.BACKOFFICE)
def new_redemption_rule_page(call: Call) -> str:
    """Choose a kind, then fill in its form."""
    kind = request.args.get("kind", "")
    if kind not in KINDS:
        return render_template("admin/redemption_rule_kinds.html", kinds=kind_names())
    return _form(call, kind, None, form_of({"per": "member", "unit": "quantity", "period": "month"}), {})


@page(pages, "POST", "/new-redemption-rule", auth=EDITORS, login=Login.BACKOFFICE)
def new_redemption_rule(call: Call) -> Response | Redirect:
    """A new rule, in force at once unless its box is not ticked."""
    kind = request.args.get("kind", "")
    if kind not in KINDS:
        raise NotFound()

    def work() -> Any:
        body = load(NewRedemptionRuleSchema(), {"kind": kind, **_body(kind)})
        return create_rule(call.tx, rule_body(body), acting(call))

    _made, error = attempt(call.tx, work)
    return _done(_("The rule is saved.")) if error is None else _again(call, kind, None, error)


@page(pages, "GET", "/redemption-rules/<rule_id>", auth=READERS, login=Login.BACKOFFICE)
def redemption_rule_page(call: Call, rule_id: str) -> str:
    """One rule in its form."""
    found = redemption_rule(call.tx, checked_id(rule_id))
    return _form(call, found.kind, found, form_of(rule_fields(found)), {})


@page(pages, "POST", "/redemption-rules/<rule_id>", auth=EDITORS, login=Login.BACKOFFICE)
def save_redemption_rule(call: Call, rule_id: str) -> Response | Redirect:
    """Change a rule, at once."""
    found = redemption_rule(call.tx, checked_id(rule_id))
    seen = request.form.get("version", "")

    def work() -> Any:
        version = whole_typed(seen, 9)
        body = rule_body(load(RedemptionRuleChangeSchema(), {"version": version, **_body(found.kind)}))
        return change_rule(call.tx, found.id, body.pop("version"), body, acting(call))

    _changed, error = attempt(call.tx, work)
    if error is None:
        return _done(_("The rule is saved."))
    return _again(call, found.kind, redemption_rule(call.tx, found.id), error)


@page(
    pages, "POST", "/redemption-rules/<rule_id>/delete", auth=EDITORS, login=Login.BACKOFFICE,
    on_error="/admin/redemption-rules",
)  # fmt: skip
def drop_redemption_rule(call: Call, rule_id: str) -> Redirect:
    """It refuses nothing from now on."""
    delete_rule(call.tx, checked_id(rule_id), acting(call))
    return _done(_("The rule is deleted."))


def _body(kind: str) -> dict[str, Any]:
    return body_of(kind, lambda name: request.form.get(name, ""), request.form.getlist)


def _done(message: str) -> Redirect:
    flash(message, "success")
    return redirect(LIST, 303)


def _again(call: Call, kind: str, found: RedemptionRule | None, error: MallError) -> Response:
    form: dict[str, Any] = {name: request.form.get(name, "") for name in FIELDS}
    form["weekdays"] = request.form.getlist("weekdays")
    errors = at_fields(messages_of(error, FORM_ERROR))
    return make_response(_form(call, kind, found, form, errors), STATUS[error.kind])


def _form(call: Call, kind: str, found: RedemptionRule | None, form: dict[str, Any], errors: Any) -> str:
    return render_template(
        "admin/redemption_rule_edit.html", kind=kind, kind_name=kind_names()[kind], rule=found, form=form,
        errors=errors, scopes=[("", _("everything")), *scopes_of(call)], may_edit=EDITORS.opens_for(call.staff),
        segments=[(one.id, in_language(one.name, language())) for one in segments(call.tx)],
        names=names_of_staff(call.tx), rule_name="" if found is None else in_language(found.name, language()),
    )  # fmt: skip


def scopes_of(call: Call) -> list[tuple[str, str]]:
    """Categories and gifts that a rule can be about."""
    shelves = [(f"category:{one.id}", _("Category: %(name)s", name=_named(one))) for one in categories(call.tx)]
    gifts = call.tx.scalars(select(Gift).order_by(Gift.id.desc()))
    return shelves + [(f"gift:{one.id}", _("Gift: %(name)s", name=_named(one))) for one in gifts]


def _named(one: Any) -> str:
    return in_language(one.name, language())


def told(rule: RedemptionRule, scopes: dict[str, str], segment_names: dict[str, str]) -> dict[str, Any]:
    """A rule in plain words."""
    form = form_of(rule_fields(rule))
    words = reason_words({**rule.terms, "kind": rule.kind})
    if rule.kind == "blackout":
        words = window_words(active_of(rule.terms)) or _("always")
    if rule.kind == "segment":
        name = segment_names.get(rule.segment_id or "", "")
        only = rule.terms["members"] == "only"
        words = _("Only for: %(name)s", name=name) if only else _("Not for: %(name)s", name=name)
    return {
        "id": rule.id, "name": in_language(rule.name, language()), "kind": kind_names()[rule.kind][0], "words": words,
        "scope": scopes.get(form["scope"], _("everything")), "above": rule.above_points, "active": rule.active,
    }  # fmt: skip
