"""Login sessions: rows, so that signing out works at once and everywhere.

Lifetimes: a member's session lasts 30 days; one of staff 12 hours, and 30 minutes without a request.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from mall.errors import NotFound
from mall.identity.models import LoginSession
from mall.identity.tokens import SESSION_PREFIX, digest, new_secret
from mall.ids import new_id

MEMBER_LIFETIME = timedelta(days=30)
STAFF_LIFETIME = timedelta(hours=12)
STAFF_IDLE = timedelta(minutes=30)
SEEN_EVERY = timedelta(minutes=5)
"""``last_seen_at`` is written at most this often: a read stays a read."""
MOST_SESSIONS = 100
"""Of one member or member of staff; opening another ends the oldest."""

BROWSER, API = "browser", "api"


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A new session. ``token`` is told to the caller now and is nowhere else."""

    id: str
    token: str
    expires_at: datetime


def open_session(
    tx: Session,
    now: datetime,
    *,
    kind: str,
    member_id: str | None = None,
    staff_id: str | None = None,
    device: str = "",
    by_credential: bool = True,
    given_at: datetime | None = None,
    restricted: bool = False,
) -> OpenedSession:
    """Open a session of a member or of staff. ``by_credential``: the own credential was given, at ``given_at`` if
    not just now (elsewhere, a while ago)."""
    token = new_secret(SESSION_PREFIX)
    lifetime = MEMBER_LIFETIME if staff_id is None else STAFF_LIFETIME
    row = LoginSession(
        id=new_id("ses"),
        token_hash=digest(token),
        kind=kind,
        member_id=member_id,
        staff_id=staff_id,
        device=device,
        restricted=restricted,
        created_at=now,
        authenticated_at=(given_at or now) if by_credential else None,
        last_seen_at=now,
        expires_at=now + lifetime,
    )
    tx.add(row)
    tx.flush()
    _end_surplus(tx, row, now)
    return OpenedSession(row.id, token, row.expires_at)


def _end_surplus(tx: Session, row: LoginSession, now: datetime) -> None:
    holder = LoginSession.member_id == row.member_id if row.staff_id is None else LoginSession.staff_id == row.staff_id
    oldest = select(LoginSession.id).where(holder).order_by(LoginSession.id.desc()).offset(MOST_SESSIONS)
    ended = delete(LoginSession).where(holder & ((LoginSession.expires_at <= now) | LoginSession.id.in_(oldest)))
    tx.execute(ended.execution_options(synchronize_session=False))


def end_session(tx: Session, session_id: str) -> None:
    """Sign out: the token is worth nothing from the commit on."""
    tx.execute(delete(LoginSession).where(LoginSession.id == session_id))


def end_own_session(tx: Session, member_id: str, session_id: str) -> None:
    """Sign a member out on one device. Raises NotFound for a session that is not the member's."""
    mine = delete(LoginSession).where(LoginSession.id == session_id, LoginSession.member_id == member_id)
    if not tx.execute(mine.execution_options(synchronize_session=False)).rowcount:  # type: ignore[attr-defined]
        raise NotFound()


def end_member_sessions(tx: Session, member_id: str, *, but: str | None = None) -> int:
    """Sign a member out everywhere, but in the session ``but``; returns how many sessions ended."""
    return _end_all(tx, LoginSession.member_id == member_id, but)


def end_staff_sessions(tx: Session, staff_id: str, *, but: str | None = None) -> int:
    """Sign a member of staff out everywhere; returns how many sessions ended."""
    return _end_all(tx, LoginSession.staff_id == staff_id, but)


def _end_all(tx: Session, holder: object, but: str | None) -> int:
    statement = delete(LoginSession).where(holder)  # type: ignore[arg-type]
    if but is not None:
        statement = statement.where(LoginSession.id != but)
    ended = tx.execute(statement.execution_options(synchronize_session=False))
    return int(ended.rowcount)  # type: ignore[attr-defined]


def renew_token(tx: Session, session_id: str) -> str:
    """Another token for a session, which may do what it could before; the old token is worth nothing."""
    token = new_secret(SESSION_PREFIX)
    statement = update(LoginSession).where(LoginSession.id == session_id).values(token_hash=digest(token))
    tx.execute(statement.execution_options(synchronize_session=False))
    return token


def step_up(tx: Session, session_id: str, now: datetime) -> None:
    """The own credential was given again in this session of a program, which keeps its token."""
    statement = update(LoginSession).where(LoginSession.id == session_id).values(authenticated_at=now)
    tx.execute(statement.execution_options(synchronize_session=False))


def confirm_session(tx: Session, session_id: str, now: datetime) -> str:
    """The own credential was given in this session: lift its restriction. Returns its new token.

    The token changes with what it may do, so one learnt before is worth nothing after.
    """
    token = new_secret(SESSION_PREFIX)
    statement = update(LoginSession).where(LoginSession.id == session_id)
    tx.execute(
        statement.values(token_hash=digest(token), restricted=False, authenticated_at=now).execution_options(
            synchronize_session=False
        )
    )
    return token


def sessions_of(tx: Session, member_id: str, now: datetime) -> list[LoginSession]:
    """A member's live sessions, the latest seen first."""
    query = select(LoginSession).where(LoginSession.member_id == member_id, LoginSession.expires_at > now)
    return list(tx.scalars(query.order_by(LoginSession.last_seen_at.desc(), LoginSession.id.desc())))


def count_live(tx: Session, member_id: str, now: datetime) -> int:
    """How many live sessions a member has."""
    query = select(func.count()).where(LoginSession.member_id == member_id, LoginSession.expires_at > now)
    return int(tx.execute(query).scalar_one())
