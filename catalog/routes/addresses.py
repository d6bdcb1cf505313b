"""A member's address book. A session that came by a login link sees none of it (docs/api.md, login links)."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from catalog.addresses.book import (
    SavedAddress,
    add_address,
    addresses_of,
    change_address,
    remove_address,
)
from catalog.routes.schemas import DeliverySchema
from mall.db import Login
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Flag, Phone, StrictSchema, Text
from mall.http.ids import checked_id
from mall.http.pagination import PageQuery, list_schema, page_in_memory
from mall.http.principals import MEMBER
from mall.identity.step_up import require_full

blp = api_blueprint("addresses", __name__, description="A member's address book")


class NewAddressSchema(DeliverySchema):
    """An address to keep; the first of a book is its default anyway."""

    is_default = Flag()


class AddressChangeSchema(StrictSchema):
    """Changes of an address; ``is_default`` true takes the mark from the one that had it."""

    name = Text(1, 50)
    phone = Phone()
    address = Text(4, 200)
    is_default = Flag()


class AddressSchema(StrictSchema):
    """An address of the book."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    phone = fields.String(required=True)
    address = fields.String(required=True)
    is_default = fields.Boolean(required=True)


def address_wire(saved: SavedAddress) -> dict[str, Any]:
    """An address of the book, in wire form."""
    where = saved.address
    return {
        "id": saved.id,
        "name": where.name,
        "phone": where.phone,
        "address": where.address,
        "is_default": saved.is_default,
    }


@endpoint(
    blp, "GET", "/me/addresses", auth=MEMBER, login=Login.REDEMPTION, query=PageQuery,
    response=list_schema(AddressSchema),
)  # fmt: skip
def list_addresses(call: Call) -> dict[str, Any]:
    require_full(call.member)
    shown = [address_wire(saved) for saved in addresses_of(call.tx, call.member.member_id)]
    return page_in_memory(shown, call.query, lambda one: str(one["id"]))


@endpoint(
    blp, "POST", "/me/addresses", auth=MEMBER, login=Login.REDEMPTION, body=NewAddressSchema, response=AddressSchema,
    status=201, errors=("address_book_full",),
)  # fmt: skip
def post_address(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    require_full(call.member)
    return address_wire(add_address(call.tx, call.member.member_id, body, call.now))


@endpoint(
    blp, "PATCH", "/me/addresses/<address_id>", auth=MEMBER, login=Login.REDEMPTION, body=AddressChangeSchema,
    response=AddressSchema,
)  # fmt: skip
def patch_address(call: Call, body: dict[str, Any], address_id: str) -> dict[str, Any]:
    require_full(call.member)
    return address_wire(change_address(call.tx, call.member.member_id, checked_id(address_id), body, call.now))


@endpoint(blp, "DELETE", "/me/addresses/<address_id>", auth=MEMBER, login=Login.REDEMPTION, status=204)
def delete_address(call: Call, address_id: str) -> None:
    require_full(call.member)
    remove_address(call.tx, call.member.member_id, checked_id(address_id))
