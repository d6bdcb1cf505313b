"""Pure: signatures of webhooks, as Standard Webhooks 1.0.0 has them."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from standardwebhooks.webhooks import Webhook

PREFIX = "whsec_"
SECRET_BYTES = 32
TOLERANCE = timedelta(minutes=5)
"""How far the clock of a sender may be off."""


def new_secret() -> str:
    """A secret of 256 bits, to be told once."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signed_headers(known: Sequence[str], message_id: str, now: datetime, body: bytes) -> dict[str, str]:
    """The three headers of a message, with a signature for each secret (several while one is being replaced)."""
    moment = now.astimezone(UTC)
    signatures = [Webhook(secret).sign(message_id, moment, body.decode()) for secret in known]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def is_signed(known: Sequence[str], headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
    """Whether a message was signed with one of ``known`` within the last five minutes."""
    message_id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    given = headers.get("webhook-signature", "")
    if not message_id or not given or len(given) > 2000 or not stamp.isascii() or not stamp.isdecimal():
        return False
    if len(stamp) > 12 or abs(int(stamp) - now.timestamp()) > TOLERANCE.total_seconds():
        return False
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return False
    moment = datetime.fromtimestamp(int(stamp), UTC)
    # Signatures are compared as the text they are: one that is no base64 simply differs.
    right = [Webhook(secret).sign(message_id, moment, text) for secret in known]
    shown = given.split(" ")
    found = [secrets.compare_digest(one.encode(), other.encode("utf-8", "replace")) for one in right for other in shown]
    return any(found)
