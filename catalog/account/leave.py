"""Leaving the mall for good. The ledger keeps the account, without a name."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from catalog.addresses.book import forget_addresses
from catalog.announcements.read import forget_reads
from catalog.draws.entries import is_fixed
from catalog.notices.models import Notification
from catalog.notices.preferences import forget_preferences
from catalog.payment.due import is_on_hold
from catalog.queue.places import leave_all
from catalog.redemption.addresses import destroy_addresses_of
from catalog.redemption.advance import cancel_order
from catalog.redemption.lifecycle import By, Status, targets
from catalog.redemption.models import Order
from catalog.topups.orders import forget_targets_of
from catalog.wishes.wish import forget_wishes
from mall import audit
from mall.identity.leaving import forget_person
from mall.identity.member_notes import forget_notes
from mall.identity.members import aliases_of, lock_present
from points.activities.attend import forget_participations
from points.checkin.reminders import forget_reminder
from points.honours.commend import forget_commendations
from points.households.keep import forget_household
from points.ledger.books import open_books
from points.standing.boards import show_on_boards


def leave(tx: Session, member_id: str, now: datetime, request_id: str) -> None:
    """Close a member's account: nobody can sign in to it again, and nothing in it tells whose it was.

    Orders that the member could still cancel are cancelled. One already on its way, or whose payment is
    disputed, goes on without its address; so does an entry of a draw that is closed. What the member asked for in
    the same moment is done before or refused: an order waits for the wallet, everything else for the member's row.
    """
    accounts = (member_id, *aliases_of(tx, member_id))
    with open_books(tx, accounts, now):
        lock_present(tx, member_id)
    for order in tx.scalars(select(Order).where(Order.member_id == member_id).order_by(Order.id)):
        held = order.cash_cents is not None and is_on_hold(tx, order.id)
        held = held or (order.kind == "draw" and is_fixed(tx, order.gift_id, now))
        if not held and Status.CANCELLED.value in targets(order.kind, order.status, By.MEMBER):
            cancel_order(tx, member_id, order.id, now)
    for account in accounts:
        _forget(tx, account, now)
    name = f"member:{member_id}"
    audit.record(tx, name, "member.left", name, {}, now, request_id)


def _forget(tx: Session, member_id: str, now: datetime) -> None:
    """Take out of one account, the person's own or one merged into it, what tells whose it was."""
    destroy_addresses_of(tx, member_id)
    forget_addresses(tx, member_id)
    forget_targets_of(tx, member_id)
    tx.execute(delete(Notification).where(Notification.member_id == member_id))
    forget_reads(tx, member_id)
    forget_wishes(tx, member_id)
    leave_all(tx, member_id)
    forget_reminder(tx, member_id)
    forget_preferences(tx, member_id)
    forget_household(tx, member_id)
    show_on_boards(tx, member_id, False, now)
    forget_commendations(tx, member_id)
    forget_participations(tx, member_id)
    forget_notes(tx, member_id)
    forget_person(tx, member_id)
