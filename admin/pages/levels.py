"""The star levels in the back office: thresholds, names, perks, and when members come down."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from admin.acting import acting
from admin.pages.blueprint import desk
from admin.pages.forms import attempt, figure_typed, shown_again
from admin.people import names_of_staff
from admin.routes.levels import EDITORS, READERS, LevelsChangeSchema, wanted_ladder
from mall.db import Login
from mall.http.call import Call, load
from mall.http.page import page
from points.standing.ladder import LEVEL_COUNT, MOST_MONTHS, MOST_WARN_DAYS
from points.standing.level_keeping import LevelsView, levels_view, set_levels

pages = desk("levels", __name__)
URL = "/admin/levels"
TEMPLATE = "admin/levels.html"


@page(pages, "GET", "/levels", auth=READERS, login=Login.BACKOFFICE)
def level_list(call: Call) -> str:
    """The levels, as a form for those who may change them."""
    view = levels_view(call.tx)
    return render_template(TEMPLATE, form=_filled(view), errors={}, **_around(call, view))


@page(pages, "POST", "/levels", auth=EDITORS, login=Login.BACKOFFICE, on_error=URL)
def save_levels(call: Call) -> Response | Redirect:
    """Set them, unless somebody else has meanwhile."""

    def work() -> None:
        set_levels(call.tx, wanted_ladder(load(LevelsChangeSchema(), _sent())), acting(call))

    _nothing, error = attempt(call.tx, work)
    if error is None:
        flash(_("Saved: members are on their new levels within a minute."), "success")
        return redirect(URL, 303)
    return shown_again(TEMPLATE, error, **_around(call, levels_view(call.tx)))


def _sent() -> dict[str, Any]:
    """The form as the API's body; what is no number stays text, for the schema to refuse."""
    form = request.form
    rolling = form.get("downgrade.policy") == "rolling"
    levels = [
        {
            "from_points": figure_typed(form.get(f"levels.{place}.from_points", "")),
            **{part: _words(f"levels.{place}.{part}") for part in ("name", "perks")},
        }
        for place in range(LEVEL_COUNT)
    ]
    spans = ("months", "warn_days") if rolling else ()
    window = {name: figure_typed(form.get(f"downgrade.{name}", "")) for name in spans}
    policy = form.get("downgrade.policy", "")
    version = figure_typed(form.get("version", ""))
    return {"version": version, "levels": levels, "downgrade": {"policy": policy, **window}}


def _words(name: str) -> dict[str, str]:
    given = {language: request.form.get(f"{name}.{language}", "") for language in ("zh", "en")}
    return {language: text for language, text in given.items() if text.strip()}


def _filled(view: LevelsView) -> dict[str, Any]:
    found = view.ladder
    form: dict[str, Any] = {
        "version": found.version, "downgrade.policy": found.policy, "downgrade.months": found.window_months,
        "downgrade.warn_days": found.warn_days,
    }  # fmt: skip
    for place, step in enumerate(found.steps):
        form[f"levels.{place}.from_points"] = step.from_points
        for language in ("zh", "en"):
            form[f"levels.{place}.name.{language}"] = step.name.get(language, "")
            form[f"levels.{place}.perks.{language}"] = step.perks.get(language, "")
    return form


def _around(call: Call, view: LevelsView) -> dict[str, Any]:
    return {
        "view": view, "count": LEVEL_COUNT, "may_edit": EDITORS.opens_for(call.staff),
        "names": names_of_staff(call.tx), "most_months": MOST_MONTHS, "most_warn_days": MOST_WARN_DAYS,
    }  # fmt: skip
