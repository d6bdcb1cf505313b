"""Awards that wait, in the back office: looked at, and decided on one by one, several or all together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from flask import flash, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response as Redirect

from admin.acting import acting
from admin.award_decisions import awards_wanted, decide_one, decide_waiting
from admin.award_decisions import decide as decide_all
from admin.pages.blueprint import desk
from admin.pages.forms import whole_typed
from admin.pages.lists import list_query
from admin.people import nicknames_of
from admin.routes.awards import EDITORS, READERS, AdjustAwardSchema, AwardQuery, ReasonSchema, ReviewSchema
from catalog.wording import in_language
from mall.db import Login
from mall.errors import Invalid, MallError
from mall.http.call import Call, load
from mall.http.fields import Text
from mall.http.ids import checked_id
from mall.http.page import page
from mall.i18n import language
from points.earning.award_decisions import Decision
from points.earning.award_lists import award_page, count_waiting
from points.earning.case_states import AwardState
from points.earning.drafts import KEY_PATTERN
from points.earning.explain import Line
from points.earning.explain_display import localized
from points.earning.versions import rules
from points.quizzes.queries import newest_quizzes

pages = desk("awards", __name__)
HERE = "/admin/awards"
MOST_TICKED = 100
MOST_QUIZZES = 50
"""The newest ones are offered as a filter."""


class AwardPageQuery(AwardQuery):
    """Of one rule, of one campaign, of one quiz."""

    campaign = Text(1, 60, pattern=KEY_PATTERN)
    quiz = Text(1, 60)


@page(pages, "GET", "/awards", auth=READERS, login=Login.EARNING)
def award_list(call: Call) -> str:
    """What waits until somebody confirms it."""
    query, errors = list_query(AwardPageQuery())
    titles = {view.key: in_language(view.title, language()) for view in rules(call.tx, call.now)}
    wanted = awards_wanted(call.tx, query)
    found = award_page(call.tx, wanted, query["limit"], query.get("cursor"), call.now)
    awards = [
        {"award": award, "title": titles.get(award.rule_key, award.rule_key),
         "member": award.member_id if award.visibility == "public" else None,
         "lines": [localized(Line.read(line)) for line in award.explanation]}
        for award in found["items"]
    ]  # fmt: skip
    return render_template(
        "admin/awards.html", awards=awards, next_cursor=found["next_cursor"], query=query, errors=errors,
        titles=titles, quizzes=_quizzes(call), waiting=count_waiting(call.tx, wanted, call.now),
        may_edit=EDITORS.opens_for(call.staff),
        called=nicknames_of(call.tx, [item["member"] for item in awards]),
    )  # fmt: skip


@page(
    pages, "POST", "/awards/<award_id>/decide", auth=EDITORS, login=Login.EARNING, idempotent=True, on_error=HERE
)  # fmt: skip
def decide(call: Call, award_id: str) -> Redirect:
    """Confirm an award, lower or void it, with a reason."""
    action = request.form.get("act", "")
    given: dict[str, Any] = {"reason": _reason()}
    if action == "adjust":
        text = request.form.get("points", "").strip()
        given["points"] = whole_typed(text, 14)
        body = load(AdjustAwardSchema(), given)
    else:
        body = load(ReasonSchema(), given)
    known = action if action in ("adjust", "cancel") else "confirm"
    decide_one(call.tx, Decision(checked_id(award_id), known, body["reason"], body.get("points")), acting(call))
    told = {
        "confirm": _("The award is confirmed."), "adjust": _("The award is lowered."),
        "cancel": _("The award is void."),
    }  # fmt: skip
    flash(told[known], "success")
    return _back()


@page(pages, "POST", "/awards/decide", auth=EDITORS, login=Login.EARNING, idempotent=True, on_error=HERE)
def decide_ticked(call: Call) -> Redirect:
    """Confirm or void those that are ticked; each stands alone."""
    reason, ticked = load(ReasonSchema(), {"reason": _reason()})["reason"], request.form.getlist("award")
    if not 1 <= len(ticked) <= MOST_TICKED:
        raise Invalid(detail=_("Tick at least one award, and at most %(most)s.", most=MOST_TICKED))
    action = "cancel" if request.form.get("act") == "cancel" else "confirm"
    decisions = [Decision(checked_id(award_id), action, reason) for award_id in dict.fromkeys(ticked)]
    _tell(decide_all(call.tx, decisions, acting(call)), 0)
    return _back()


@page(pages, "POST", "/awards/review", auth=EDITORS, login=Login.EARNING, idempotent=True, on_error=HERE)
def review(call: Call) -> Redirect:
    """Confirm or void all that wait of a rule, and of a campaign or quiz, at most 500 at once."""
    given = {"reason": _reason(), "action": request.form.get("act", ""), "rule": request.form.get("rule", "")}
    given |= {name: request.form[name] for name in ("campaign", "quiz") if request.form.get(name)}
    body = load(ReviewSchema(), given)
    outcomes, count = decide_waiting(call.tx, body, acting(call))
    _tell(outcomes, count - len(outcomes))
    return _back()


def _quizzes(call: Call) -> list[tuple[str, str]]:
    return [(quiz.id, in_language(quiz.title, language())) for quiz in newest_quizzes(call.tx, MOST_QUIZZES)]


def _tell(outcomes: Sequence[AwardState | MallError], left: int) -> None:
    done = sum(not isinstance(outcome, MallError) for outcome in outcomes)
    told = ngettext("%(num)s award decided.", "%(num)s awards decided.", done)
    if refused := len(outcomes) - done:
        told += " " + ngettext("%(num)s did not wait any more.", "%(num)s did not wait any more.", refused)
    if left:
        told += " " + ngettext("%(num)s still waits.", "%(num)s still wait.", left)
    flash(told, "success" if done else "error")


def _reason() -> str:
    return request.form.get("reason", "").strip()


def _back() -> Redirect:
    """The list again, with the filters it had."""
    kept = {name: request.form.get(name, "")[:60] for name in ("rule", "campaign", "quiz")}
    query = urlencode({name: text for name, text in kept.items() if text})
    return redirect(f"{HERE}?{query}" if query else HERE, 303)
