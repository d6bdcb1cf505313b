"""Pure: one-time codes of an authenticator (RFC 6238: SHA-1, 6 digits, 30 s; what every app can)."""

from __future__ import annotations

import hmac
from datetime import datetime

import pyotp

PERIOD_SECONDS = 30
DRIFT_STEPS = 1
"""A code is good one step early and late: clocks of phones are not exact (RFC 6238, 5.2)."""


def new_totp_secret() -> str:
    """A new secret: 160 random bits in base 32."""
    return pyotp.random_base32()


def enrolment_uri(secret: str, username: str, issuer: str) -> str:
    """The ``otpauth://`` address that authenticators read as a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=issuer)


def matching_step(secret: str, code: str, now: datetime) -> int | None:
    """The time step whose code ``code`` is, None when it is none's."""
    digits = "".join(code.split())
    if len(digits) != 6 or not digits.isascii() or not digits.isdigit():
        return None
    current = int(now.timestamp()) // PERIOD_SECONDS
    generator = pyotp.TOTP(secret, interval=PERIOD_SECONDS)
    found = None
    for step in range(current - DRIFT_STEPS, current + DRIFT_STEPS + 1):
        if hmac.compare_digest(generator.at(step * PERIOD_SECONDS), digits):
            found = step
    return found
