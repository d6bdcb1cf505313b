"""OpenID Connect: authorization code with PKCE, ``state`` and ``nonce``; the ID token is verified by the
provider's published keys. Discovery and keys are kept for an hour; an unknown key is looked up at once,
at most every minute.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from mall.identity.outside.http import bound
from mall.identity.outside.provider import Person, Refused, Trip, Unreachable

KEPT_SECONDS = 3600.0
AGAIN_SECONDS = 60.0
LEEWAY_SECONDS = 120
"""How far the provider's clock may be off."""
LONGEST_SUBJECT = 255
"""Characters of ``sub`` (OpenID Connect Core 1.0, section 2)."""
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures by a key pair: whoever holds the client's secret cannot make these."""
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
METADATA_PATH = "/.well-known/openid-configuration"


@dataclass(slots=True)
class _Kept:
    """What was fetched, and when (monotonic seconds)."""

    metadata: dict[str, Any] | None = None
    metadata_at: float = 0.0
    keys: dict[str, Any] | None = None
    keys_at: float = 0.0


@dataclass(slots=True)
class OpenId:
    """One OpenID provider. ``labels``: its name by language."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    labels: dict[str, str]
    key: str = "oidc"
    icon: str = "key"
    _kept: _Kept = field(default_factory=_Kept, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def label(self, language: str) -> str:
        """Its name on a button."""
        return self.labels[language]

    def serves(self, user_agent: str) -> bool:
        """Every browser can go there."""
        return True

    def address(self, trip: Trip, back: str, user_agent: str, *, again: bool) -> str:
        """The provider's page. ``again``: it must ask for the password although it knows the browser."""
        more: dict[str, Any] = {"prompt": "login", "max_age": 0} if again else {}
        with self._client(back) as client:
            url, _state = client.create_authorization_url(
                self._metadata()["authorization_endpoint"], trip.state, trip.verifier, nonce=trip.nonce, **more
            )
        return str(url)

    def person(self, trip: Trip, code: str, back: str, user_agent: str, now: datetime) -> Person:
        """Exchange the code and read the ID token. Raises Unreachable, Refused."""
        claims = self._claims(self._tokens(trip, code, back), trip, now)
        subject = claims["sub"]
        if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT:
            raise Refused("sub is no text")
        proven = claims.get("auth_time")
        name = claims.get("nickname") or claims.get("name") or claims.get("preferred_username")
        return Person(
            (f"{self.issuer} {subject}",),
            name if isinstance(name, str) else None,
            datetime.fromtimestamp(min(proven, now.timestamp()), UTC) if isinstance(proven, int | float) else None,
        )

    def _client(self, back: str) -> OAuth2Session:
        supported = self._metadata().get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        post = "client_secret_basic" not in supported and "client_secret_post" in supported
        client = OAuth2Session(
            self.client_id,
            self.client_secret,
            scope="openid profile",
            redirect_uri=back,
            code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_post" if post else "client_secret_basic",
        )
        bound(client)
        return client

    def _tokens(self, trip: Trip, code: str, back: str) -> dict[str, Any]:
        try:
            with self._client(back) as client:
                return dict(
                    client.fetch_token(
                        self._metadata()["token_endpoint"], code=code, code_verifier=trip.verifier,
                        grant_type="authorization_code", allow_redirects=False,
                    )
                )  # fmt: skip
        except OAuthError as error:
            raise Refused(f"token: {str(error.error)[:80]}") from error
        except requests.RequestException as error:
            raise Unreachable(f"token: {type(error).__name__}") from error
        except ValueError as error:
            raise Refused("token: no JSON") from error

    def _claims(self, tokens: dict[str, Any], trip: Trip, now: datetime) -> CodeIDToken:
        metadata, raw = self._metadata(), tokens.get("id_token")
        if not isinstance(raw, str):
            raise Refused("no id_token")
        offered = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
        registry = JWSRegistry(algorithms=[one for one in ALGORITHMS if one in offered], strict_check_header=False)
        try:
            try:
                token = jwt.decode(raw, _key_set(self._keys()), registry=registry)
            except InvalidKeyIdError:
                token = jwt.decode(raw, _key_set(self._keys(anew=True)), registry=registry)
            wanted = {"iss": self.issuer, "aud": self.client_id}
            options = {name: {"essential": True, "value": value} for name, value in wanted.items()}
            params = {"nonce": trip.nonce, "client_id": self.client_id, "access_token": tokens.get("access_token")}
            claims = CodeIDToken(token.claims, token.header, options, params)
            claims.validate(now=int(now.timestamp()), leeway=LEEWAY_SECONDS)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise Refused(f"id_token: {type(error).__name__}") from error
        return claims

    def _metadata(self) -> dict[str, Any]:
        with self._lock:
            kept = self._kept
            if kept.metadata is None or time.monotonic() - kept.metadata_at > KEPT_SECONDS:
                found = _fetch(self.issuer.rstrip("/") + METADATA_PATH)
                if found.get("issuer") != self.issuer:
                    raise Refused("the discovery document is another issuer's")
                if not all(_is_address(found.get(name)) for name in ENDPOINTS):
                    raise Refused("the discovery document names no endpoints")
                kept.metadata, kept.metadata_at = found, time.monotonic()
            return kept.metadata

    def _keys(self, *, anew: bool = False) -> dict[str, Any]:
        address = self._metadata()["jwks_uri"]
        with self._lock:
            kept, age = self._kept, time.monotonic() - self._kept.keys_at
            if kept.keys is None or age > (AGAIN_SECONDS if anew else KEPT_SECONDS):
                kept.keys, kept.keys_at = _fetch(address), time.monotonic()
            return kept.keys


def _key_set(document: dict[str, Any]) -> KeySet:
    return KeySet.import_key_set(cast(Any, document))


def _is_address(value: object) -> bool:
    return isinstance(value, str) and value.startswith(("https://", "http://127.0.0.1", "http://localhost"))


def _fetch(url: str) -> dict[str, Any]:
    """A JSON object. Raises Unreachable, Refused."""
    try:
        with bound(requests.Session()) as session:
            answer = session.get(url, headers={"Accept": "application/json"}, allow_redirects=False)
        if answer.status_code != 200:
            raise Unreachable(f"{url[:80]}: {answer.status_code}")
        found = answer.json()
    except requests.exceptions.JSONDecodeError as error:
        raise Refused(f"{url[:80]}: no JSON") from error
    except requests.RequestException as error:
        raise Unreachable(f"{url[:80]}: {type(error).__name__}") from error
    if not isinstance(found, dict):
        raise Refused(f"{url[:80]}: no object")
    return found
