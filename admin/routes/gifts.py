"""Gifts, stock, voucher codes and categories, for the back office."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from admin.acting import traced
from admin.orders import SEES_MEMBERS
from admin.routes.catalog_schemas import (
    AdminCategorySchema,
    AdminGiftSchema,
    AdminGiftsQuery,
    CategoryChangeSchema,
    GiftChangeSchema,
    ImportedSchema,
    ImportQuery,
    MovementSchema,
    MovementsQuery,
    NewCategorySchema,
    NewGiftSchema,
    StockChangeSchema,
    StockSchema,
)  # fmt: skip
from catalog.gifts.edit import change_gift, create_gift, get_gift
from catalog.gifts.models import Gift
from catalog.gifts.queries import on_hand_now, staff_gifts_page
from catalog.gifts.shelves import (
    categories,
    change_category,
    create_category,
)  # fmt: skip
from catalog.payment.configured import can_be_paid
from catalog.stock.change import change_stock, movements_page
from catalog.stock.unlimited import counted
from catalog.vouchers.import_codes import Imported, import_codes, reason
from catalog.vouchers.watch import Pool, pools_of
from mall.db import Login
from mall.errors import Conflict
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.ids import checked_id
from mall.http.pagination import PageQuery, list_schema, page_in_memory
from mall.http.principals import staff
from mall.sheets import write_csv

blp = api_blueprint("admin-gifts", __name__, description="The catalog, for the back office")
EDITORS = staff("catalog")
READERS = staff("catalog", "auditor")
"""Not fulfilment: it sees item and label, never a price (design, section 7)."""


def _gift(gift: Gift, stock: int, pool: Pool | None) -> dict[str, Any]:
    cash, payment = None, "none"
    if gift.cash_cents is not None:
        cash = {"amount": gift.cash_cents, "currency": gift.cash_currency}
        payment = "available" if can_be_paid(gift.cash_cents, gift.cash_currency) else "unavailable"
    told = {"stock": counted(stock), "voucher_pool": pool, "cash": cash, "payment": payment}
    names = (field.attribute or name for name, field in AdminGiftSchema().fields.items() if name not in told)
    return {**{name: getattr(gift, name) for name in names}, **told}


def gift_wire(call: Call, gift: Gift) -> dict[str, Any]:
    """A gift as the back office sees it."""
    return _gift(gift, on_hand_now(call.tx, gift.id), pools_of(call.tx, [gift.id]).get(gift.id))


def _variant_id(given: dict[str, Any]) -> str | None:
    return checked_id(given["variant"]) if "variant" in given else None


@endpoint(
    blp, "POST", "/admin/gifts", auth=EDITORS, login=Login.BACKOFFICE, body=NewGiftSchema, response=AdminGiftSchema,
    status=201, idempotency="required", errors=("code_taken", "voucher_stock"),
)  # fmt: skip
def post_gift(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    return gift_wire(call, create_gift(call.tx, body, *traced(call)))


@endpoint(
    blp, "GET", "/admin/gifts", auth=READERS, login=Login.BACKOFFICE, query=AdminGiftsQuery,
    response=list_schema(AdminGiftSchema),
)  # fmt: skip
def list_admin_gifts(call: Call) -> dict[str, Any]:
    page = staff_gifts_page(call.tx, call.query.get("status"), call.query["limit"], call.query.get("cursor"))
    pools = pools_of(call.tx, [gift.id for gift, _ in page["items"]])
    return {**page, "items": [_gift(gift, stock, pools.get(gift.id)) for gift, stock in page["items"]]}


@endpoint(blp, "GET", "/admin/gifts/<gift_id>", auth=READERS, login=Login.BACKOFFICE, response=AdminGiftSchema)
def get_admin_gift(call: Call, gift_id: str) -> dict[str, Any]:
    gift = get_gift(call.tx, checked_id(gift_id))
    return gift_wire(call, gift)


@endpoint(
    blp, "PATCH", "/admin/gifts/<gift_id>", auth=EDITORS, login=Login.BACKOFFICE, body=GiftChangeSchema,
    response=AdminGiftSchema, errors=("code_taken", "draw_open"),
)  # fmt: skip
def patch_gift(call: Call, body: dict[str, Any], gift_id: str) -> dict[str, Any]:
    gift = change_gift(call.tx, checked_id(gift_id), body, *traced(call))
    return gift_wire(call, gift)


@endpoint(
    blp, "POST", "/admin/gifts/<gift_id>/stock", auth=EDITORS, login=Login.BACKOFFICE, body=StockChangeSchema,
    response=StockSchema, status=201, idempotency="required",
    errors=("stock_below_zero", "voucher_stock", "variant_exists"),
)  # fmt: skip
def post_stock(call: Call, body: dict[str, Any], gift_id: str) -> dict[str, int | None]:
    stock = change_stock(
        call.tx, checked_id(gift_id), _variant_id(body), body["change"], body.get("reason"), call.staff.name, call.now,
        request_id=call.request_id,
    )  # fmt: skip
    return {"stock": counted(stock)}


@endpoint(
    blp, "GET", "/admin/gifts/<gift_id>/stock", auth=READERS, login=Login.BACKOFFICE, query=MovementsQuery,
    response=list_schema(MovementSchema), errors=("variant_exists",),
)  # fmt: skip
def list_movements(call: Call, gift_id: str) -> dict[str, Any]:
    """Who may not see members is told that it was one, as on the order's page."""
    query = call.query
    found = movements_page(call.tx, checked_id(gift_id), _variant_id(query), query["limit"], query.get("cursor"))
    names = MovementSchema().fields
    moved = [{name: getattr(one, name) for name in names} for one in found["items"]]
    for one in moved:
        if one["actor"].startswith("member:") and call.staff.role not in SEES_MEMBERS:
            one["actor"] = "member"
    return {**found, "items": moved}


def imported_wire(done: Imported) -> dict[str, Any]:
    """An import with its result file, in which the codes themselves are not repeated."""
    lines = [{"line": one.line, "result": one.result, "reason": reason(one.result)} for one in done.lines]
    rows = [[_("Line"), _("Result"), _("Reason")], *([line[name] for name in line] for line in lines)]
    told = {"imported": done.imported, "refused": done.refused, "stock": done.on_hand}
    return {**told, "lines": lines, "file": write_csv(rows).decode()}


@endpoint(
    blp, "POST", "/admin/gifts/<gift_id>/vouchers", auth=EDITORS, login=Login.BACKOFFICE, query=ImportQuery,
    response=ImportedSchema, status=201, idempotency="required",
    errors=("not_a_voucher", "variant_exists", "bad_lines"), body_type="text/csv",
)  # fmt: skip
def post_vouchers(call: Call, gift_id: str) -> dict[str, Any]:
    """A refused file names every line: ``lines`` and ``file`` of the refusal are those of the answer."""
    asked, only_good = _variant_id(call.query), call.query["only_good"]
    try:
        done = import_codes(call.tx, checked_id(gift_id), asked, call.raw_body, *traced(call), only_good=only_good)
    except Conflict as error:
        if error.code != "bad_lines":
            raise
        raise Conflict("bad_lines", extra={**imported_wire(error.extra["imported"]), "imported": 0}) from error
    return imported_wire(done)


@endpoint(
    blp, "GET", "/admin/categories", auth=READERS, login=Login.BACKOFFICE, query=PageQuery,
    response=list_schema(AdminCategorySchema),
)  # fmt: skip
def list_admin_categories(call: Call) -> dict[str, Any]:
    return page_in_memory(categories(call.tx), call.query, lambda category: str(category.id))


@endpoint(
    blp, "POST", "/admin/categories", auth=EDITORS, login=Login.BACKOFFICE, body=NewCategorySchema,
    response=AdminCategorySchema, status=201, errors=("code_taken",),
)  # fmt: skip
def post_category(call: Call, body: dict[str, Any]) -> Any:
    return create_category(call.tx, body, *traced(call))


@endpoint(
    blp, "PATCH", "/admin/categories/<category_id>", auth=EDITORS, login=Login.BACKOFFICE, body=CategoryChangeSchema,
    response=AdminCategorySchema, errors=("code_taken",),
)  # fmt: skip
def patch_category(call: Call, body: dict[str, Any], category_id: str) -> Any:
    return change_category(call.tx, checked_id(category_id), body, *traced(call))
