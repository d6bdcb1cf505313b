"""Making two accounts of one person one: one of the staff asks, another approves, never for their own.

Order of locks, as everywhere: wallets by id, households by tag, then members and orders.
"""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from catalog.merging.models import MemberMerge
from catalog.merging.outlook import account_of
from catalog.merging.rules import refusal
from catalog.notices.models import Notification
from catalog.queue.places import leave_all
from catalog.redemption.models import Order
from mall import audit
from mall.errors import Conflict, Invalid
from mall.identity.members import get_member
from mall.identity.models import Member
from mall.identity.outside.links import forget_linked
from mall.identity.sessions import end_member_sessions
from mall.ids import new_id
from mall.two_persons import find_request, open_request, request_page, write_decision
from points.adjustments.own import refuse_own
from points.earning.versions import By
from points.households.keep import carry_household
from points.ledger.books import open_books
from points.ledger.merge import merge_books

NOTICE = "account.merged"


def propose(tx: Session, source_id: str, target_id: str, reason: str, by: By) -> MemberMerge:
    """Ask for a merge of ``source_id`` into ``target_id``; changes nothing else.

    Raises NotFound for the first account, Invalid for the second, Conflict ``same_account``, ``merged_already``,
    ``member_not_active``, ``merge_other_way``, ``merge_asked``, ``own_account``, ``own_team``.
    """
    source, target = get_member(tx, source_id), tx.get(Member, target_id)
    if target is None:
        raise Invalid({"into": [_("There is no such member.")]})
    _check(tx, source, target, by)
    row = MemberMerge(
        id=new_id("mrg"), source_id=source_id, target_id=target_id, reason=reason, state="requested",
        requested_by=by.name, requested_at=by.now,
    )  # fmt: skip
    try:
        with tx.begin_nested():
            tx.add(row)
    except IntegrityError as error:
        raise Conflict("merge_asked") from error
    _note(tx, "requested", row, by)
    return row


def approve(tx: Session, merge_id: str, by: By) -> MemberMerge:
    """Merge the books and everything that hangs on the account; it cannot be undone.

    Raises NotFound, Conflict ``already_decided``, ``own_request`` and as ``propose``.
    """
    row = open_request(tx, MemberMerge, merge_id, by)
    with open_books(tx, [row.source_id, row.target_id], by.now) as books:
        source, target = _locked_members(tx, row)
        _check(tx, source, target, by)
        owed = books[row.source_id].wallet.debt
        moved = merge_books(books[row.source_id], books[row.target_id], row.id)
        household = carry_household(tx, row.source_id, row.target_id)
        orders = _move_orders(tx, row.source_id, row.target_id)
    leave_all(tx, row.source_id)
    _close(tx, row.source_id, row.target_id)
    forget_linked(tx, row.source_id)
    sessions = end_member_sessions(tx, row.source_id)
    row.outcome = {
        "points": moved, "debt": owed, "orders": orders, "sessions": sessions, "household": household is not None
    }  # fmt: skip
    tx.add(Notification(id=new_id("ntc"), member_id=row.target_id, kind=NOTICE, detail={}, created_at=by.now))
    return _decide(tx, row, "approved", "", by)


def reject(tx: Session, merge_id: str, note: str, by: By) -> MemberMerge:
    """Refuse a merge; changes nothing. Raises NotFound, Conflict ``already_decided``, ``own_request``."""
    return _decide(tx, open_request(tx, MemberMerge, merge_id, by), "rejected", note, by)


def merge_request(tx: Session, merge_id: str) -> MemberMerge:
    """One request. Raises NotFound."""
    return find_request(tx, MemberMerge, merge_id)


def merge_page(tx: Session, state: str | None, limit: int, cursor: str | None) -> dict[str, Any]:
    """Requests, newest first. Raises Invalid for a cursor that is not ours."""
    return request_page(tx, MemberMerge, state, limit, cursor)


def merges_of(tx: Session, member_id: str) -> list[MemberMerge]:
    """Requests that a member stands in, newest first; refused ones too."""
    either = or_(MemberMerge.source_id == member_id, MemberMerge.target_id == member_id)
    return list(tx.scalars(select(MemberMerge).where(either).order_by(MemberMerge.id.desc()).limit(20)))


def _check(tx: Session, source: Member, target: Member, by: By) -> None:
    code = refusal(account_of(tx, source), account_of(tx, target))
    if code is not None:
        raise Conflict(code)
    refuse_own(tx, source, by)
    refuse_own(tx, target, by)


def _locked_members(tx: Session, row: MemberMerge) -> tuple[Member, Member]:
    both = select(Member).where(Member.id.in_([row.source_id, row.target_id])).order_by(Member.id).with_for_update()
    found = {member.id: member for member in tx.scalars(both.execution_options(populate_existing=True))}
    return found[row.source_id], found[row.target_id]


def _move_orders(tx: Session, source_id: str, target_id: str) -> int:
    """Orders are the member's that stays, so that lists and limits count them; their points stay in the book they
    were taken from (``wallet_id``), and come back through it."""
    mine = update(Order).where(Order.member_id == source_id)
    moved = tx.execute(
        mine.values(member_id=target_id, wallet_id=func.coalesce(Order.wallet_id, source_id)).execution_options(
            synchronize_session=False
        )
    )
    return int(moved.rowcount)  # type: ignore[attr-defined]


def _close(tx: Session, source_id: str, target_id: str) -> None:
    """The account, and those merged into it before, become names of the one that stays. Its credential ends: a
    password that its holder cannot see any more could not be changed by them either."""
    every = update(Member).where(or_(Member.id == source_id, Member.alias_of == source_id))
    tx.execute(every.values(alias_of=target_id).execution_options(synchronize_session=False))
    own = update(Member).where(Member.id == source_id)
    gone = own.values(username=None, username_key=None, password_hash=None)
    tx.execute(gone.execution_options(synchronize_session=False))
    tx.expire_all()


def _decide(tx: Session, row: MemberMerge, state: str, note: str, by: By) -> MemberMerge:
    write_decision(tx, row, state, note, by)
    _note(tx, state, row, by)
    return row


def _note(tx: Session, deed: str, row: MemberMerge, by: By) -> None:
    told = {"merge": row.id, "from": row.source_id, "reason": row.reason, **(row.outcome or {})}
    audit.record(tx, by.name, f"member.merge_{deed}", f"member:{row.target_id}", told, by.now, by.request_id)
