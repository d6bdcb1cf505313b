"""Keys derived from the installation's secret, and the three things done with them.

One secret, many keys: HKDF gives each purpose its own key, so what one purpose leaks opens no other.
The secret lives outside the database, so a stolen dump alone reads neither a source's ids nor a code.
"""

from __future__ import annotations

import hmac
import os
from functools import lru_cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app

NONCE_BYTES = 12


class Keyring:
    """The keys of one installation."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()
        self._key = lru_cache(maxsize=64)(self._derive)
        self._aead = lru_cache(maxsize=64)(lambda purpose: AESGCM(self._key(purpose)))

    def _derive(self, purpose: str) -> bytes:
        info = f"points-mall/v1/{purpose}".encode()
        return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=info).derive(self._secret)

    def hmac16(self, purpose: str, *parts: str) -> bytes:
        """16 bytes that name ``parts`` without telling them; lengths are included, so no two lists collide."""
        raws = [part.encode() for part in parts]
        message = b"".join([len(raw).to_bytes(4, "big") + raw for raw in raws])
        return hmac.digest(self._key(purpose), message, "sha256")[:16]

    def text_key(self, purpose: str) -> str:
        """A derived key as 64 hexadecimal digits, for libraries and logins that take a password."""
        return self._key(purpose).hex()

    def encrypt(self, purpose: str, plain: bytes) -> bytes:
        """AES-256-GCM under the purpose's key: 12 bytes of nonce, then ciphertext and tag."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._aead(purpose).encrypt(nonce, plain, purpose.encode())

    def decrypt(self, purpose: str, box: bytes) -> bytes:
        """Undo ``encrypt``; raises cryptography.exceptions.InvalidTag when the box was altered."""
        return self._aead(purpose).decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], purpose.encode())

    def signing_key(self, purpose: str) -> Ed25519PrivateKey:
        """The Ed25519 key of a purpose (ledger seals)."""
        return Ed25519PrivateKey.from_private_bytes(self._key(purpose))


def keyring() -> Keyring:
    """The running app's keyring."""
    ring: Keyring = current_app.extensions["keyring"]
    return ring
