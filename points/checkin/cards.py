"""Make-up cards: bought with points, or given by staff with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mall import audit
from mall.errors import Conflict
from mall.identity.members import get_member
from mall.ids import new_id
from points.checkin.models import MakeUpCard
from points.checkin.records import settings_of
from points.earning.versions import By
from points.ledger.books import open_books

LABEL = "make_up_card"


def unused_cards(tx: Session, member_id: str) -> int:
    """How many cards a member can use."""
    query = select(func.count()).where(MakeUpCard.member_id == member_id, MakeUpCard.used_at.is_(None))
    return int(tx.scalar(query) or 0)


def cards_of(tx: Session, member_id: str) -> Sequence[MakeUpCard]:
    """All cards of a member, the first first."""
    return tx.scalars(select(MakeUpCard).where(MakeUpCard.member_id == member_id).order_by(MakeUpCard.id)).all()


def buy_card(tx: Session, member_id: str, card_id: str, now: datetime) -> MakeUpCard:
    """Buy a card at the price of the settings, in points.

    Raises Conflict ``cards_not_sold``, ``too_many_cards``, ``in_debt``, ``insufficient_points``.
    """
    settings = settings_of(tx)
    price = settings.card_price_points
    if price is None:
        raise Conflict("cards_not_sold")
    with open_books(tx, [member_id], now) as books:
        if unused_cards(tx, member_id) >= settings.most_cards:
            raise Conflict("too_many_cards")
        books[member_id].hold(price, hold_id=card_id, label=LABEL, ref=card_id)
        books[member_id].capture(card_id)
    card = MakeUpCard(id=card_id, member_id=member_id, origin="bought", price_points=price, created_at=now)
    tx.add(card)
    tx.flush()
    return card


def give_cards(tx: Session, member_id: str, count: int, reason: str, by: By) -> list[MakeUpCard]:
    """Give a member cards, whatever the limit of buying. Raises NotFound."""
    member = get_member(tx, member_id)
    owner = member.alias_of or member.id
    cards = [
        MakeUpCard(
            id=new_id("muc"), member_id=owner, origin="staff", reason=reason, given_by=by.name, created_at=by.now
        )
        for _number in range(count)
    ]
    tx.add_all(cards)
    tx.flush()
    told = {"count": count, "reason": reason, "cards": [card.id for card in cards]}
    audit.record(tx, by.name, "make_up_cards.given", f"member:{owner}", told, by.now, by.request_id)
    return cards
