"""Notices to staff: what should be seen to."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from admin.acting import traced
from catalog.notices.for_staff import done_with, staff_notices_page
from catalog.notices.staff_models import StaffNotice
from mall.db import Login
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Instant, QueryFlag, StrictSchema
from mall.http.ids import checked_id
from mall.http.pagination import PageQuery, list_schema
from mall.http.principals import staff

KINDS = ("stock.low", "item.low", "top_up.stuck", "payment.disputed", "budget.warned")
READERS = staff("catalog", "fulfilment", "auditor")
DOERS = staff("catalog", "fulfilment")
blp = api_blueprint("admin-notices", __name__, description="What staff should see to")


class StaffNoticesQuery(PageQuery):
    """``open``: only what nobody has seen to yet."""

    open = QueryFlag(load_default=False)


class StaffNoticeSchema(StrictSchema):
    """A notice: its kind as a code, what it is about, its figures. ``resolved_at``: its cause was gone;
    ``done_at``: somebody has seen to it."""

    id = fields.String(required=True)
    kind = fields.String(required=True, metadata={"enum": list(KINDS)})
    subject = fields.String(required=True)
    detail = fields.Dict(keys=fields.String(), required=True)
    created_at = Instant(required=True)
    resolved_at = Instant(required=True, allow_none=True)
    done_at = Instant(required=True, allow_none=True)
    done_by = fields.String(required=True, allow_none=True)


@endpoint(
    blp, "GET", "/admin/notices", auth=READERS, login=Login.BACKOFFICE,
    query=StaffNoticesQuery, response=list_schema(StaffNoticeSchema),
)  # fmt: skip
def list_staff_notices(call: Call) -> dict[str, Any]:
    return staff_notices_page(call.tx, call.query["open"], call.query["limit"], call.query.get("cursor"))


@endpoint(
    blp, "POST", "/admin/notices/<staff_notice_id>/done", auth=DOERS, login=Login.BACKOFFICE,
    response=StaffNoticeSchema, idempotency="accepted",
)  # fmt: skip
def post_staff_notice_done(call: Call, staff_notice_id: str) -> StaffNotice:
    """Seen to: it is not told again while its cause lasts."""
    return done_with(call.tx, checked_id(staff_notice_id), *traced(call))
