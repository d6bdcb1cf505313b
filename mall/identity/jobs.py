"""Jobs of identity: what no longer opens anything is deleted, and freezes end when their time is over."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from mall.db import Login, run_tx
from mall.identity.attempts import forget_old_attempts
from mall.identity.freezing import lift_due
from mall.identity.models import LoginLink, LoginSession, UsedNonce
from mall.identity.signatures import CREATED_WITHIN
from mall.jobs import job

NONCES_KEPT = 4 * CREATED_WITHIN
"""Twice what is needed: a signature is good from 300 s before to 300 s after its ``created``."""


@job("tidy-identity", every=timedelta(hours=1))
def tidy_identity(now: datetime) -> dict[str, int]:
    """Delete ended sessions, old links, attempts and nonces."""

    def members_side(tx: Session) -> dict[str, int]:
        return {
            "sessions": _count(tx, delete(LoginSession).where(LoginSession.expires_at <= now)),
            "links": _count(tx, delete(LoginLink).where(LoginLink.expires_at <= now - timedelta(days=1))),
            "attempts": forget_old_attempts(tx, now),
        }

    def clients_side(tx: Session) -> int:
        return _count(tx, delete(UsedNonce).where(UsedNonce.used_at <= now - NONCES_KEPT))

    return {**run_tx(Login.REDEMPTION, members_side), "nonces": run_tx(Login.BACKOFFICE, clients_side)}


@job("lift-freezes", every=timedelta(minutes=1))
def lift_freezes(now: datetime) -> dict[str, int]:
    """Let members act again whose freeze is over."""
    lifted = run_tx(Login.BACKOFFICE, lambda tx: lift_due(tx, now))
    return {"lifted": lifted} if lifted else {}


def _count(tx: Session, statement: object) -> int:
    return int(tx.execute(statement).rowcount)  # type: ignore[call-overload]
