"""Recovery codes: ten codes that a member keeps on paper, each good for one new password.

Staff have their own (``staff_recovery``). A code is 50 random bits, stored as an HMAC; guesses count as attempts to
sign in.
"""

from __future__ import annotations

import re
import secrets
from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, delete, func, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from mall import audit
from mall.crypto import keyring
from mall.db import Base, IdText

CODES = 10
LENGTH = 10
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_READ = str.maketrans({"o": "0", "i": "1", "l": "1", "u": "v"})


def new_codes() -> list[str]:
    """Ten codes that nobody has had before."""
    return ["".join(secrets.choice(_ALPHABET) for _ in range(LENGTH)) for _ in range(CODES)]


def written_code(code: str) -> str:
    """A code as it is shown: ``01234-56789``."""
    return f"{code[:5]}-{code[5:]}"


def plain_code(typed: str) -> str:
    """A code as it was made, from what somebody read and typed."""
    return re.sub(r"[\s-]", "", typed.lower()).translate(_READ)


class RecoveryCode(Base):
    """A code of a member's that has not been used."""

    __tablename__ = "recovery_codes"

    member_id: Mapped[str] = mapped_column(ForeignKey("members.id"), type_=IdText, primary_key=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    created_at: Mapped[datetime]


def make_codes(tx: Session, member_id: str, now: datetime, request_id: str | None) -> list[str]:
    """Ten new codes, to be shown once; those made before are worth nothing any more."""
    forget_codes(tx, member_id)
    codes = new_codes()
    hashes = sorted(_hash(member_id, code) for code in codes)
    rows = [{"member_id": member_id, "code_hash": one, "created_at": now} for one in hashes]
    tx.execute(insert(RecoveryCode), rows)
    name = f"member:{member_id}"
    audit.record(tx, name, "member.recovery_codes_made", name, {}, now, request_id)
    return [written_code(code) for code in codes]


def codes_left(tx: Session, member_id: str) -> int:
    """How many codes a member has left."""
    mine = select(func.count()).select_from(RecoveryCode).where(RecoveryCode.member_id == member_id)
    return int(tx.execute(mine).scalar_one())


def use_code(tx: Session, member_id: str, typed: str, now: datetime, request_id: str | None) -> bool:
    """Use a code up; False when it is none of the member's."""
    mine = delete(RecoveryCode).where(
        RecoveryCode.member_id == member_id, RecoveryCode.code_hash == _hash(member_id, plain_code(typed))
    )
    used = bool(tx.execute(mine.execution_options(synchronize_session=False)).rowcount)  # type: ignore[attr-defined]
    if used:
        name = f"member:{member_id}"
        audit.record(tx, name, "member.password_recovered", name, {}, now, request_id)
    return used


def forget_codes(tx: Session, member_id: str) -> None:
    """A member's codes are worth nothing any more."""
    mine = delete(RecoveryCode).where(RecoveryCode.member_id == member_id)
    tx.execute(mine.execution_options(synchronize_session=False))


def _hash(member_id: str, code: str) -> bytes:
    return keyring().hmac16("recovery-code", member_id, code)
