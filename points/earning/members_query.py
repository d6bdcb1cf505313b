"""What a source may know of a person it speaks of."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from mall.crypto import keyring
from mall.db import cursor
from mall.errors import NotFound
from mall.identity.members import aliases_of, is_claimed
from points.earning.source_members import find_member
from points.ledger.queries import balance


def source_member(tx: Session, source_id: str, member: str, now: datetime) -> dict[str, Any]:
    """A person's figures, in points; null once the person has claimed the account, or staff made it one with another.

    A source must not see what other sources paid (docs/api.md, "Reporting systems"). Raises NotFound.
    """
    member_id = find_member(cursor(tx), keyring(), source_id, member)
    if member_id is None:
        raise NotFound()
    claimed = is_claimed(tx, member_id)
    if claimed or aliases_of(tx, member_id):
        return {"member": member, "claimed": claimed, **dict.fromkeys(("available", "pending", "held", "debt"))}
    figures = balance(tx, member_id, now, expiring=False)
    return {
        "member": member,
        "claimed": False,
        "available": figures.available,
        "pending": figures.pending,
        "held": figures.held,
        "debt": figures.debt,
    }
