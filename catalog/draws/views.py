"""A draw as everybody may see it: before, its promise; afterwards, all that is needed to draw it again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.draws.models import Draw, DrawEntry
from catalog.draws.states import DRAWN_AFTER, LIST_AFTER, DrawState, state_at
from catalog.gifts.models import Gift
from catalog.gifts.queries import window_of
from catalog.gifts.windows import is_visible
from mall.db import cursor
from mall.errors import NotFound
from mall.http.pagination import decode_cursor, page_of

_ENTERED = "SELECT count(*) FROM orders WHERE gift_id = %s AND kind = 'draw' AND status = 'placed'"


@dataclass(frozen=True, slots=True)
class DrawView:
    """A draw with its gift. ``entries``: those of the list, before it is made those that stand now."""

    draw: Draw
    gift: Gift
    state: DrawState
    entries: int

    @property
    def draws_at(self) -> datetime:
        """When the seed is revealed at the earliest."""
        return self.draw.closes_at + LIST_AFTER + DRAWN_AFTER

    @property
    def one_in(self) -> int | None:
        """One entry in so many wins, rounded up; 1: all of them; None: nobody has entered."""
        return -(-self.entries // self.draw.winners) if self.entries else None


def find_draw_shown(tx: Session, draw_id: str, now: datetime) -> DrawView:
    """A draw by its id. Raises NotFound, also while its gift is not shown."""
    row = tx.execute(select(Draw, Gift).join(Gift, Gift.id == Draw.gift_id).where(Draw.id == draw_id)).one_or_none()
    if row is None or not is_visible(window_of(row[1]), now):
        raise NotFound()
    return view_of(tx, row[0], row[1], now)


def view_of(tx: Session, draw: Draw, gift: Gift, now: datetime) -> DrawView:
    """A draw as it stands."""
    entries = draw.entries
    if entries is None:
        counted: Any = cursor(tx).execute(_ENTERED, (gift.id,)).fetchone()
        entries = int(counted[0])
    state = state_at(draw.opens_at, draw.closes_at, draw.frozen_at, draw.drawn_at, draw.settled_at, now)
    return DrawView(draw, gift, state, entries)


def winners_of(tx: Session, draw: Draw, most: int | None = None) -> list[str] | None:
    """The entries that won, the first prize first; None before the draw."""
    if draw.drawn_at is None:
        return None
    won = select(DrawEntry.entry_id).where(DrawEntry.draw_id == draw.id, DrawEntry.rank <= draw.winners)
    return list(tx.scalars(won.order_by(DrawEntry.rank).limit(most)))


def entries_page(tx: Session, draw: Draw, limit: int, cursor_text: str | None) -> dict[str, Any]:
    """A page of the published list, ascending: ``{"entry", "rank"}``; nothing before it is published."""
    query = select(DrawEntry.entry_id, DrawEntry.rank).where(DrawEntry.draw_id == draw.id)
    seen = decode_cursor(cursor_text, str)
    if seen is not None:
        query = query.where(DrawEntry.entry_id > seen[0])
    rows = tx.execute(query.order_by(DrawEntry.entry_id).limit(limit + 1)).all()
    page = page_of(rows, limit, lambda row: (row[0],))
    return {**page, "items": [{"entry": entry, "rank": rank} for entry, rank in page["items"]]}


def place_of(tx: Session, draw: Draw, entry: str) -> tuple[bool, int | None]:
    """Whether an entry is on the published list, and its rank once it is drawn."""
    row = tx.execute(
        select(DrawEntry.rank).where(DrawEntry.draw_id == draw.id, DrawEntry.entry_id == entry)
    ).one_or_none()
    return row is not None, row and row[0]


def record_of(tx: Session, draw: Draw) -> dict[str, Any]:
    """All that ``docs/verify_draw.py`` reads; times in RFC 3339. List and seed are null until they are published."""
    entries = None
    if draw.frozen_at is not None:
        listed = select(DrawEntry.entry_id).where(DrawEntry.draw_id == draw.id)
        entries = list(tx.scalars(listed.order_by(DrawEntry.entry_id)))
    return {
        "id": draw.id,
        "gift": draw.gift_id,
        "opens_at": draw.opens_at.isoformat(),
        "closes_at": draw.closes_at.isoformat(),
        "winners_count": draw.winners,
        "losers": draw.losers,
        "commitment": draw.commitment,
        "list_sha256": draw.list_sha256,
        "listed_at": draw.frozen_at.isoformat() if draw.frozen_at else None,
        "entries": entries,
        "seed": draw.seed,
        "drawn_at": draw.drawn_at.isoformat() if draw.drawn_at else None,
        "winners": winners_of(tx, draw),
    }


def draws_page(tx: Session, limit: int, cursor_text: str | None, now: datetime) -> dict[str, Any]:
    """A page of all draws for staff, the newest first: items are ``DrawView``."""
    query = select(Draw, Gift).join(Gift, Gift.id == Draw.gift_id)
    seen = decode_cursor(cursor_text, str)
    if seen is not None:
        query = query.where(Draw.id < seen[0])
    page = page_of(tx.execute(query.order_by(Draw.id.desc()).limit(limit + 1)).all(), limit, lambda row: (row[0].id,))
    return {**page, "items": [view_of(tx, draw, gift, now) for draw, gift in page["items"]]}
