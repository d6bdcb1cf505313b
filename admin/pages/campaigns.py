"""Campaigns in the back office: factors on what rules pay, drafted, published, ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from admin.acting import acting
from admin.pages.blueprint import desk
from admin.pages.campaign_form import at_fields, body_of, form_of
from admin.pages.forms import FORM_ERROR, attempt
from admin.pages.rule_words import window_words
from admin.people import names_of_staff
from admin.routes.campaigns import CampaignChangeSchema, NewCampaignSchema, document_of
from catalog.wording import in_language
from mall.clock import local_date
from mall.db import Login
from mall.errors import MallError
from mall.http.call import Call, load
from mall.http.page import page
from mall.http.principals import fresh, staff
from mall.http.problems import STATUS
from mall.i18n import language
from mall.identity.forms import messages_of
from points.earning.book_events import mall_zone
from points.earning.campaign_keeping import (
    campaign,
    campaigns,
    change_campaign,
    discard_campaign,
    draft_campaign,
    publish_campaign,
    retire_campaign,
)
from points.earning.campaigns import phase, read_campaign
from points.earning.rule_models import Campaign
from points.earning.versions import rules

pages = desk("campaigns", __name__)
READERS, EDITORS = staff("rules", "auditor"), staff("rules")
LIST = "/admin/campaigns"
ONE = "/campaigns/<key>"
BACK = "/admin/campaigns/{key}"


@page(pages, "GET", "/campaigns", auth=READERS, login=Login.BACKOFFICE)
def campaign_list(call: Call) -> str:
    """All campaigns: running and coming ones first."""
    order = ("running", "coming", "draft", "over", "ended")
    titles = titles_of(call)
    listed = sorted((told(call, one, titles) for one in campaigns(call.tx)), key=lambda one: order.index(one["phase"]))
    return render_template("admin/campaigns.html", campaigns=listed, may_edit=EDITORS.opens_for(call.staff))


@page(pages, "GET", "/new-campaign", auth=EDITORS, login=Login.BACKOFFICE)
def new_campaign_page(call: Call) -> str:
    """The form."""
    form = {**form_of({"factor": "2"}), "key": ""}
    return render_template("admin/campaign_edit.html", form=form, errors={}, titles=titles_of(call), one=None)


@page(pages, "POST", "/new-campaign", auth=EDITORS, login=Login.BACKOFFICE)
def new_campaign(call: Call) -> Response | Redirect:
    """A new draft."""

    def work() -> str:
        given = {"key": request.form.get("key", "").strip(), **_body()}
        body = load(NewCampaignSchema(), given)
        return draft_campaign(call.tx, body["key"], document_of(body), acting(call)).key

    key, error = attempt(call.tx, work)
    if error is not None:
        return _again(call, error, None)
    flash(_("The draft is kept. It counts once it is published."), "success")
    return redirect(f"{LIST}/{key}", 303)


@page(pages, "GET", ONE, auth=READERS, login=Login.BACKOFFICE)
def campaign_page(call: Call, key: str) -> str:
    """What it says in plain words, and its next steps."""
    found = campaign(call.tx, key)
    return render_template(
        "admin/campaign.html", one=found, told=told(call, found, titles_of(call)),
        may_edit=EDITORS.opens_for(call.staff), names=names_of_staff(call.tx),
    )  # fmt: skip


@page(pages, "GET", f"{ONE}/edit", auth=EDITORS, login=Login.BACKOFFICE)
def edit_campaign_page(call: Call, key: str) -> str:
    """The form with the draft."""
    found = campaign(call.tx, key)
    form = form_of(found.document)
    return render_template("admin/campaign_edit.html", form=form, errors={}, titles=titles_of(call), one=found)


@page(pages, "POST", f"{ONE}/edit", auth=EDITORS, login=Login.BACKOFFICE)
def edit_campaign(call: Call, key: str) -> Response | Redirect:
    """Another document for the draft."""

    def work() -> Campaign:
        document = document_of(load(CampaignChangeSchema(), _body()))
        return change_campaign(call.tx, key, document, acting(call))

    _done, error = attempt(call.tx, work)
    if error is not None:
        return _again(call, error, campaign(call.tx, key))
    return _to(key, _("Saved."))


@page(pages, "POST", f"{ONE}/publish", auth=fresh(EDITORS), login=Login.BACKOFFICE, on_error=BACK)
def publish(call: Call, key: str) -> Redirect:
    """It counts from now on, in its own dates."""
    publish_campaign(call.tx, key, acting(call))
    return _to(key, _("Published: it counts in its days and hours."))


@page(pages, "POST", f"{ONE}/end", auth=EDITORS, login=Login.BACKOFFICE, on_error=BACK)
def end(call: Call, key: str) -> Redirect:
    """It no longer counts for what happens from now on."""
    retire_campaign(call.tx, key, acting(call))
    return _to(key, _("Ended: what happens from now on is paid without it."))


@page(pages, "POST", f"{ONE}/discard", auth=EDITORS, login=Login.BACKOFFICE, on_error=BACK)
def discard(call: Call, key: str) -> Redirect:
    """Throw the draft away."""
    discard_campaign(call.tx, key, acting(call))
    flash(_("The draft is thrown away."), "success")
    return redirect(LIST, 303)


def _body() -> dict[str, Any]:
    return body_of(lambda name: request.form.get(name, ""), request.form.getlist)


def _again(call: Call, error: MallError, found: Campaign | None) -> Response:
    get: Callable[..., str] = request.form.get
    form = {name: get(name, "") for name in ("key", *form_of({}))}
    form |= {name: request.form.getlist(name) for name in ("weekdays", "rules")}  # type: ignore[misc]
    errors = at_fields(messages_of(error, FORM_ERROR))
    body = render_template("admin/campaign_edit.html", form=form, errors=errors, titles=titles_of(call), one=found)
    return make_response(body, STATUS[error.kind])


def _to(key: str, message: str) -> Redirect:
    flash(message, "success")
    return redirect(f"{LIST}/{key}", 303)


def titles_of(call: Call) -> dict[str, str]:
    """Titles of the rules, by key."""
    return {view.key: in_language(view.title, language()) for view in rules(call.tx, call.now)}


def told(call: Call, found: Campaign, titles: dict[str, str]) -> dict[str, Any]:
    """A campaign as lists and its page tell it."""
    read = read_campaign(found.key, found.document)
    return {
        "key": found.key, "name": in_language(read.name, language()), "factor": found.document["factor"],
        "when": window_words(read.active), "level": read.min_level, "segment": bool(read.condition.source),
        "rules": [titles.get(key, key) for key in sorted(read.rules)], "review": read.review,
        "phase": phase(found.state, found.document, local_date(call.now, mall_zone())),
    }  # fmt: skip
