"""A member's wish list: adding, taking back, reading."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import delete, exists, func, or_, select, tuple_
from sqlalchemy.orm import Session

from catalog.gifts.models import Gift
from catalog.gifts.queries import ON_HAND, Shown, find_shown, window_of
from catalog.gifts.windows import GiftStatus, state_of
from catalog.wishes.models import Wish
from catalog.wishes.standings import STANDINGS, standing_values
from mall.db import cursor
from mall.errors import Conflict, Invalid
from mall.http.fields import parse_instant, wire_instant
from mall.http.pagination import decode_cursor, encode_cursor

MOST_WISHES = 200
"""Of one member."""
_ADD = """INSERT INTO wishes (member_id, gift_id, created_at, affordable, in_stock)
 VALUES (%s, %s, %s, false, false) ON CONFLICT DO NOTHING RETURNING true"""
# As things stand is where the watch begins: nobody is told at once what the page has just shown.
_BEGIN = f"""UPDATE wishes AS w SET affordable = n.affordable, in_stock = n.in_stock
 FROM ({STANDINGS} AND w.member_id = %(member)s AND w.gift_id = %(gift)s) AS n
 WHERE w.member_id = n.member_id AND w.gift_id = n.gift_id"""


def add_wish(tx: Session, member_id: str, gift_id: str, now: datetime) -> None:
    """Put a gift on a member's list; one that is on it stays. Raises NotFound, Conflict ``too_many_wishes``."""
    find_shown(tx, gift_id, now)
    cur = cursor(tx)
    if cur.execute(_ADD, (member_id, gift_id, now)).fetchone() is None:
        return
    if count_wishes(tx, member_id) > MOST_WISHES:
        raise Conflict("too_many_wishes", extra={"most": MOST_WISHES})
    cur.execute(_BEGIN, {**standing_values(now), "member": member_id, "gift": gift_id})


def remove_wish(tx: Session, member_id: str, gift_id: str, now: datetime) -> None:
    """Take a gift off a member's list, if it is on it. Raises NotFound for a gift that is not shown and not on it."""
    gone = tx.execute(delete(Wish).where(Wish.member_id == member_id, Wish.gift_id == gift_id))
    if gone.rowcount == 0:  # type: ignore[attr-defined]
        find_shown(tx, gift_id, now)


def is_wished(tx: Session, member_id: str, gift_id: str) -> bool:
    """Whether a gift is on a member's list."""
    return bool(tx.execute(select(exists().where(Wish.member_id == member_id, Wish.gift_id == gift_id))).scalar())


def count_wishes(tx: Session, member_id: str) -> int:
    """How many gifts are on a member's list."""
    return int(tx.execute(select(func.count()).where(Wish.member_id == member_id)).scalar_one())


def forget_wishes(tx: Session, member_id: str) -> None:
    """Empty the list of a member who leaves."""
    tx.execute(delete(Wish).where(Wish.member_id == member_id))


def wishes_page(
    tx: Session, member_id: str, limit: int, cursor_text: str | None, now: datetime
) -> tuple[list[Shown], str | None]:
    """A page of what a member wishes for, the latest wish first; gifts not shown any more are left out."""
    query = (
        select(Gift, ON_HAND, Wish.created_at)
        .join(Wish, Wish.gift_id == Gift.id)
        .where(Wish.member_id == member_id, Gift.status != GiftStatus.DRAFT.value)
        .where(or_(Gift.visible_from.is_(None), Gift.visible_from <= now))
        .order_by(Wish.created_at.desc(), Wish.gift_id.desc())
    )
    seen = decode_cursor(cursor_text, str, str)
    if seen is not None:
        at = parse_instant(seen[0])
        if at is None:
            raise Invalid({"cursor": [_("This cursor is not valid.")]})
        query = query.where(tuple_(Wish.created_at, Wish.gift_id) < tuple_(at, seen[1]))
    rows = tx.execute(query.limit(limit + 1)).all()
    shown = [Shown(gift, on_hand, state_of(window_of(gift), on_hand, now)) for gift, on_hand, _at in rows[:limit]]
    if len(rows) <= limit:
        return shown, None
    gift, _on_hand, at = rows[limit - 1]
    return shown, encode_cursor(wire_instant(at), gift.id)
