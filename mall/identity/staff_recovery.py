"""Recovery codes of staff: ten on paper, each good once in place of the authenticator's code."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, delete, func, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from mall import audit
from mall.crypto import keyring
from mall.db import Base, IdText
from mall.identity.recovery import new_codes, plain_code, written_code

FEW = 3
"""So many left, or fewer, are worth a warning."""


class StaffRecoveryCode(Base):
    """A code of somebody of the staff that has not been used."""

    __tablename__ = "staff_recovery_codes"

    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"), type_=IdText, primary_key=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    created_at: Mapped[datetime]


def make_staff_codes(tx: Session, staff_id: str, now: datetime) -> list[str]:
    """Ten new codes, to be shown once; those made before are worth nothing any more."""
    forget_staff_codes(tx, staff_id)
    codes = new_codes()
    rows = [{"staff_id": staff_id, "code_hash": _hash(staff_id, code), "created_at": now} for code in codes]
    tx.execute(insert(StaffRecoveryCode), rows)
    name = f"staff:{staff_id}"
    audit.record(tx, name, "staff.recovery_codes_made", name, {}, now)
    return [written_code(code) for code in codes]


def staff_codes_left(tx: Session, staff_id: str) -> int:
    """How many codes somebody has left."""
    mine = select(func.count()).select_from(StaffRecoveryCode).where(StaffRecoveryCode.staff_id == staff_id)
    return int(tx.execute(mine).scalar_one())


def use_staff_code(tx: Session, staff_id: str, typed: str, now: datetime) -> bool:
    """Use a code up; False when it is none of theirs."""
    mine = delete(StaffRecoveryCode).where(
        StaffRecoveryCode.staff_id == staff_id, StaffRecoveryCode.code_hash == _hash(staff_id, plain_code(typed))
    )
    used = bool(tx.execute(mine.execution_options(synchronize_session=False)).rowcount)  # type: ignore[attr-defined]
    if used:
        name = f"staff:{staff_id}"
        audit.record(tx, name, "staff.recovery_code_used", name, {"left": staff_codes_left(tx, staff_id)}, now)
    return used


def forget_staff_codes(tx: Session, staff_id: str) -> None:
    """Their codes are worth nothing any more."""
    mine = delete(StaffRecoveryCode).where(StaffRecoveryCode.staff_id == staff_id)
    tx.execute(mine.execution_options(synchronize_session=False))


def _hash(staff_id: str, code: str) -> bytes:
    return keyring().hmac16("staff-recovery-code", staff_id, code)
