"""Search everywhere, for programs of staff."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from admin.search.declare import MOST_ASKED
from admin.search.table import search
from mall.db import Login
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import StrictSchema, Text
from mall.http.principals import staff

blp = api_blueprint("admin-search", __name__, description="Finding anything in the back office")


class SearchQuery(StrictSchema):
    """A few letters of a name, a number, an id."""

    q = Text(1, MOST_ASKED, required=True)


class HitSchema(StrictSchema):
    """A thing that was found; ``url``: its page in the back office."""

    url = fields.String(required=True)
    text = fields.String(required=True)
    detail = fields.String(required=True)


class HitGroupSchema(StrictSchema):
    """At most five hits of one kind."""

    kind = fields.String(required=True)
    title = fields.String(required=True)
    hits = fields.List(fields.Nested(HitSchema), required=True)


class SearchSchema(StrictSchema):
    """Kinds with hits, in the order in which they are shown."""

    groups = fields.List(fields.Nested(HitGroupSchema), required=True)


@endpoint(
    blp, "GET", "/admin/search", auth=staff(), login=Login.BACKOFFICE, query=SearchQuery, response=SearchSchema
)  # fmt: skip
def search_everywhere(call: Call) -> dict[str, Any]:
    """Pages, gifts, orders, members, rules and more by what is typed: only what the caller's role may open."""
    return {"groups": search(call.tx, call.staff, call.query["q"], call.now)}
