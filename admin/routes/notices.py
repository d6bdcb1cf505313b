"""Notices to staff: what should be seen to."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from catalog.notices.for_staff import staff_notices_page
from mall.db import Login
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Instant, QueryFlag, StrictSchema
from mall.http.pagination import PageQuery, list_schema
from mall.http.principals import staff

blp = api_blueprint("admin-notices", __name__, description="What staff should see to")


class StaffNoticesQuery(PageQuery):
    """``open``: only what nobody has seen to yet."""

    open = QueryFlag(load_default=False)


class StaffNoticeSchema(StrictSchema):
    """A notice: its kind as a code, what it is about, its figures."""

    id = fields.String(required=True)
    kind = fields.String(required=True, metadata={"enum": ["stock.low", "top_up.stuck"]})
    subject = fields.String(required=True)
    detail = fields.Dict(keys=fields.String(), required=True)
    created_at = Instant(required=True)
    resolved_at = Instant(required=True, allow_none=True)


@endpoint(
    blp, "GET", "/admin/notices", auth=staff("catalog", "fulfilment", "auditor"), login=Login.BACKOFFICE,
    query=StaffNoticesQuery, response=list_schema(StaffNoticeSchema),
)  # fmt: skip
def list_staff_notices(call: Call) -> dict[str, Any]:
    return staff_notices_page(call.tx, call.query["open"], call.query["limit"], call.query.get("cursor"))
