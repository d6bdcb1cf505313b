"""The star levels, as staff set them."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from marshmallow import fields
from marshmallow.validate import Length

from admin.acting import acting
from admin.routes.catalog_schemas import Wording
from catalog.wording import wording
from mall.db import Login
from mall.errors import Invalid
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Choice, Instant, Points, StrictSchema, Whole
from mall.http.principals import staff
from points.standing.ladder import LEVEL_COUNT, MOST_MONTHS, MOST_WARN_DAYS, POLICIES, Ladder, Step
from points.standing.level_keeping import LevelsView, levels_view, set_levels, steps_wire

blp = api_blueprint("admin-levels", __name__, description="The star levels of members")
READERS, EDITORS = staff("rules", "catalog", "auditor"), staff("rules")
MOST_FROM = 10**12


class LevelStepSchema(StrictSchema):
    """A level: the public points from which it begins, its name, what it brings."""

    from_points = Points(0, MOST_FROM, required=True)
    name = Wording(1, 40, required=True)
    perks = Wording(0, 300, required=True)


class DowngradeSchema(StrictSchema):
    """When members come down: ``never``, or ``rolling``: points of the last ``months`` count, warned days before."""

    policy = Choice(POLICIES, required=True)
    months = Whole(1, MOST_MONTHS, allow_none=True)
    warn_days = Whole(1, MOST_WARN_DAYS, allow_none=True)


class LevelsChangeSchema(StrictSchema):
    """All five levels, the lowest first, and the ``version`` that was looked at (0: nothing was ever set)."""

    version = Whole(0, 2**31 - 2, required=True)
    levels = fields.List(fields.Nested(LevelStepSchema), required=True, validate=Length(equal=LEVEL_COUNT))
    downgrade = fields.Nested(DowngradeSchema, required=True)


class LevelOutSchema(StrictSchema):
    """A level in all languages."""

    number = fields.Integer(required=True)
    from_points = fields.Integer(required=True)
    name = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    perks = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


class LevelsSchema(StrictSchema):
    """The levels in force; ``updated_by`` is null while the mall's own hold."""

    version = fields.Integer(required=True)
    levels = fields.List(fields.Nested(LevelOutSchema), required=True)
    downgrade = fields.Nested(DowngradeSchema, required=True)
    updated_by = fields.String(required=True, allow_none=True)
    updated_at = Instant(required=True, allow_none=True)


@endpoint(blp, "GET", "/admin/levels", auth=READERS, login=Login.BACKOFFICE, response=LevelsSchema)
def get_levels(call: Call) -> dict[str, Any]:
    return _wire(levels_view(call.tx))


@endpoint(
    blp, "PUT", "/admin/levels", auth=EDITORS, login=Login.BACKOFFICE, body=LevelsChangeSchema, response=LevelsSchema,
    errors=("levels_changed",),
)  # fmt: skip
def put_levels(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    return _wire(set_levels(call.tx, wanted_ladder(body), acting(call)))


def wanted_ladder(body: dict[str, Any]) -> Ladder:
    """The ladder that a checked body asks for. Raises Invalid where window and policy do not fit."""
    down = body["downgrade"]
    given = {name: down.get(name) for name in ("months", "warn_days")}
    rolling = down["policy"] == "rolling"
    sentence = _("This field is required.") if rolling else _("Only with points of the last months.")
    wrong = {f"downgrade.{name}": [sentence] for name, value in given.items() if (value is not None) != rolling}
    if wrong:
        raise Invalid(wrong)
    steps = tuple(Step(one["from_points"], wording(one["name"]), wording(one["perks"])) for one in body["levels"])
    return Ladder(steps, down["policy"], given["months"], given["warn_days"], body["version"])


def _wire(view: LevelsView) -> dict[str, Any]:
    found = view.ladder
    return {
        "version": found.version,
        "levels": [{"number": place, **step} for place, step in enumerate(steps_wire(found.steps), start=1)],
        "downgrade": {"policy": found.policy, "months": found.window_months, "warn_days": found.warn_days},
        "updated_by": view.updated_by, "updated_at": view.updated_at,
    }  # fmt: skip
