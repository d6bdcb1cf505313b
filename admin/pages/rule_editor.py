"""The editor of a draft: every part of a rule as fields, checked while it is typed, with a live example."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from admin.acting import acting
from admin.pages import rule_words
from admin.pages.blueprint import desk
from admin.pages.condition_rows import to_cel, to_rows
from admin.pages.forms import attempt, moment_shown
from admin.pages.rule_form import RuleForm, act_on, document_of, form_of, read_form
from admin.pages.rule_form_fields import field_of
from catalog.wording import in_language
from mall.db import Login
from mall.errors import Conflict, Invalid
from mall.http.call import Call
from mall.http.page import page
from mall.http.principals import staff
from mall.http.problems import STATUS, plain_errors, problem_of
from mall.i18n import language
from points.earning.book_events import mall_zone
from points.earning.campaign_examples import campaign_examples, published_campaigns
from points.earning.conditions import known_facts
from points.earning.drafts import change_draft, checked
from points.earning.event_types import EVENT_TYPES, MEMBER_FACTS
from points.earning.rule_examples import DEFAULTS, NEWCOMER, Example, document_example, read_facts
from points.earning.versions import MOST_VERSION, VersionView, rule, version, version_in_force

pages = desk("rule-editor", __name__)
EDITORS = staff("rules")
EDIT = "/rules/<key>/versions/<int:number>/edit"
USUAL = {"score": 80, "max_score": 100, "points": 100, "label": "points", "streak": 1, "streak_day": 1, "grade": 1}
Errors = dict[str, list[str]]


@page(pages, "GET", EDIT, auth=EDITORS, login=Login.BACKOFFICE)
def edit_page(call: Call, key: str, number: int) -> str | Redirect:
    """The draft as fields."""
    view = version(call.tx, key, number, call.now)
    if view.state != "draft":
        return redirect(f"/admin/rules/{key}/versions/{number}", 303)
    return _editor(call, view, form_of(view.document), {}, view.document)


@page(pages, "POST", EDIT, auth=EDITORS, login=Login.BACKOFFICE)
def edit(call: Call, key: str, number: int) -> str | Response | Redirect:
    """Save; or, by ``act``, add or take away a row, or only check and try: that changes nothing."""
    view = version(call.tx, key, number, call.now)
    if view.state != "draft":
        raise Conflict("not_a_draft")
    sent = request.form
    form = _switched(read_form(lambda name: sent.get(name, "")[:4000], sent.getlist, sent.keys()))
    act = sent.get("act", "save")
    if act.startswith(("add:", "del:")):
        act_on(form, act)
        return _editor(call, view, form, {}, _document(form, view))
    document = _document(form, view)
    if act == "save":
        return _save(call, view, form, document)
    return _editor(call, view, form, _reasons(form, document) if act == "check" else {}, document)


def _save(call: Call, view: VersionView, form: RuleForm, document: dict[str, Any]) -> Response | Redirect:
    text = request.form.get("revision", "")
    revision = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else MOST_VERSION
    key, number = view.rule_key, view.version
    _draft, error = attempt(call.tx, lambda: change_draft(call.tx, key, number, revision, document, acting(call)))
    if error is None:
        flash(_("The draft is saved."), "success")
        return redirect(f"/admin/rules/{key}/versions/{number}", 303)
    errors: Errors = {"form": [str(problem_of(error)["detail"])]}
    if isinstance(error, Invalid):
        errors = _by_field(form, plain_errors(error.errors))
    body = _editor(call, view, form, errors, document, revision=text[:10])
    return make_response(body, STATUS[error.kind])


def _document(form: RuleForm, view: VersionView) -> dict[str, Any]:
    return document_of(form, known_facts(form.event) if form.event in EVENT_TYPES else {}, view.document)


def _switched(form: RuleForm) -> RuleForm:
    """The condition carried over when its way of writing was changed just now."""
    before = request.form.get("condition_was", form.condition_mode)
    if before == "rows" and form.condition_mode == "cel" and form.event in EVENT_TYPES:
        form.condition = to_cel(form.rows, known_facts(form.event))
    if before == "cel" and form.condition_mode == "rows":
        rows = to_rows(form.condition)
        if rows is None:
            form.condition_mode = "cel"
            flash(_("This condition says more than rows can: it stays as it is written."), "info")
        else:
            form.rows = rows
    return form


def _reasons(form: RuleForm, document: dict[str, Any]) -> Errors:
    try:
        checked(document)
    except Invalid as invalid:
        return _by_field(form, plain_errors(invalid.errors))
    return {}


def _by_field(form: RuleForm, errors: Mapping[str, list[str]]) -> Errors:
    found: Errors = {}
    for path, reasons in errors.items():
        found.setdefault(field_of(path, form), []).extend(reasons)
    return found


def _editor(
    call: Call, view: VersionView, form: RuleForm, errors: Errors, document: dict[str, Any], revision: str | None = None
) -> str:
    example, facts = _tried(call, view, document)
    kinds = known_facts(form.event) if form.event in EVENT_TYPES else {}
    values: dict[str, Any] = {
        "rule": rule(call.tx, view.rule_key, call.now), "view": view, "f": form, "errors": errors,
        "title_text": in_language(rule(call.tx, view.rule_key, call.now).title, language()),
        "revision": revision or str(view.revision), "words": rule_words, "fields": rule_words.field_choices(form.event),
        "numbers": [(name, rule_words.field_name(name)) for name, kind in kinds.items() if kind is not str],
        "wholes": [(name, rule_words.field_name(name)) for name, kind in kinds.items() if kind is int],
        "cel": document.get("condition", ""), "example": example, "facts": facts,
        "lines": rule_words.sentences(document), "grid": rule_words.grid(document),
        "events": rule_words.event_choices(), "signs": rule_words.sign_choices(),
    }  # fmt: skip
    return render_template("admin/rule_edit.html", **values)


def _tried(call: Call, view: VersionView, document: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The live example: what the draft pays for the facts in the form, and what is paid today."""
    event = str(document.get("event", ""))
    if event not in EVENT_TYPES:
        return {}, []
    known = {name: kind for name, kind in {**EVENT_TYPES[event].facts, **MEMBER_FACTS}.items() if kind is not float}
    usual: dict[str, Any] = {**NEWCOMER, **USUAL, **DEFAULTS.get(event, {}), "grade": 1}
    sent = {name: request.form.get(f"fact.{name}", str(usual.get(name, ""))) for name in known}
    at_text = request.form.get("fact_at") or moment_shown(call.now)
    shown = [
        {"name": name, "text": rule_words.field_name(name), "value": sent[name], "member": name in MEMBER_FACTS,
         "choices": rule_words.value_choices(name)}
        for name in known
    ]  # fmt: skip
    example: dict[str, Any] = {"at": at_text, "draft": None, "today": None, "errors": {}, "campaigns": []}
    try:
        at = datetime.fromisoformat(at_text).replace(tzinfo=mall_zone())
        given = {name: int(text) if known[name] is int and _is_whole(text) else text for name, text in sent.items()}
        facts = read_facts(event, given, at)
        checked(document)
    except Invalid as invalid:
        named = plain_errors(invalid.errors)
        example["errors"] = {name.removeprefix("facts."): why for name, why in named.items() if "facts." in name}
        return example, shown
    except ValueError:
        example["errors"] = {"at": [_("Must be a date and a time.")]}
        return example, shown
    current = version_in_force(call.tx, view.rule_key, call.now)
    example["draft"] = document_example(document, facts)
    example["today"] = document_example(current.document, facts) if current else Example(None, [])
    example["campaigns"] = [
        {"one": one, "name": in_language(one.name, language()), "when": rule_words.window_words(one.active)}
        for one in campaign_examples(published_campaigns(call.tx, call.now), view.rule_key, document, facts)
    ]
    return example, shown


def _is_whole(text: str) -> bool:
    return text.removeprefix("-").isascii() and text.removeprefix("-").isdigit() and len(text) < 12
