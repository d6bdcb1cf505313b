"""A member's address book: up to 20 addresses, one of them the default. Encrypted at rest, for its member alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from catalog.addresses.models import MemberAddress
from catalog.redemption.addresses import Address
from mall.crypto import keyring
from mall.errors import Conflict, NotFound
from mall.identity.members import lock_present
from mall.ids import new_id

MOST = 20
"""Addresses of one member."""
PURPOSE = "address-book"
PARTS = ("name", "phone", "address")


@dataclass(frozen=True, slots=True)
class SavedAddress:
    """An address in the book."""

    id: str
    is_default: bool
    address: Address


def addresses_of(tx: Session, member_id: str) -> list[SavedAddress]:
    """The member's addresses, the default first, then the latest."""
    query = select(MemberAddress).where(MemberAddress.member_id == member_id)
    rows = tx.scalars(query.order_by(MemberAddress.is_default.desc(), MemberAddress.id.desc()))
    return [_opened(row) for row in rows]


def find_address(tx: Session, member_id: str, address_id: str) -> SavedAddress:
    """One of the member's addresses. Raises NotFound, also for somebody else's."""
    return _opened(_own(tx, member_id, address_id))


def add_address(tx: Session, member_id: str, fields: Mapping[str, Any], now: datetime) -> SavedAddress:
    """Keep an address; the first of a book is its default. Raises Conflict ``address_book_full`` beyond 20."""
    lock_present(tx, member_id)  # one by one: a book never holds 21 addresses, two defaults, or those of nobody
    known = addresses_of(tx, member_id)
    if len(known) >= MOST:
        raise Conflict("address_book_full", extra={"most": MOST})
    address = Address(**{part: fields[part] for part in PARTS})
    for saved in known:
        if saved.address == address:  # the same again, from an order or a double click: kept once
            return change_address(tx, member_id, saved.id, fields, now)
    row = MemberAddress(
        id=new_id("adr"), member_id=member_id, address_box=b"", is_default=False, created_at=now, updated_at=now
    )
    row.address_box = _box(row, address)
    tx.add(row)
    tx.flush()
    if fields.get("is_default") or not known:
        _make_default(tx, row)
    return _opened(row)


def change_address(
    tx: Session, member_id: str, address_id: str, fields: Mapping[str, Any], now: datetime
) -> SavedAddress:
    """Change the parts given; ``is_default`` true makes it the default. Raises NotFound.

    A default cannot be taken away, only given to another address: false on the default changes nothing.
    """
    lock_present(tx, member_id)
    row = _own(tx, member_id, address_id)
    before = _opened(row).address
    row.address_box = _box(row, Address(**{part: fields.get(part, getattr(before, part)) for part in PARTS}))
    row.updated_at = now
    tx.flush()
    if fields.get("is_default"):
        _make_default(tx, row)
    return _opened(row)


def remove_address(tx: Session, member_id: str, address_id: str) -> None:
    """Delete an address; the latest of the others becomes the default after it. Raises NotFound."""
    lock_present(tx, member_id)
    row = _own(tx, member_id, address_id)
    was_default = row.is_default
    tx.delete(row)
    tx.flush()
    left = addresses_of(tx, member_id)
    if was_default and left:
        _make_default(tx, _own(tx, member_id, left[0].id))


def forget_addresses(tx: Session, member_id: str) -> None:
    """Delete the whole book of a member who leaves."""
    mine = delete(MemberAddress).where(MemberAddress.member_id == member_id)
    tx.execute(mine.execution_options(synchronize_session=False))


def _own(tx: Session, member_id: str, address_id: str) -> MemberAddress:
    row = tx.get(MemberAddress, address_id, populate_existing=True)
    if row is None or row.member_id != member_id:
        raise NotFound()
    return row


def _make_default(tx: Session, row: MemberAddress) -> None:
    others = (MemberAddress.member_id == row.member_id) & MemberAddress.is_default & (MemberAddress.id != row.id)
    tx.execute(update(MemberAddress).where(others).values(is_default=False))
    row.is_default = True
    tx.flush()


def _box(row: MemberAddress, address: Address) -> bytes:
    # The ids are inside, so that a box moved to another row of the table is found out.
    plain = {**asdict(address), "of": [row.member_id, row.id]}
    return keyring().encrypt(PURPOSE, json.dumps(plain, ensure_ascii=False).encode())


def _opened(row: MemberAddress) -> SavedAddress:
    plain = json.loads(keyring().decrypt(PURPOSE, row.address_box))
    assert plain["of"] == [row.member_id, row.id], "an address in a row that is not its own"
    return SavedAddress(row.id, row.is_default, Address(**{part: plain[part] for part in PARTS}))
