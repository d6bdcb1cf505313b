"""A small OpenID provider: discovery, authorization with PKCE, tokens signed with a key of its own."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from typing import Any
from urllib.parse import unquote

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from werkzeug.wrappers import Request, Response

from .serving import StandIn

CLIENT_ID, CLIENT_SECRET = "mall", "openid-stand-in-secret"


class OpenIdStandIn(StandIn):
    """Faults of its own: ``bad_signature``, ``shared_key``, ``unsigned``, ``wrong_nonce``, ``wrong_audience``,
    ``wrong_issuer``, ``expired``, ``no_id_token``, ``denied``. ``auth_time``: when the person proved it, if told."""

    title = "OpenID stand-in"

    def __init__(self, port: int = 0, *, asks: bool = False) -> None:
        super().__init__(port, asks=asks)
        self.auth_time: float | None = None
        self.asked: list[dict[str, str]] = []
        self.rotate()

    def rotate(self) -> None:
        """Sign with another key from now on."""
        self._key = RSAKey.generate_key(2048, {"use": "sig", "kid": secrets.token_hex(4)})

    def answer(self, request: Request) -> Response:
        """Discovery, keys, the person's page, and tokens."""
        if request.path == "/.well-known/openid-configuration":
            return _json(
                {
                    "issuer": self.url,
                    "authorization_endpoint": f"{self.url}/authorize",
                    "token_endpoint": f"{self.url}/token",
                    "jwks_uri": f"{self.url}/keys",
                    "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
                }
            )
        if request.path == "/keys":
            return _json({"keys": [self._key.as_dict(private=False)]})
        if request.path == "/authorize":
            asked = request.args.to_dict()
            self.asked.append(asked)
            code = secrets.token_hex(16)
            self._codes[code] = {**asked, "who": asked.get("who") or self.who}
            return self.consent(request, asked["redirect_uri"], asked["state"], code, {"error": "access_denied"})
        if request.path == "/token" and request.method == "POST":
            return self._token(request)
        return _json({"error": "not_found"}, 404)

    def _token(self, request: Request) -> Response:
        given = request.authorization
        known = given is not None and (unquote(given.username or ""), unquote(given.password or "")) == (
            CLIENT_ID,
            CLIENT_SECRET,
        )
        if not known:
            return _json({"error": "invalid_client"}, 401)
        asked = self._codes.pop(request.form.get("code", ""), None)
        verifier = hashlib.sha256(request.form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).rstrip(b"=").decode()
        if asked is None or asked["redirect_uri"] != request.form.get("redirect_uri"):
            return _json({"error": "invalid_grant"}, 400)
        if asked.get("code_challenge_method") != "S256" or asked["code_challenge"] != challenge:
            return _json({"error": "invalid_grant", "error_description": "PKCE"}, 400)
        tokens = {"access_token": secrets.token_hex(16), "token_type": "Bearer", "expires_in": 300}
        if self.fault != "no_id_token":
            tokens["id_token"] = self._id_token(asked)
        return _json(tokens)

    def _id_token(self, asked: dict[str, str]) -> str:
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": "https://elsewhere.example" if self.fault == "wrong_issuer" else self.url,
            "aud": "another-client" if self.fault == "wrong_audience" else CLIENT_ID,
            "sub": asked["who"],
            "nonce": "0" * 32 if self.fault == "wrong_nonce" else asked["nonce"],
            "iat": now - 7200 if self.fault == "expired" else now,
            "exp": now - 3600 if self.fault == "expired" else now + 300,
            "name": f"{asked['who']} of the provider",
        }
        if self.auth_time is not None:
            claims["auth_time"] = int(self.auth_time)
        if self.fault == "unsigned":
            head, body = ({"alg": "none"}, claims)
            return (
                ".".join(
                    base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=").decode() for one in (head, body)
                )
                + "."
            )
        if self.fault == "shared_key":
            return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(CLIENT_SECRET), algorithms=["HS256"])
        key = RSAKey.generate_key(2048) if self.fault == "bad_signature" else self._key
        return jwt.encode({"alg": "RS256", "kid": self._key.kid}, claims, key)


def _json(value: object, status: int = 200) -> Response:
    return Response(json.dumps(value), status, mimetype="application/json")
