"""Everything the mall holds about a member, in wire form: for the member, so without anybody's sources."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.addresses.book import addresses_of
from catalog.notices.preferences import groups_off
from catalog.notices.queries import notices_page
from catalog.queue.places import tickets_of
from catalog.redemption.models import Order
from catalog.redemption.views import order_view
from catalog.routes.addresses import address_wire
from catalog.routes.wire import language, notice_wire, order_wire
from catalog.wishes.wish import wishes_page
from mall.identity.members import profile
from mall.identity.sessions import sessions_of
from points.activities.attend import participations_of
from points.checkin.cards import cards_of
from points.checkin.models import CheckIn
from points.checkin.reminders import reminder_hour
from points.ledger.queries import balance
from points.quizzes.models import QuizAttempt
from points.routes.me import balance_wire, statement_line
from points.standing.boards import is_on_boards
from points.standing.levels import standing_of
from points.statement import statement_page

PAGE = 1000
Page = Callable[[str | None], tuple[list[Any], str | None]]


def points_part(tx: Session, member_id: str, now: datetime) -> dict[str, Any]:
    """Figures, statement, check-ins, quizzes: what the login that earns may read."""
    level = standing_of(tx, member_id)
    check_ins = tx.scalars(select(CheckIn).where(CheckIn.member_id == member_id).order_by(CheckIn.day))
    attempts = tx.scalars(select(QuizAttempt).where(QuizAttempt.member_id == member_id).order_by(QuizAttempt.id))
    lines = _all(lambda cursor: statement_page(tx, member_id, PAGE, cursor))
    return {
        "level": {"number": level.number, "points": level.public_points},
        "on_boards": is_on_boards(tx, member_id),
        "balance": balance_wire(balance(tx, member_id, now)),
        "statement": [statement_line(line) for line in lines],
        "check_ins": [
            {"date": row.day, "points": row.points, "streak": row.streak, "repaired": row.repaired} for row in check_ins
        ],
        "make_up_cards": cards_of(tx, member_id),
        "check_in_reminder_hour": reminder_hour(tx, member_id),
        "quiz_attempts": [_attempt(row) for row in attempts],
        "activities": participations_of(tx, member_id),
    }


def mall_part(tx: Session, member_id: str, now: datetime) -> dict[str, Any]:
    """Profile, sessions, orders with codes and addresses, notices: what the login that redeems may read."""
    orders = tx.scalars(select(Order.id).where(Order.member_id == member_id).order_by(Order.id.desc()))
    notices = _all(lambda cursor: notices_page(tx, member_id, PAGE, cursor, language(), now))
    return {
        "profile": profile(tx, member_id),
        "sessions": sessions_of(tx, member_id, now),
        "addresses": [address_wire(saved) for saved in addresses_of(tx, member_id)],
        "orders": [order_wire(order_view(tx, order_id, member_id, now)) for order_id in orders.all()],
        "wishes": [shown.gift.id for shown in _all(lambda cursor: wishes_page(tx, member_id, PAGE, cursor, now))],
        "queues": tickets_of(tx, member_id),
        "notices_off": sorted(groups_off(tx, member_id)),
        "notifications": [notice_wire(notice) for notice in notices],
    }


def _all(page: Page) -> Iterator[Any]:
    cursor: str | None = None
    while True:
        items, cursor = page(cursor)
        yield from items
        if cursor is None:
            return


def _attempt(row: QuizAttempt) -> dict[str, Any]:
    return {
        "id": row.id,
        "quiz": row.quiz_id,
        "started_at": row.started_at,
        "submitted_at": row.submitted_at,
        "answers": row.answers,
        "score": row.score,
        "max_score": row.max_score,
        "points": row.points,
    }
