"""The sign-ins from elsewhere that a member has linked. Linking itself needs a browser: it goes to the provider."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from mall.db import Login
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Instant, StrictSchema
from mall.http.pagination import PageQuery, list_schema, page_in_memory
from mall.http.principals import MEMBER
from mall.identity.outside.links import linked, unlink
from mall.identity.outside.ways import label_of
from mall.identity.step_up import require_full, require_recent

blp = api_blueprint("sign-ins", __name__, description="Signing in with an identity from elsewhere")


class SignInWaySchema(StrictSchema):
    """A linked sign-in: ``provider`` is ``oidc`` or ``wechat``, ``label`` its name in the reader's language."""

    provider = fields.String(required=True)
    label = fields.String(required=True)
    linked_at = Instant(required=True)
    last_used_at = Instant(required=True)


@endpoint(
    blp, "GET", "/me/sign-ins", auth=MEMBER, login=Login.REDEMPTION, query=PageQuery,
    response=list_schema(SignInWaySchema),
)  # fmt: skip
def get_sign_ins(call: Call) -> dict[str, Any]:
    require_full(call.member)
    return page_in_memory(linked_wire(call), call.query, lambda item: str(item["provider"]))


@endpoint(
    blp, "DELETE", "/me/sign-ins/<provider>", auth=MEMBER, login=Login.REDEMPTION, status=204, errors=("last_sign_in",)
)  # fmt: skip
def delete_sign_in(call: Call, provider: str) -> None:
    """Take one off; the last way to sign in stays. Needs the credential given a short while ago."""
    require_recent(call.member, call.now)
    unlink(call.tx, call.member.member_id, provider, call.now, call.request_id)


def linked_wire(call: Call) -> list[dict[str, Any]]:
    """Linked sign-ins with their names."""
    return [
        {
            "provider": one.provider,
            "label": label_of(one.provider),
            "linked_at": one.linked_at,
            "last_used_at": one.last_used_at,
        }
        for one in linked(call.tx, call.member.member_id)
    ]
