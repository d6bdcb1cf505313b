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
from catalog.routes.wire import notice_wire, order_wire
from catalog.wishes.wish import wishes_page
from mall.i18n import language
from mall.identity.freezing import freezes_of
from mall.identity.members import aliases_of, profile
from mall.identity.outside.links import linked
from mall.identity.recovery import codes_left
from mall.identity.resets import reset_moments
from mall.identity.sessions import sessions_of
from points.activities.attend import participations_of
from points.badges.award import wall
from points.checkin.cards import cards_of
from points.checkin.models import CheckIn
from points.checkin.reminders import reminder_hour
from points.earning.appeals import own_debits
from points.earning.book_events import mall_zone
from points.honours.commend import own_commendations
from points.households.keep import household_of
from points.ledger.queries import balance
from points.prizes.models import PrizeWinner
from points.quizzes.models import QuizAttempt
from points.routes.me import balance_wire, statement_line
from points.standing.boards import is_on_boards
from points.standing.levels import standing_of, worded
from points.statement import statement_page

PAGE = 1000
Page = Callable[[str | None], tuple[list[Any], str | None]]


def points_part(tx: Session, member_id: str, now: datetime) -> dict[str, Any]:
    """Figures, statement, check-ins, quizzes: what the login that earns may read.

    What an account merged into this one did stays under its id: it is the same person, so it is here too.
    """
    level = standing_of(tx, member_id)
    aliases = aliases_of(tx, member_id)
    accounts = [member_id, *aliases]
    check_ins = tx.scalars(select(CheckIn).where(CheckIn.member_id.in_(accounts)).order_by(CheckIn.day))
    attempts = tx.scalars(select(QuizAttempt).where(QuizAttempt.member_id.in_(accounts)).order_by(QuizAttempt.id))
    prizes = tx.scalars(select(PrizeWinner).where(PrizeWinner.member_id.in_(accounts)).order_by(PrizeWinner.month))
    earned = wall(tx, member_id, now, mall_zone(), private=False).earned_at
    return {
        "level": {"number": level.number, "points": level.public_points},
        "on_boards": is_on_boards(tx, member_id),
        "badges": [{"code": code, "earned_at": at} for code, at in earned.items()],
        "honours": [
            {"id": one.id, "text": worded(one.words), "state": one.state, "created_at": one.created_at}
            for account in accounts
            for one in own_commendations(tx, account)
        ],
        "prizes": [
            {"month": f"{won.month:%Y-%m}", "place": won.place, "points": won.points, "prize_points": won.prize_points}
            for won in prizes
        ],
        "announced_debits": [
            {"points": one.points, "state": one.state, "announced_at": one.announced_at, "answered_at": one.answered_at}
            for account in accounts
            for one in own_debits(tx, account)
        ],
        "balance": balance_wire(balance(tx, member_id, now)),
        "statement": _statement(tx, member_id),
        "merged_accounts": [{"id": alias, "statement": _statement(tx, alias)} for alias in aliases],
        "check_ins": [
            {"date": row.day, "points": row.points, "streak": row.streak, "repaired": row.repaired} for row in check_ins
        ],
        "make_up_cards": [card for account in accounts for card in cards_of(tx, account)],
        "check_in_reminder_hour": reminder_hour(tx, member_id),
        "quiz_attempts": [_attempt(row) for row in attempts],
        "activities": [one for account in accounts for one in participations_of(tx, account)],
    }


def mall_part(tx: Session, member_id: str, now: datetime) -> dict[str, Any]:
    """Profile, sign-ins, orders with codes and addresses, notices: what the login that redeems may read."""
    accounts = [member_id, *aliases_of(tx, member_id)]
    orders = tx.scalars(select(Order.id).where(Order.member_id == member_id).order_by(Order.id.desc()))
    return {
        "profile": profile(tx, member_id),
        "household": household_of(tx, member_id),
        "freezes": freezes_of(tx, accounts),
        "sessions": [one for account in accounts for one in sessions_of(tx, account, now)],
        "sign_ins": [
            {"provider": one.provider, "linked_at": one.linked_at, "last_used_at": one.last_used_at}
            for one in linked(tx, member_id)
        ],
        "recovery_codes_left": codes_left(tx, member_id),
        "password_resets": reset_moments(tx, accounts),
        "addresses": [address_wire(saved) for account in accounts for saved in addresses_of(tx, account)],
        "orders": [order_wire(order_view(tx, order_id, member_id, now)) for order_id in orders.all()],
        "wishes": [gift_id for account in accounts for gift_id in _wishes(tx, account, now)],
        "queues": [one for account in accounts for one in tickets_of(tx, account)],
        "notices_off": sorted(groups_off(tx, member_id)),
        "notifications": [notice_wire(notice) for account in accounts for notice in _notices(tx, account, now)],
    }


def _statement(tx: Session, account: str) -> list[dict[str, Any]]:
    return [statement_line(line) for line in _all(lambda cursor: statement_page(tx, account, PAGE, cursor))]


def _wishes(tx: Session, account: str, now: datetime) -> list[str]:
    return [shown.gift.id for shown in _all(lambda cursor: wishes_page(tx, account, PAGE, cursor, now))]


def _notices(tx: Session, account: str, now: datetime) -> Iterator[Any]:
    return _all(lambda cursor: notices_page(tx, account, PAGE, cursor, language(), now))


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
        "passed": row.passed,
        "review": row.review,
    }
