"""What owners decide about how staff sign in: whether everybody must have an authenticator."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, SmallInteger, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from mall import audit
from mall.db import Base
from mall.errors import Conflict
from mall.identity.models import Staff


class StaffSecurity(Base):
    """One row. ``otp_required``: who has no authenticator may sign in only to set one up."""

    __tablename__ = "staff_security"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    otp_required: Mapped[bool]


def otp_required(tx: Session) -> bool:
    """Whether every member of staff must have an authenticator; not so in a new database."""
    return bool(tx.execute(select(StaffSecurity.otp_required)).scalar_one())


def require_otp(tx: Session, required: bool, staff_id: str, now: datetime, request_id: str | None = None) -> bool:
    """Say whether everybody must have one; it counts from the next request of each.

    Raises Conflict ``own_authenticator_missing`` when ``staff_id``, who says so, has none: whoever locks the door
    must have a key.
    """
    row = tx.execute(select(StaffSecurity).with_for_update()).scalar_one()
    if row.otp_required == required:
        return required
    enrolled = select(Staff.totp_enrolled_at).where(Staff.id == staff_id)
    if required and tx.execute(enrolled).scalar_one_or_none() is None:
        raise Conflict("own_authenticator_missing")
    row.otp_required = required
    tx.flush()
    name = f"staff:{staff_id}"
    audit.record(tx, name, "staff_security.changed", "staff_security", {"otp_required": required}, now, request_id)
    return required


def without_authenticator(tx: Session) -> int:
    """How many members of staff who may sign in have none."""
    mine = (Staff.disabled_at.is_(None), Staff.totp_enrolled_at.is_(None))
    return int(tx.execute(select(func.count()).select_from(Staff).where(*mine)).scalar_one())
