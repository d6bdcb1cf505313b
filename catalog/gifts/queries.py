"""Reading the mall's shelves: lists by keyset, search in any language, one gift."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, and_, cast, func, or_, select, true, tuple_
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.orm import Session, aliased

from catalog.gifts.models import Category, Gift, GiftVariant, Tag
from catalog.gifts.search import NAME_ENDS, is_in_name, pairs_of, words_of
from catalog.gifts.windows import GiftState, GiftStatus, Window, is_visible, state_of
from catalog.payment.configured import can_be_paid
from catalog.stock.models import StockItem
from mall.errors import NotFound
from mall.http.pagination import decode_cursor, encode_cursor, page_of

MOST_COUNTED = 100
LETTERS_INDEXED = 2
"""So short a word is found by the index alone."""
NEW_FOR = timedelta(days=30)
"""How long a gift counts as new."""
SORTS = ("popular", "recommended", "affordable", "points", "points_down", "newest")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which gifts are asked for. ``available``: the points of whoever asks, None for anybody."""

    category: str | None = None
    q: str | None = None
    sort: str = "popular"
    only_affordable: bool = False
    available: int | None = None
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """A gift with what is on hand of it, all variants together."""

    gift: Gift
    on_hand: int
    state: GiftState
    category: Category | None = None
    tags: tuple[Tag, ...] = ()
    variants: tuple[tuple[GiftVariant, int], ...] = ()

    def offers(self, variant_id: str) -> bool:
        """Whether the variant can be chosen, with pieces on hand or not."""
        return any(variant.id == variant_id for variant, _on_hand in self.variants)

    def chosen(self, wanted: str | None = None) -> tuple[GiftVariant, int] | None:
        """The variant ``wanted``, with what is on hand of it; else the first that can be had, else the first."""
        for variant, on_hand in self.variants:
            if variant.id == wanted:
                return variant, on_hand
        return next((one for one in self.variants if one[1] > 0), self.variants[0] if self.variants else None)


def on_hand_of(gift_id: ColumnElement[str] | Any) -> ColumnElement[int]:
    """Pieces on hand of a gift as a column: of its variants on offer, or of itself when there are none."""
    variant, other = aliased(GiftVariant), aliased(GiftVariant)
    offered = select(other.id).where(other.gift_id == StockItem.gift_id, other.active).exists()
    total = (
        select(func.coalesce(func.sum(StockItem.on_hand), 0))
        .outerjoin(variant, variant.id == StockItem.item_id)
        .where(StockItem.gift_id == gift_id, or_(variant.active, and_(variant.id.is_(None), ~offered)))
    )
    return cast(total.scalar_subquery(), Integer)


ON_HAND = on_hand_of(Gift.id)
"""The same beside a gift's own columns, put together once: lists are asked for all the time."""


def window_of(gift: Gift) -> Window:
    """When a gift is shown and sold."""
    connected = gift.kind != "virtual" or gift.top_up is not None
    connected = connected and can_be_paid(gift.cash_cents, gift.cash_currency)
    return Window(gift.kind, gift.status, gift.visible_from, gift.on_sale_from, gift.on_sale_until, connected)


def gifts_page(
    tx: Session, wanted: Wanted, limit: int, cursor_text: str | None, now: datetime
) -> tuple[list[Shown], str | None]:
    """A page of gifts that are shown and not over, and the cursor of the next. Raises Invalid for a bad cursor."""
    query, budget = _sorted(_filtered(select(Gift, ON_HAND), wanted, now), wanted, cursor_text)
    return _page_of(tx.execute(query.limit(limit + 1)).all(), wanted, limit, budget, now)


def found_page(
    tx: Session, wanted: Wanted, limit: int, cursor_text: str | None, now: datetime
) -> tuple[list[Shown], str | None, int | None]:
    """As ``gifts_page``, and how many gifts the whole list has; None when there are so many that nobody counts them."""
    some = _filtered(select(Gift.id), wanted, now).limit(MOST_COUNTED + 1).subquery()
    count = select(func.count()).select_from(some).scalar_subquery()
    query, budget = _sorted(_filtered(select(Gift, ON_HAND, count), wanted, now), wanted, cursor_text)
    rows = tx.execute(query.limit(limit + 1)).all()
    total = rows[0][2] if rows else tx.execute(select(count)).scalar_one()  # none either, or a page after the last
    return *_page_of(rows, wanted, limit, budget, now), total if total <= MOST_COUNTED else None


def _sorted(query: Any, wanted: Wanted, cursor_text: str | None) -> tuple[Any, int]:
    """``query`` in the order wanted, after the cursor; and the budget that the order depends on."""
    budget = max(0, wanted.available or 0)
    if wanted.sort == "affordable":
        seen = decode_cursor(cursor_text, int, bool, bool, int, str)
        budget = seen[0] if seen else budget  # the pages of one list share one budget
        ranks: Any = (Gift.from_points <= budget, Gift.featured, Gift.popularity, Gift.id)
        least = 0 if budget else 1  # nothing costs nothing: then it is the order that the index has
        query = _keyset(query, ranks[least:], seen[1 + least :] if seen else None, descending=True)
    elif wanted.sort in ("points", "points_down"):
        seen = decode_cursor(cursor_text, int, str)
        query = _keyset(query, (Gift.from_points, Gift.id), seen, descending=wanted.sort == "points_down")
    elif wanted.sort == "recommended":
        query = _keyset(query, (Gift.position, Gift.id), decode_cursor(cursor_text, int, str), descending=True)
    elif wanted.sort == "newest":
        query = _keyset(query, (Gift.id,), decode_cursor(cursor_text, str), descending=True)
    else:
        seen = decode_cursor(cursor_text, bool, bool, int, str)
        keys: Any = (_in_name(words_of(wanted.q)), Gift.featured, Gift.popularity, Gift.id)
        if not wanted.q:  # as the index has them
            keys, seen = keys[1:], seen and seen[1:]
        query = _keyset(query, keys, seen, descending=True)
    return query, budget


def _page_of(
    rows: Sequence[Any], wanted: Wanted, limit: int, budget: int, now: datetime
) -> tuple[list[Shown], str | None]:
    shown = [Shown(row[0], row[1], state_of(window_of(row[0]), row[1], now)) for row in rows[:limit]]
    return shown, _cursor_after(shown[-1].gift, wanted, budget) if len(rows) > limit else None


def popular_gifts(tx: Session, count: int, now: datetime) -> list[Shown]:
    """The gifts asked for most; those that can be had now come first."""
    shown, _ = gifts_page(tx, Wanted(), count * 2, None, now)
    return sorted(shown, key=lambda one: one.state != GiftState.ON_SALE)[:count]


def new_gifts(tx: Session, count: int, now: datetime, but: Collection[str] = ()) -> list[Shown]:
    """The newest gifts that can be had now or soon, without those in ``but`` (ids: they are on another shelf)."""
    shown, _ = gifts_page(tx, Wanted(sort="newest"), count * 2 + len(but), None, now)
    here = [
        one for one in shown
        if one.gift.id not in but and one.state in (GiftState.ON_SALE, GiftState.UPCOMING) and is_new(one.gift, now)
    ]  # fmt: skip
    return here[:count]


def is_new(gift: Gift, now: datetime) -> bool:
    """Whether a gift came to the mall lately."""
    return max(gift.created_at, gift.visible_from or gift.created_at) > now - NEW_FOR


def find_shown(tx: Session, gift_id: str, now: datetime) -> Shown:
    """A gift as members see it, one that is over too. Raises NotFound."""
    found = find_any(tx, gift_id, now)
    if not is_visible(window_of(found.gift), now):
        raise NotFound()
    return found


def find_any(tx: Session, gift_id: str, now: datetime) -> Shown:
    """A gift as members would see it, one that nobody sees yet too. Raises NotFound."""
    row = tx.execute(select(Gift, ON_HAND).where(Gift.id == gift_id)).one_or_none()
    if row is None:
        raise NotFound()
    gift, on_hand = row
    category = tx.get(Category, gift.category_id) if gift.category_id else None
    query = select(Tag).where(Tag.id.in_(gift.tag_ids)).order_by(Tag.position, Tag.id)
    tags = tuple(tx.scalars(query)) if gift.tag_ids else ()
    state = state_of(window_of(gift), on_hand, now)
    return Shown(gift, on_hand, state, category, tags, _variants(tx, gift.id))


def gifts_of_cause(tx: Session, cause_id: str, now: datetime) -> list[Shown]:
    """What can be given to a cause now, the least first."""
    query = _filtered(select(Gift, on_hand_of(Gift.id)), Wanted(), now).where(Gift.cause_id == cause_id)
    rows = tx.execute(query.order_by(Gift.points, Gift.id).limit(20)).all()
    return [Shown(gift, on_hand, state_of(window_of(gift), on_hand, now)) for gift, on_hand in rows]


def _variants(tx: Session, gift_id: str) -> tuple[tuple[GiftVariant, int], ...]:
    query = (
        select(GiftVariant, func.coalesce(StockItem.on_hand, 0))
        .outerjoin(StockItem, StockItem.item_id == GiftVariant.id)
        .where(GiftVariant.gift_id == gift_id, GiftVariant.active)
        .order_by(GiftVariant.position, GiftVariant.id)
    )
    return tuple((variant, on_hand) for variant, on_hand in tx.execute(query))


def _filtered(query: Any, wanted: Wanted, now: datetime) -> Any:
    query = query.where(
        Gift.status == GiftStatus.ACTIVE.value,
        or_(Gift.visible_from.is_(None), Gift.visible_from <= now),
        or_(Gift.on_sale_until.is_(None), Gift.on_sale_until > now),
    )
    if wanted.category:
        named = or_(Category.id == wanted.category, Category.code == wanted.category)
        query = query.where(Gift.category_id == select(Category.id).where(named).limit(1).scalar_subquery())
    if wanted.tag:
        meant = select(Tag.id).where(or_(Tag.id == wanted.tag, Tag.code == wanted.tag)).limit(1).scalar_subquery()
        query = query.where(Gift.tag_ids.contains(array([meant])))
    query = query.where(*_holds(words_of(wanted.q)))
    if wanted.only_affordable and wanted.available is not None:
        query = query.where(Gift.from_points <= wanted.available)
    return query


def _holds(words: Iterable[str]) -> list[ColumnElement[bool]]:
    """That a gift's text holds all words: the index finds the few that can, the text itself tells which do."""
    pairs = [Gift.search_pairs.contains(pairs_of(word)) for word in words]
    return pairs + [
        Gift.search_text.contains(word, autoescape=True) for word in words if len(word) > LETTERS_INDEXED
    ]  # fmt: skip


def _keyset(query: Select[Any], keys: Sequence[Any], seen: tuple[Any, ...] | None, *, descending: bool) -> Select[Any]:
    if seen is not None:
        here, there = tuple_(*keys), tuple_(*seen)
        query = query.where(here < there if descending else here > there)
    return query.order_by(*(key.desc() if descending else key.asc() for key in keys))


def _in_name(words: tuple[str, ...]) -> ColumnElement[bool]:
    """Whether all words are in the name: such gifts come first."""
    name = func.split_part(Gift.search_text, NAME_ENDS, 1)
    return and_(true(), *(name.contains(word, autoescape=True) for word in words))


def _cursor_after(gift: Gift, wanted: Wanted, budget: int) -> str:
    sort = wanted.sort
    if sort == "affordable":
        return encode_cursor(budget, gift.from_points <= budget, gift.featured, gift.popularity, gift.id)
    if sort in ("points", "points_down"):
        return encode_cursor(gift.from_points, gift.id)
    if sort == "recommended":
        return encode_cursor(gift.position, gift.id)
    if sort == "newest":
        return encode_cursor(gift.id)
    return encode_cursor(is_in_name(gift.search_text, words_of(wanted.q)), gift.featured, gift.popularity, gift.id)


def staff_gifts_page(tx: Session, status: str | None, limit: int, cursor_text: str | None) -> dict[str, Any]:
    """Gifts with their stock as staff see them, newest first."""
    query = select(Gift, ON_HAND).order_by(Gift.id.desc())
    if status is not None:
        query = query.where(Gift.status == status)
    seen = decode_cursor(cursor_text, str)
    if seen is not None:
        query = query.where(Gift.id < seen[0])
    return page_of(tx.execute(query.limit(limit + 1)).all(), limit, lambda row: (row[0].id,))


def gifts_named(tx: Session, asked: str, most: int) -> Sequence[Gift]:
    """Gifts of whatever state by words of their text, those with the words in their name first; by id or code too."""
    words = words_of(asked)
    if not words:
        return []
    found = and_(true(), *_holds(words))
    query = select(Gift).where(or_(Gift.id == asked, Gift.code == asked, found))
    return tx.scalars(query.order_by(_in_name(words).desc(), Gift.popularity.desc(), Gift.id.desc()).limit(most)).all()


def ordered_gifts_page(tx: Session, limit: int, cursor_text: str | None) -> dict[str, Any]:
    """Gifts on offer with their stock in the mall's own order, for staff who keep it."""
    seen = decode_cursor(cursor_text, int, str)
    offered: Any = select(Gift, ON_HAND).where(Gift.status == "active")
    query = _keyset(offered, (Gift.position, Gift.id), seen, descending=True)
    return page_of(tx.execute(query.limit(limit + 1)).all(), limit, lambda row: (row[0].position, row[0].id))


def on_hand_now(tx: Session, gift_id: str) -> int:
    """Pieces on hand of a gift, all variants together."""
    return int(tx.execute(select(on_hand_of(gift_id))).scalar_one())
