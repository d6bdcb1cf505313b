"""Tags, and taking categories away, for the back office."""

from __future__ import annotations

from typing import Any

from admin.acting import traced
from admin.routes.catalog_schemas import AdminCategorySchema, CategoryChangeSchema, NewCategorySchema
from admin.routes.gifts import EDITORS, READERS
from catalog.gifts.shelves import delete_category
from catalog.gifts.tags import change_tag, create_tag, delete_tag, tags
from mall.db import Login
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.ids import checked_id
from mall.http.pagination import PageQuery, list_schema, page_in_memory

blp = api_blueprint("admin-tags", __name__, description="Tags and categories, for the back office")


class NewTagSchema(NewCategorySchema):
    """A new tag."""


class TagChangeSchema(CategoryChangeSchema):
    """Changes of a tag."""


class AdminTagSchema(AdminCategorySchema):
    """A tag in all languages."""


@endpoint(
    blp, "GET", "/admin/tags", auth=READERS, login=Login.BACKOFFICE, query=PageQuery,
    response=list_schema(AdminTagSchema),
)  # fmt: skip
def list_admin_tags(call: Call) -> dict[str, Any]:
    return page_in_memory(tags(call.tx), call.query, lambda tag: str(tag.id))


@endpoint(
    blp, "POST", "/admin/tags", auth=EDITORS, login=Login.BACKOFFICE, body=NewTagSchema, response=AdminTagSchema,
    status=201, errors=("code_taken", "too_many_tags"),
)  # fmt: skip
def post_tag(call: Call, body: dict[str, Any]) -> Any:
    return create_tag(call.tx, body, *traced(call))


@endpoint(
    blp, "PATCH", "/admin/tags/<tag_id>", auth=EDITORS, login=Login.BACKOFFICE, body=TagChangeSchema,
    response=AdminTagSchema, errors=("code_taken",),
)  # fmt: skip
def patch_tag(call: Call, body: dict[str, Any], tag_id: str) -> Any:
    return change_tag(call.tx, checked_id(tag_id), body, *traced(call))


@endpoint(blp, "DELETE", "/admin/tags/<tag_id>", auth=EDITORS, login=Login.BACKOFFICE, status=204)
def remove_tag(call: Call, tag_id: str) -> None:
    delete_tag(call.tx, checked_id(tag_id), *traced(call))


@endpoint(
    blp, "DELETE", "/admin/categories/<category_id>", auth=EDITORS, login=Login.BACKOFFICE, status=204,
    errors=("category_in_use",),
)  # fmt: skip
def remove_category(call: Call, category_id: str) -> None:
    delete_category(call.tx, checked_id(category_id), *traced(call))
