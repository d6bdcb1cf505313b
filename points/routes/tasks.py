"""What earns points today: as a page and over the API."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template
from flask_babel import gettext as _
from flask_babel import ngettext
from marshmallow import fields

from mall import clock
from mall.db import Login
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import StrictSchema
from mall.http.page import page
from mall.http.principals import MEMBER, OPTIONAL_MEMBER, MemberPrincipal
from points.checkin.check_in import week
from points.earning.book_events import mall_zone
from points.earning.formulas import plain
from points.standing.levels import worded
from points.tasks.lines import Boost
from points.tasks.today import Task, tasks_today
from points.tasks.words import room_words, words_of
from points.viewer import viewer

blp = api_blueprint("tasks", __name__, description="What earns a member points today")
pages = Blueprint("tasks-page", __name__)
NAMED_POINTS = ("check.in", "member.login")
"""Kinds that happen once a day: the page says what the next one pays."""


class TaskLimitSchema(StrictSchema):
    """What a cap leaves: ``left`` of ``limit`` ``points`` or ``times`` (``unit``) in a ``period``."""

    per = fields.String(required=True)
    period = fields.String(required=True)
    unit = fields.String(required=True)
    limit = fields.Integer(required=True)
    left = fields.Integer(required=True)


class TaskBoostSchema(StrictSchema):
    """A campaign that is on: points times ``factor``."""

    name = fields.String(required=True)
    factor = fields.String(required=True)


class TaskSchema(StrictSchema):
    """A kind of credit event that earns points now; once done it brings ``least_points`` to ``most_points``.

    ``earned_points``: public points it brought today; ``done``: it brings nothing more today.
    """

    type = fields.String(required=True)
    title = fields.String(required=True)
    least_points = fields.Integer(required=True)
    most_points = fields.Integer(required=True)
    campaign = fields.Nested(TaskBoostSchema, required=True, allow_none=True)
    limits = fields.List(fields.Nested(TaskLimitSchema), required=True)
    earned_points = fields.Integer(required=True)
    done = fields.Boolean(required=True)


class TasksSchema(StrictSchema):
    """All of them."""

    tasks = fields.List(fields.Nested(TaskSchema), required=True)


@endpoint(blp, "GET", "/me/tasks", auth=MEMBER, login=Login.EARNING, response=TasksSchema)
def get_tasks(call: Call) -> dict[str, Any]:
    return {"tasks": [_wire(one) for one in tasks_today(call.tx, call.member.member_id, call.now, mall_zone())]}


def _wire(task: Task) -> dict[str, Any]:
    line = task.line
    return {
        "type": line.kind,
        "title": words_of(task).title,
        "least_points": line.least,
        "most_points": line.most,
        "campaign": None if line.boost is None else _boost(line.boost),
        "limits": [
            {"per": "all" if room.everyone else "member", "period": room.period, "unit": room.unit,
             "limit": room.limit, "left": room.left}
            for room in line.rooms
        ],
        "earned_points": task.earned_points,
        "done": task.done,
    }  # fmt: skip


def _boost(boost: Boost) -> dict[str, str]:
    return {"name": worded(boost.name), "factor": plain(boost.factor)}


@page(pages, "GET", "/tasks", auth=OPTIONAL_MEMBER, login=Login.EARNING)
def tasks(call: Call) -> str:
    """The page."""
    who = call.principal.member_id if isinstance(call.principal, MemberPrincipal) else None
    shown = None if who is None else week(call.tx, who, clock.local_date(call.now, mall_zone()))
    today = None if shown is None else shown.today_points
    return render_template(
        "storefront/tasks.html",
        me=viewer(call.tx, call.principal, call.now),
        check_in=shown,
        tasks=[_shown(one, today) for one in tasks_today(call.tx, who, call.now, mall_zone())],
    )


def _shown(task: Task, check_in_points: int | None) -> dict[str, Any]:
    words, line = words_of(task), task.line
    told = [words.detail]
    if task.open_count:
        told = [ngettext("%(num)s quiz may still pay.", "%(num)s quizzes may still pay.", task.open_count)]
    if task.done and not line.used_up:
        told = [_("Done for today.") if line.kind in NAMED_POINTS else _("All done; look in again later.")]
    least = line.least if check_in_points is None or line.kind != "check.in" else check_in_points
    most = least if line.kind in NAMED_POINTS else line.most
    return {
        "code": line.kind.replace(".", "_"),
        "title": words.title,
        "points": f"+{least}" if least == most else f"{least}–{most}",
        "told": [*told, *(room_words(room) for room in line.rooms)],
        "boost": None if line.boost is None else _boost(line.boost),
        "earned": task.earned_points,
        "done": task.done,
        "url": None if line.kind == "quiz.result" and task.open_count is None else words.url,
        "action": words.action,
    }
