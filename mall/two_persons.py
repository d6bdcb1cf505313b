"""What one of the staff asks for and another decides: adjustments of points, merges of accounts, new passwords.

Each keeps its own requests, and does what was asked for in its own way; here is what all of them have in common: the
columns, that nobody decides on their own request, and that each is decided once.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol, TypeVar

from sqlalchemy import CheckConstraint, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from mall.db import IdText, must_get
from mall.errors import Conflict
from mall.http.pagination import newest_first

STATES = ("requested", "approved", "rejected")


class Person(Protocol):
    """Who asks or decides, when, in which request."""

    @property
    def name(self) -> str: ...
    @property
    def now(self) -> datetime: ...
    @property
    def request_id(self) -> str | None: ...


class StaffRequest:
    """The columns of a request. ``decision_note``: why it was refused."""

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    state: Mapped[str] = mapped_column(Text)
    requested_by: Mapped[str] = mapped_column(IdText)
    requested_at: Mapped[datetime]
    decided_by: Mapped[str | None] = mapped_column(IdText)
    decided_at: Mapped[datetime | None]
    decision_note: Mapped[str | None] = mapped_column(Text)


Request = TypeVar("Request", bound=StaffRequest)


def two_persons_checks() -> tuple[CheckConstraint, CheckConstraint]:
    """The rule once more, in the database itself, for the arguments of a table of requests."""
    return (
        CheckConstraint("(state = 'requested') = (decided_by IS NULL)", name="decided"),
        CheckConstraint("decided_by <> requested_by", name="two_persons"),
    )


def find_request(tx: Session, kind: type[Request], request_id: str, *, lock: bool = False) -> Request:
    """One request. Raises NotFound."""
    return must_get(tx, kind, request_id, with_for_update=lock or None)


def request_page(
    tx: Session, kind: type[StaffRequest], state: str | None, limit: int, cursor: str | None
) -> dict[str, Any]:
    """Requests, in one state or all, newest first. Raises Invalid for a cursor that is not ours."""
    known: Any = kind
    query = select(kind) if state is None else select(kind).where(known.state == state)
    return newest_first(tx, query, known.id, limit, cursor)


def refuse_decision(row: StaffRequest, by: Person) -> None:
    """Raises Conflict ``already_decided``, or ``own_request`` to whoever asked."""
    if row.state != "requested":
        raise Conflict("already_decided")
    if row.requested_by == by.name:
        raise Conflict("own_request")


def open_request(tx: Session, kind: type[Request], request_id: str, by: Person) -> Request:
    """A request that ``by`` may decide on, locked. Raises NotFound, Conflict as ``refuse_decision``."""
    row = find_request(tx, kind, request_id, lock=True)
    refuse_decision(row, by)
    return row


def write_decision(tx: Session, row: StaffRequest, state: str, note: str, by: Person) -> None:
    """Note who decided what, when, and why."""
    row.state, row.decided_by, row.decided_at, row.decision_note = state, by.name, by.now, note or None
    tx.flush()
