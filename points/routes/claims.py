"""Taking points with a claim code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Response, request
from marshmallow import fields
from sqlalchemy.orm import Session

from mall.db import Login, run_tx
from mall.errors import NotFound
from mall.http import idempotency
from mall.http.blueprint import api_blueprint
from mall.http.call import Call, Reply
from mall.http.endpoint import endpoint
from mall.http.fields import StrictSchema, Text
from mall.http.principals import MEMBER
from points.earning.claim_codes import claim, note_miss, refuse_after_misses
from points.viewer import require_active

blp = api_blueprint("claims", __name__, description="Points for whoever holds a code")
T = TypeVar("T")


class ClaimInSchema(StrictSchema):
    """A code, as printed or typed: case, spaces and hyphens do not matter."""

    code = Text(1, 100, required=True)


class ClaimedSchema(StrictSchema):
    """The points a code gave."""

    points = fields.Integer(required=True)


def counting_misses(call: Call, attempt: Callable[[Session], T]) -> T:
    """Run an attempt in a transaction of its own that remembers a miss although the attempt is undone.

    Raises TooMany ``too_many_misses``, and NotFound after counting it.
    """
    require_active(call.member)
    member_id = call.member.member_id

    def work(tx: Session) -> T | NotFound:
        refuse_after_misses(tx, member_id, call.now)
        try:
            with tx.begin_nested():
                return attempt(tx)
        except NotFound as error:
            note_miss(tx, member_id, call.now)
            return error

    outcome = run_tx(Login.EARNING, work)
    if isinstance(outcome, NotFound):
        raise outcome
    return outcome


@endpoint(
    blp, "POST", "/me/claims", auth=MEMBER, login=None, body=ClaimInSchema, response=ClaimedSchema, status=201,
    idempotency="required",
)  # fmt: skip
def post_claim(call: Call, body: dict[str, Any]) -> Response | Reply:
    key = idempotency.check_form(request.headers.get("Idempotency-Key"), required=True)
    asked = idempotency.fingerprint("POST", request.path, body)
    assert key is not None

    def effect(tx: Session) -> Response:
        points = claim(tx, call.member.member_id, body["code"], call.now)
        return Response(f'{{"points":{points}}}', status=201, content_type="application/json")

    return counting_misses(
        call, lambda tx: idempotency.once(tx, call.principal.name, key, asked, call.now, lambda: effect(tx))
    )
