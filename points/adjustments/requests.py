"""Adjustments and write-offs: asked for by one of the staff, done when another approves, never for oneself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mall import audit
from mall.db import must_get
from mall.errors import Conflict
from mall.identity.models import Member
from mall.ids import new_id
from mall.two_persons import find_request, open_request, request_page, write_decision
from points.adjustments.limits import check_decision, check_request
from points.adjustments.models import Adjustment
from points.adjustments.own import refuse_own
from points.adjustments.rules import MOST_OPEN_POINTS
from points.earning.book_events import mall_zone
from points.earning.periods import Expiry
from points.earning.versions import By
from points.ledger.book import Book
from points.ledger.books import open_books

LABEL = "adjustment"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for. ``points`` less than 0: to be taken, into debt if need be."""

    kind: str
    member_id: str
    points: int
    reason: str
    note: str = ""


def ask(tx: Session, wanted: Wanted, by: By) -> Adjustment:
    """Ask for an adjustment; changes no points.

    Raises NotFound, Conflict ``own_account``, ``own_team``, ``adjustment_too_large``, ``month_limit_reached``,
    ``too_much_open``, or for a write-off ``debt_exceeded``.
    """
    member = must_get(tx, Member, wanted.member_id)
    refuse_own(tx, member, by)
    check_request(tx, wanted.points, by)
    undecided = select(func.coalesce(func.sum(func.abs(Adjustment.points)), 0)).where(
        Adjustment.state == "requested", Adjustment.requested_by == by.name
    )
    if int(tx.scalar(undecided) or 0) + abs(wanted.points) > MOST_OPEN_POINTS:
        raise Conflict("too_much_open", extra={"most": MOST_OPEN_POINTS})
    if wanted.kind == "write_off":
        owner = member.alias_of or member.id
        with open_books(tx, [owner], by.now) as books:
            if wanted.points > books[owner].wallet.debt:
                raise Conflict("debt_exceeded", extra={"debt": books[owner].wallet.debt})
    row = Adjustment(
        id=new_id("adj"), kind=wanted.kind, member_id=member.id, points=wanted.points, reason=wanted.reason,
        note=wanted.note, state="requested", requested_by=by.name, requested_at=by.now,
    )  # fmt: skip
    tx.add(row)
    tx.flush()
    _note(tx, "requested", row, by)
    return row


def approve(tx: Session, adjustment_id: str, by: By) -> Adjustment:
    """Do what was asked for. Raises NotFound, Conflict ``already_decided``, ``own_request``, ``own_account``,
    ``own_team``, ``debt_exceeded``, Forbidden ``owner_must_decide`` above the owner's limit."""
    row, member = _open(tx, adjustment_id, by)
    check_decision(tx, row.points, by)
    owner = member.alias_of or member.id
    with open_books(tx, [owner], by.now) as books:
        _book(books[owner], row, by)
    return _decide(tx, row, "approved", "", by)


def reject(tx: Session, adjustment_id: str, note: str, by: By) -> Adjustment:
    """Refuse a request; changes no points. Raises NotFound, Conflict as ``approve``."""
    row, _member = _open(tx, adjustment_id, by)
    return _decide(tx, row, "rejected", note, by)


def adjustment(tx: Session, adjustment_id: str) -> Adjustment:
    """One request. Raises NotFound."""
    return find_request(tx, Adjustment, adjustment_id)


def adjustment_page(tx: Session, state: str | None, limit: int, cursor: str | None) -> dict[str, Any]:
    """Requests, newest first. Raises Invalid for a cursor that is not ours."""
    return request_page(tx, Adjustment, state, limit, cursor)


def _open(tx: Session, adjustment_id: str, by: By) -> tuple[Adjustment, Member]:
    row = open_request(tx, Adjustment, adjustment_id, by)
    member = tx.get_one(Member, row.member_id)
    refuse_own(tx, member, by)
    return row, member


def _book(book: Book, row: Adjustment, by: By) -> None:
    if row.kind == "write_off":
        book.write_off(row.points, ref=row.id)
    elif row.points > 0:
        expires_at = Expiry().expires_at(by.now, mall_zone())
        book.credit(
            row.points, expires_at=expires_at, occurred_at=by.now, kind="adjusted", label=LABEL, ref=row.id
        )  # fmt: skip
    else:
        book.clawback(-row.points, occurred_at=by.now, kind="adjusted", label=LABEL, ref=row.id)


def _decide(tx: Session, row: Adjustment, state: str, note: str, by: By) -> Adjustment:
    write_decision(tx, row, state, note, by)
    _note(tx, state, row, by)
    return row


def _note(tx: Session, deed: str, row: Adjustment, by: By) -> None:
    told = {"member": row.member_id, "points": row.points, "reason": row.reason}
    audit.record(tx, by.name, f"{row.kind}.{deed}", f"adjustment:{row.id}", told, by.now, by.request_id)
