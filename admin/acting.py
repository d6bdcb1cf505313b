"""Who of the staff acts, as use cases want to know it."""

from __future__ import annotations

from datetime import datetime

from mall.http.call import Call
from mall.http.principals import OWNER_ROLE
from points.earning.versions import By


def acting(call: Call) -> By:
    """The calling member of staff at the moment of the call."""
    return By(call.staff.name, call.staff.role == OWNER_ROLE, call.now, call.request_id)


def traced(call: Call) -> tuple[str, datetime, str]:
    """The same for use cases that take the actor, the moment and the request's id, one after the other."""
    return call.staff.name, call.now, call.request_id
