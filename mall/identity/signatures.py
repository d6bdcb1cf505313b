"""Signed requests of clients: RFC 9421 with ``hmac-sha256``, digest by RFC 9530.

Covered are ``"@method" "@target-uri" "content-digest"`` and ``"idempotency-key"`` when it is sent (a request
without a body may leave the digest out); ``created`` within 300 s, ``nonce`` and ``keyid`` are required. The
shared secret is the key as it was shown, in ASCII.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Request
from http_message_signatures import HTTPMessageSignaturesException, HTTPMessageVerifier, HTTPSignatureKeyResolver
from http_message_signatures.algorithms import HMAC_SHA256

from mall.errors import Unauthenticated

NONCE_LEAST, NONCE_MOST = 8, 128
"""Characters of a nonce."""
CREATED_WITHIN = timedelta(seconds=300)
"""A nonce is kept for at least twice as long."""


@dataclass(frozen=True, slots=True)
class VerifiedSignature:
    """What a good signature says: by which key, under which nonce."""

    key_id: str
    nonce: str


class _Verifier(HTTPMessageVerifier):  # type: ignore[misc]
    max_clock_skew = CREATED_WITHIN


class _Keys(HTTPSignatureKeyResolver):  # type: ignore[misc]
    def __init__(self, secret_of: Callable[[str], str | None]) -> None:
        self.secret_of = secret_of

    def resolve_public_key(self, key_id: str) -> bytes | None:
        secret = self.secret_of(key_id)
        return None if secret is None else secret.encode()


@dataclass(frozen=True, slots=True)
class _Message:
    method: str
    url: str
    headers: Any


def is_signed(request: Request) -> bool:
    """Whether a request carries a signature of this kind."""
    return "HTTP_SIGNATURE_INPUT" in request.environ


def target_uri(request: Request) -> str:
    """The address as the caller wrote it: an id with ``%2F`` in it stays one."""
    raw = request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI")
    if not raw or not raw.startswith("/"):
        return request.url
    return f"{request.scheme}://{request.host}{raw}"


def verify_signature(request: Request, secret_of: Callable[[str], str | None]) -> VerifiedSignature:
    """Check the one signature of ``request``. ``secret_of`` gives the secret of a ``keyid``, None for unknown.

    Raises Unauthenticated ``signature_invalid`` (401). That the nonce is new is for the caller to see.
    """
    body = request.get_data(cache=True)
    required = ["@method", "@target-uri"]
    if body:
        required.append("content-digest")
    if "Idempotency-Key" in request.headers:
        required.append("idempotency-key")
    message = _Message(request.method, target_uri(request), request.headers)
    verifier = _Verifier(signature_algorithm=HMAC_SHA256, key_resolver=_Keys(secret_of))
    try:
        verified = verifier.verify(message, max_age=timedelta(0), require_components=required, body=body)
    except (HTTPMessageSignaturesException, ValueError, TypeError) as error:
        raise Unauthenticated("signature_invalid") from error
    nonce = verified[0].nonce
    if nonce is None or not NONCE_LEAST <= len(nonce) <= NONCE_MOST:
        raise Unauthenticated("signature_invalid")
    return VerifiedSignature(str(verified[0].parameters["keyid"]), nonce)
