"""Pure: secrets that are shown once and kept only as a digest.

A secret has 256 random bits, so a plain SHA-256 is enough to keep it: nobody can try them all, and looking
one up costs one hash and one index read (NIST SP 800-63B, 5.1.2.2: look-up secrets of 112 bits or more).
"""

from __future__ import annotations

import hashlib
import re
import secrets

SESSION_PREFIX = "mss_"
KEY_PREFIX = "mall_live_"
_BYTES = 32
_FORM = re.compile(r"[A-Za-z0-9_-]{32,128}")


def new_secret(prefix: str = "") -> str:
    """A new secret of 256 random bits in URL-safe characters, with ``prefix`` in front."""
    return prefix + secrets.token_urlsafe(_BYTES)


def digest(secret: str) -> bytes:
    """The 32 bytes that are stored of a secret."""
    return hashlib.sha256(secret.encode()).digest()


def looks_like_secret(text: object) -> bool:
    """Whether ``text`` can be a secret at all; anything else is not worth a query."""
    return isinstance(text, str) and _FORM.fullmatch(text) is not None
