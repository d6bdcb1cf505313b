"""Staff: accounts of the back office, their roles and authenticators."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from mall import audit
from mall.crypto import keyring
from mall.errors import Conflict, Invalid, NotFound, Unauthenticated
from mall.identity.members import checked_username
from mall.identity.models import Staff
from mall.identity.names import username_key
from mall.identity.passwords import check_new_password, hash_password
from mall.identity.sessions import end_staff_sessions
from mall.identity.staff_recovery import forget_staff_codes, make_staff_codes, use_staff_code
from mall.identity.totp import matching_step, new_totp_secret
from mall.ids import new_id

_TOTP = "staff-totp"


@dataclass(frozen=True, slots=True)
class NewStaff:
    """A checked application; the password is hashed already."""

    username: str
    username_key: str
    password_hash: str
    role: str


def new_staff(username: str, password: str, role: str) -> NewStaff:
    """Check and hash, outside any transaction. Raises Invalid."""
    name, key = checked_username(username)
    check_new_password(password, name)
    return NewStaff(name, key, hash_password(password), role)


def create_staff(tx: Session, entry: NewStaff, now: datetime, actor: str) -> Staff:
    """Open an account of staff. Raises Conflict ``staff_exists``."""
    values = {
        "id": new_id("stf"),
        "username": entry.username,
        "username_key": entry.username_key,
        "password_hash": entry.password_hash,
        "role": entry.role,
        "created_at": now,
    }
    statement = insert(Staff).values(values).on_conflict_do_nothing(index_elements=["username_key"])
    staff_id = tx.execute(statement.returning(Staff.id)).scalar_one_or_none()
    if staff_id is None:
        raise Conflict("staff_exists")
    audit.record(tx, actor, "staff.created", f"staff:{staff_id}", {"role": entry.role}, now)
    return tx.get_one(Staff, staff_id)


def list_staff(tx: Session) -> list[Staff]:
    """All staff, the disabled too, by name."""
    return list(tx.scalars(select(Staff).order_by(Staff.username_key)))


def find_staff(tx: Session, username: str) -> Staff:
    """Staff by name. Raises NotFound."""
    found = tx.scalars(select(Staff).where(Staff.username_key == username_key(username))).one_or_none()
    if found is None:
        raise NotFound()
    return found


def disable_staff(tx: Session, username: str, now: datetime, actor: str) -> Staff:
    """Close the account and end its sessions. Raises NotFound."""
    found = find_staff(tx, username)
    if found.disabled_at is None:
        found.disabled_at = now
        tx.flush()
        audit.record(tx, actor, "staff.disabled", f"staff:{found.id}", {}, now)
    end_staff_sessions(tx, found.id)
    return found


def begin_enrolment(tx: Session, staff_id: str) -> str:
    """A new authenticator secret, not asked for before it was confirmed. Raises Conflict ``otp_enrolled``."""
    secret = new_totp_secret()
    statement = (
        update(Staff)
        .where(Staff.id == staff_id, Staff.totp_enrolled_at.is_(None))
        .values(totp_box=keyring().encrypt(_TOTP, secret.encode()), totp_step=None)
        .execution_options(synchronize_session=False)
    )
    if tx.execute(statement.returning(Staff.id)).scalar_one_or_none() is None:
        raise Conflict("otp_enrolled")
    return secret


def secret_to_confirm(tx: Session, staff_id: str) -> str | None:
    """The authenticator secret that was begun and not confirmed yet, for its holder's screen alone."""
    query = select(Staff.totp_box).where(Staff.id == staff_id, Staff.totp_enrolled_at.is_(None))
    box = tx.execute(query).scalar_one_or_none()
    return None if box is None else keyring().decrypt(_TOTP, box).decode()


def confirm_enrolment(tx: Session, staff_id: str, code: str, now: datetime) -> list[str]:
    """From now on signing in needs a code; returns recovery codes, to be shown once.

    Raises Invalid naming ``otp``, Conflict ``otp_enrolled``.
    """
    row = tx.execute(select(Staff.totp_box, Staff.totp_enrolled_at).where(Staff.id == staff_id)).one()
    if row.totp_enrolled_at is not None:
        raise Conflict("otp_enrolled")
    if row.totp_box is None or not _spend(tx, staff_id, row.totp_box, code, now):
        raise Invalid({"otp": [_("This code is not right.")]})
    statement = update(Staff).where(Staff.id == staff_id).values(totp_enrolled_at=now)
    tx.execute(statement.execution_options(synchronize_session=False))
    audit.record(tx, f"staff:{staff_id}", "staff.otp_enrolled", f"staff:{staff_id}", {}, now)
    return make_staff_codes(tx, staff_id, now)


def renew_recovery_codes(tx: Session, staff_id: str, now: datetime) -> list[str]:
    """Other recovery codes, to be shown once. Raises Conflict ``otp_not_enrolled``."""
    if tx.execute(select(Staff.totp_enrolled_at).where(Staff.id == staff_id)).scalar_one() is None:
        raise Conflict("otp_not_enrolled")
    return make_staff_codes(tx, staff_id, now)


def forget_authenticator(tx: Session, staff_id: str) -> None:
    """No authenticator any more, confirmed or begun, and no recovery codes."""
    values = {"totp_box": None, "totp_enrolled_at": None, "totp_step": None}
    statement = update(Staff).where(Staff.id == staff_id).values(values)
    tx.execute(statement.execution_options(synchronize_session=False))
    forget_staff_codes(tx, staff_id)


def take_off_own_authenticator(tx: Session, staff_id: str, now: datetime) -> None:
    """For another phone: the one of today is worth nothing any more. Raises Conflict ``otp_not_enrolled``."""
    if tx.execute(select(Staff.totp_enrolled_at).where(Staff.id == staff_id)).scalar_one() is None:
        raise Conflict("otp_not_enrolled")
    forget_authenticator(tx, staff_id)
    audit.record(tx, f"staff:{staff_id}", "staff.otp_taken_off", f"staff:{staff_id}", {}, now)


def check_otp(tx: Session, staff_id: str, code: str | None, now: datetime) -> None:
    """Spend the code that an enrolled member of staff needs, the authenticator's or a recovery code; good once.

    Raises Unauthenticated ``otp_required`` without one, ``invalid_credentials`` for a wrong or spent one.
    """
    query = select(Staff.totp_box).where(Staff.id == staff_id, Staff.totp_enrolled_at.is_not(None))
    box = tx.execute(query).scalar_one_or_none()
    if box is None:
        return
    if not code:
        raise Unauthenticated("otp_required")
    if not _spend(tx, staff_id, box, code, now) and not use_staff_code(tx, staff_id, code, now):
        raise Unauthenticated("invalid_credentials")


def _spend(tx: Session, staff_id: str, box: bytes, code: str, now: datetime) -> bool:
    step = matching_step(keyring().decrypt(_TOTP, box).decode(), code, now)
    if step is None:
        return False
    statement = (
        update(Staff)
        .where(Staff.id == staff_id, (Staff.totp_step.is_(None)) | (Staff.totp_step < step))
        .values(totp_step=step)
        .execution_options(synchronize_session=False)
    )
    return tx.execute(statement.returning(Staff.id)).scalar_one_or_none() is not None
