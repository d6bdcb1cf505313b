"""A version of a rule: what it says, how it differs, what it would have done, and its way into force."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import flash, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from admin.acting import acting
from admin.pages.blueprint import desk
from admin.pages.forms import moment_shown
from admin.pages.rule_words import event_name, grid, sentences
from admin.people import names_of_staff
from catalog.wording import in_language
from mall.db import Login
from mall.errors import Invalid
from mall.http.call import Call
from mall.http.page import page
from mall.http.principals import OWNER_ROLE, fresh, staff
from mall.i18n import language
from points.backtest.store import backtests
from points.earning.approval import approve, reject, submit
from points.earning.book_events import mall_zone
from points.earning.compare_display import told
from points.earning.drafts import discard_draft
from points.earning.publishing import publish, retire, roll_back
from points.earning.versions import rule, version
from points.earning.weighing import comparison

pages = desk("rule-versions", __name__)
READERS = staff("rules", "auditor")
EDITORS = staff("rules")
VERSION = "/rules/<key>/versions/<int:number>"
BACK = "/admin/rules/{key}/versions/{number}"


@page(pages, "GET", VERSION, auth=READERS, login=Login.BACKOFFICE)
def version_page(call: Call, key: str, number: int) -> str:
    """One version beside the one in force, or beside ``?with=``."""
    view, found = version(call.tx, key, number, call.now), rule(call.tx, key, call.now)
    other = request.args.get("with", "")
    beside = comparison(call.tx, key, number, _number(other), call.now)
    values: dict[str, Any] = {
        "rule": found, "view": view, "title_text": in_language(found.title, language()),
        "event": event_name(found.event), "lines": sentences(view.document), "grid": grid(view.document),
        "beside": beside, "differences": [told(difference) for difference in beside.differences],
        "tests": backtests(call.tx, key, number, call.now, names=call.staff.role == OWNER_ROLE),
        "names": names_of_staff(call.tx), "may_edit": EDITORS.opens_for(call.staff),
        "mine": call.staff.name in {*view.authors, view.created_by, view.submitted_by},
        "local_now": moment_shown(call.now),
    }  # fmt: skip
    return render_template("admin/rule_version.html", **values)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 11 else None


def _moment() -> datetime | None:
    """The moment in the form, in the mall's zone; None when it is left empty."""
    text = request.form.get("at", "").strip()
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=mall_zone())
    except ValueError:
        raise Invalid({"at": [_("Must be a date and a time.")]}) from None


def _to(key: str, number: int, message: str) -> Redirect:
    flash(message, "success")
    return redirect(f"/admin/rules/{key}/versions/{number}", 303)


@page(pages, "POST", f"{VERSION}/submit", auth=EDITORS, login=Login.BACKOFFICE, on_error=BACK)
def submit_version(call: Call, key: str, number: int) -> Redirect:
    """Put the draft before a second person."""
    submit(call.tx, key, number, acting(call))
    return _to(key, number, _("Submitted: a second person can approve it now."))


@page(pages, "POST", f"{VERSION}/approve", auth=EDITORS, login=Login.BACKOFFICE, on_error=BACK)
def approve_version(call: Call, key: str, number: int) -> Redirect:
    """Approve somebody else's draft."""
    approve(call.tx, key, number, acting(call))
    return _to(key, number, _("Approved: it can be published now."))


@page(pages, "POST", f"{VERSION}/reject", auth=EDITORS, login=Login.BACKOFFICE, on_error=BACK)
def reject_version(call: Call, key: str, number: int) -> Redirect:
    """Send it back to be edited, with a reason."""
    reason = request.form.get("reason", "").strip()[:500]
    if not reason or "\0" in reason:
        raise Invalid({"reason": [_("Please say why.")]})
    reject(call.tx, key, number, reason, acting(call))
    return _to(key, number, _("Sent back to be edited."))


@page(pages, "POST", f"{VERSION}/discard", auth=EDITORS, login=Login.BACKOFFICE, on_error=BACK)
def discard_version(call: Call, key: str, number: int) -> Redirect:
    """Give the draft up."""
    discard_draft(call.tx, key, number, acting(call))
    return _to(key, number, _("The draft is given up."))


@page(pages, "POST", f"{VERSION}/publish", auth=fresh(EDITORS), login=Login.BACKOFFICE, on_error=BACK)
def publish_version(call: Call, key: str, number: int) -> Redirect:
    """Bring it into force, now or at a moment."""
    at = _moment()
    publish(call.tx, key, number, acting(call), at)
    return _to(key, number, _("Published.") if at is None else _("Published: it begins at the moment you chose."))


@page(pages, "POST", f"{VERSION}/rollback", auth=fresh(EDITORS), login=Login.BACKOFFICE, on_error=BACK)
def roll_back_version(call: Call, key: str, number: int) -> Redirect:
    """Bring an earlier version back: a copy of it is in force from now on."""
    copy = roll_back(call.tx, key, number, acting(call))
    return _to(
        key, copy.version, _("Version %(number)s is back, as version %(copy)s.", number=number, copy=copy.version)
    )


@page(pages, "POST", f"{VERSION}/retire", auth=EDITORS, login=Login.BACKOFFICE, on_error=BACK)
def retire_version(call: Call, key: str, number: int) -> Redirect:
    """End it, now or at a moment."""
    retire(call.tx, key, number, acting(call), _moment())
    return _to(key, number, _("Ended: events after that moment earn nothing by this rule."))
