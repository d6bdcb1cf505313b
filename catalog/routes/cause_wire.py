"""Causes as the API, the pages and the back office tell of them."""

from __future__ import annotations

from typing import Any

from catalog.causes.causes import Given
from catalog.wording import in_language
from mall.i18n import language


def cause_wire(given: Given) -> dict[str, Any]:
    """A cause, in wire form."""
    cause, reader = given.cause, language()
    return {
        "id": cause.id,
        "code": cause.code,
        "name": in_language(cause.name, reader),
        "description": in_language(cause.description, reader),
        "goal_points": cause.goal_points,
        "given_points": given.points,
        "donations": given.donations,
    }


def cause_shown(given: Given) -> dict[str, Any]:
    """A cause on a page."""
    return {**cause_wire(given), "percent": given.percent}
