"""Limits on signing in, kept in PostgreSQL: 10 failures in 15 minutes an account, 100 an address.

An attempt is written down *before* the password is looked at and taken back when it was right, so
guesses sent all at once are counted like guesses sent in a row. The route commits it whatever follows.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import delete
from sqlalchemy.orm import Session

from mall.crypto import keyring
from mall.db import cursor
from mall.errors import TooMany
from mall.identity.models import LoginAttempts

WINDOW = timedelta(minutes=15)
PER_ACCOUNT = 10
PER_ADDRESS = 100
IPV6_NETWORK = 64
"""Whoever has one IPv6 address has its whole /64."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt: whose account (also one that does not exist) and from where, both as 16 bytes of HMAC."""

    account: bytes
    address: bytes
    at: datetime


def attempt_on(realm: str, username_key: str, address: str | None, now: datetime) -> Attempt:
    """An attempt on an account of ``realm`` (``member`` or ``staff``)."""
    ring = keyring()
    return Attempt(
        ring.hmac16("sign-in-account", realm, username_key),
        ring.hmac16("sign-in-address", _network(address)),
        now,
    )


def _network(address: str | None) -> str:
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is None:
        return str(ipaddress.ip_network((parsed, IPV6_NETWORK), strict=False))
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)


_ADMIT = """INSERT INTO login_attempts AS t (subject, attempted_at, latest_at)
 VALUES (%(subject)s, ARRAY[%(now)s::timestamptz], %(now)s)
 ON CONFLICT (subject) DO UPDATE SET latest_at = %(now)s, attempted_at =
  ARRAY(SELECT a FROM unnest(t.attempted_at) AS a WHERE a > %(since)s ORDER BY a) || %(now)s::timestamptz
 WHERE (SELECT count(*) FROM unnest(t.attempted_at) AS a WHERE a > %(since)s) < %(most)s
 RETURNING 1"""
_OLDEST = """SELECT min(a) FROM login_attempts, unnest(attempted_at) AS a WHERE subject = %s AND a > %s"""
_TAKE_BACK = """UPDATE login_attempts SET attempted_at = array_remove(attempted_at, %s) WHERE subject = %s"""


def admit(tx: Session, attempt: Attempt) -> None:
    """Write the attempt down. Raises TooMany ``too_many_sign_ins`` (429) beyond a limit.

    Switched off by the setting ``RATELIMIT_ENABLED=0``.
    """
    if not current_app.extensions["settings"].ratelimit_enabled:
        return
    cur = cursor(tx)
    since = attempt.at - WINDOW
    # Accounts before addresses, always: two attempts never wait for each other in a circle.
    for subject, most in ((attempt.account, PER_ACCOUNT), (attempt.address, PER_ADDRESS)):
        values = {"subject": subject, "now": attempt.at, "since": since, "most": most}
        if cur.execute(_ADMIT, values).fetchone() is None:
            row = cur.execute(_OLDEST, (subject, since)).fetchone()
            oldest = row[0] if row and row[0] else attempt.at
            wait = (oldest + WINDOW - attempt.at).total_seconds()
            raise TooMany("too_many_sign_ins", retry_after=max(1, int(wait) + 1))


def forgive(tx: Session, attempt: Attempt) -> None:
    """The password was right: forget the account's failures, and this attempt of the address."""
    if not current_app.extensions["settings"].ratelimit_enabled:
        return
    cur = cursor(tx)
    cur.execute("DELETE FROM login_attempts WHERE subject = %s", (attempt.account,))
    cur.execute(_TAKE_BACK, (attempt.at, attempt.address))


def forget_old_attempts(tx: Session, now: datetime) -> int:
    """Delete what no window reaches any more; returns how many rows."""
    gone = tx.execute(delete(LoginAttempts).where(LoginAttempts.latest_at <= now - WINDOW))
    return int(gone.rowcount)  # type: ignore[attr-defined]
