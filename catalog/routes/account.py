"""A member's account as a whole: taking everything along, and leaving."""

from __future__ import annotations

from typing import Any

from flask import session

from catalog.account.leave import leave
from catalog.routes.account_parts import mall_part, points_part
from catalog.routes.export_schemas import ExportSchema
from mall.db import Login, run_tx
from mall.http.blueprint import api_blueprint
from mall.http.call import Call, Reply
from mall.http.endpoint import endpoint
from mall.http.principals import MEMBER
from mall.identity.step_up import require_full, require_recent

blp = api_blueprint("account", __name__, description="Everything held about a member, and leaving")


@endpoint(blp, "GET", "/me/export", auth=MEMBER, login=None, response=ExportSchema, dump=False)
def export_me(call: Call) -> Reply:
    """Two transactions: no login may read both what was earned and what was ordered."""
    require_full(call.member)
    member_id, now = call.member.member_id, call.now
    parts: dict[str, Any] = {"exported_at": now}
    parts |= run_tx(Login.EARNING, lambda tx: points_part(tx, member_id, now))
    parts |= run_tx(Login.REDEMPTION, lambda tx: mall_part(tx, member_id, now))
    body = {name: field.serialize(name, parts) for name, field in _SCALARS.items()}
    return Reply({**parts, **body}, headers={"Content-Disposition": 'attachment; filename="my-account.json"'})


_IN_WIRE_FORM = ("balance", "orders")
_SCALARS = {name: field for name, field in ExportSchema().fields.items() if name not in _IN_WIRE_FORM}


@endpoint(blp, "DELETE", "/me", auth=MEMBER, login=Login.REDEMPTION, status=204)
def delete_me(call: Call) -> None:
    """The person goes; the ledger keeps a nameless account. Needs the password given a short while ago."""
    require_recent(call.member, call.now)
    leave(call.tx, call.member.member_id, call.now, call.request_id)
    if call.principal.via == "cookie":
        session.clear()
