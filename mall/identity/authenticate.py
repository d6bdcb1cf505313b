"""Who calls: one cheap look-up for each kind of credential, before the transaction of the call.

Callers who come at the same moment are looked up together (``mall.gathered_look``), each by a statement that begins
after the request came: whoever was signed out before it is not let in.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from flask import Request, g, session

from mall import clock
from mall.arrays import among, array
from mall.crypto import keyring
from mall.db import Bare, Login, cursor, run_bare
from mall.errors import Forbidden, Unauthenticated
from mall.gathered_look import GatheredLook
from mall.http.principals import Anonymous, ClientPrincipal, MemberPrincipal, Principal, StaffPrincipal
from mall.identity.api_clients import SECRET_PURPOSE
from mall.identity.avatars import avatar_of
from mall.identity.sessions import API, BROWSER, SEEN_EVERY, STAFF_IDLE
from mall.identity.signatures import is_signed, verify_signature
from mall.identity.staff_cookie import RENEWED, STAFF_COOKIE, in_back_office
from mall.identity.tokens import KEY_PREFIX, SESSION_PREFIX, digest, looks_like_secret

COOKIE_TOKEN = "token"  # noqa: S105 - a name, not a secret
"""Where the signed cookie keeps the session's token."""
USED_EVERY = timedelta(minutes=10)
"""``last_used_at`` of a key is written at most this often: the busiest row must not be a hot one."""

_SPENT = "mall.spent_nonce"

_CLIENT = """SELECT k.id, k.expires_at, k.revoked_at, k.last_used_at, k.secret_box, c.id, c.name, c.scopes,
  c.daily_cap_points, c.allowed_networks, c.signed_only, c.disabled_at, k.key_hash
 FROM api_keys AS k JOIN api_clients AS c ON c.id = k.client_id WHERE k.{}"""
_CLIENTS_BY_HASH = _CLIENT.format(f"key_hash {among('bytea')}")
_CLIENT_BY_ID = _CLIENT.format("id = %s")
_KEY_USED = """UPDATE api_keys SET last_used_at = %s WHERE id = (SELECT id FROM api_keys WHERE id = %s
 AND (last_used_at IS NULL OR last_used_at <= %s) FOR UPDATE SKIP LOCKED)"""
_SESSIONS = f"""SELECT s.id, s.kind, s.restricted, s.authenticated_at, s.last_seen_at, s.expires_at,
  m.id, m.nickname, m.locale, m.status, m.avatar, t.id, t.username, t.role, t.disabled_at,
  t.totp_enrolled_at IS NOT NULL,
  CASE WHEN t.totp_enrolled_at IS NULL AND t.id IS NOT NULL THEN (SELECT otp_required FROM staff_security)
   ELSE false END, s.token_hash
 FROM login_sessions AS s
 LEFT JOIN members AS o ON o.id = s.member_id LEFT JOIN members AS m ON m.id = coalesce(o.alias_of, o.id)
 LEFT JOIN staff AS t ON t.id = s.staff_id WHERE s.token_hash {among("bytea")}"""
_SESSION_SEEN = """UPDATE login_sessions SET last_seen_at = %s WHERE id = (SELECT id FROM login_sessions
 WHERE id = %s AND last_seen_at <= %s FOR UPDATE SKIP LOCKED)"""
_SPEND_NONCE = """INSERT INTO used_nonces (key_id, nonce_hash, used_at) VALUES (%s, %s, %s)
 ON CONFLICT DO NOTHING RETURNING 1"""


def _by_hash(statement: str, tx: Bare, hashes: Sequence[bytes]) -> list[tuple | None]:
    """The row of each of ``hashes``, which is the last column of a row."""
    rows = {row[-1]: row for row in cursor(tx).execute(statement, (array(hashes),))}
    return [rows.get(name) for name in hashes]


_SESSION_LOOK = GatheredLook("login sessions", Login.EARNING, partial(_by_hash, _SESSIONS))
_CLIENT_LOOK = GatheredLook("api keys", Login.EARNING, partial(_by_hash, _CLIENTS_BY_HASH))


def authenticate(request: Request) -> Principal:
    """The caller of ``request``.

    A credential shown in a header must be good, else Unauthenticated (401); a cookie whose session has
    ended only makes its holder Anonymous. Raises Forbidden ``address_not_allowed`` for a key used from
    outside its networks.
    """
    if is_signed(request):
        return _signed_client(request)
    shown = request.headers.get("Authorization")
    if shown is not None:
        scheme, _, secret = shown.partition(" ")
        if scheme.lower() != "bearer" or not looks_like_secret(secret):
            raise Unauthenticated("key_invalid")
        if secret.startswith(KEY_PREFIX):
            return _client(request, secret)
        found = _session(secret, API, "bearer") if secret.startswith(SESSION_PREFIX) else None
        if found is None:
            raise Unauthenticated("key_invalid")
        return found
    if in_back_office(request):
        shown = g.get(RENEWED) or request.cookies.get(STAFF_COOKIE, "")
        staff = _session(shown, BROWSER, "cookie") if looks_like_secret(shown) else None
        return staff if isinstance(staff, StaffPrincipal) else Anonymous()
    token = session.get(COOKIE_TOKEN)
    if token is None:
        return Anonymous()
    found = _session(token, BROWSER, "cookie") if looks_like_secret(token) else None
    if not isinstance(found, MemberPrincipal):
        session.pop(COOKIE_TOKEN, None)
        return Anonymous()
    return found


def _client(request: Request, secret: str) -> ClientPrincipal:
    row = _CLIENT_LOOK.answer(digest(secret))
    if row is None or not _is_live(row, clock.now()):
        g.refused_client = row[5] if row is not None else None  # known all the same, for the log of requests
        raise Unauthenticated("key_invalid")
    if row[10]:
        raise Unauthenticated("signature_required")
    return _admitted(request, row)


def _signed_client(request: Request) -> ClientPrincipal:
    now = clock.now()
    rows: list[tuple] = []

    def secret_of(key_id: str) -> str | None:
        if "\0" in key_id:
            return None
        row = run_bare(Login.EARNING, lambda tx: cursor(tx).execute(_CLIENT_BY_ID, (key_id,)).fetchone())
        if row is None or row[4] is None or not _is_live(row, now):
            return None
        rows.append(row)
        return keyring().decrypt(SECRET_PURPOSE, row[4]).decode()

    signature = verify_signature(request, secret_of)
    nonce = (signature.key_id, digest(signature.nonce))
    # A request that is asked twice who sends it is verified twice: that is not a second use.
    if request.environ.get(_SPENT) != nonce:
        # Spent for good even if the call is refused and rolls back.
        spent = run_bare(Login.BACKOFFICE, lambda tx: cursor(tx).execute(_SPEND_NONCE, (*nonce, now)).fetchone())
        if spent is None:
            raise Unauthenticated("signature_invalid")
        request.environ[_SPENT] = nonce
    return _admitted(request, rows[0])


def _is_live(row: tuple, now: datetime) -> bool:
    expires_at, revoked_at, disabled_at = row[1], row[2], row[11]
    return revoked_at is None and disabled_at is None and (expires_at is None or expires_at > now)


def _admitted(request: Request, row: tuple) -> ClientPrincipal:
    networks = row[9]
    if networks is not None and not _within(request.remote_addr, networks):
        raise Forbidden("address_not_allowed")
    now = clock.now()
    if row[3] is None or now - row[3] >= USED_EVERY:
        used = (now, row[0], now - USED_EVERY)
        run_bare(Login.EARNING, lambda tx: cursor(tx).execute(_KEY_USED, used))
    return ClientPrincipal(row[5], row[6], frozenset(row[7]), row[8])


def _within(address: str | None, networks: list[str]) -> bool:
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return False
    parsed = getattr(parsed, "ipv4_mapped", None) or parsed
    return any(parsed in ipaddress.ip_network(network) for network in networks)


def _session(token: str, kind: str, via: str) -> MemberPrincipal | StaffPrincipal | None:
    row = _SESSION_LOOK.answer(digest(token))
    now = clock.now()
    if row is None or row[1] != kind or row[5] <= now:
        return None
    session_id, _, restricted, authenticated_at, last_seen_at = row[:5]
    member_id, nickname, locale, status, avatar, staff_id, username, role, disabled_at, enrolled, must_enrol = row[6:-1]
    if staff_id is not None:
        if disabled_at is not None or now - last_seen_at > STAFF_IDLE:
            return None
    elif status == "closed":
        return None
    if now - last_seen_at >= SEEN_EVERY:
        seen = (now, session_id, now - SEEN_EVERY)
        run_bare(Login.EARNING, lambda tx: cursor(tx).execute(_SESSION_SEEN, seen))
    if staff_id is not None:
        return StaffPrincipal(staff_id, username, role, session_id, via, authenticated_at, enrolled, must_enrol)
    return MemberPrincipal(
        member_id=member_id,
        session_id=session_id,
        via=via,
        restricted=restricted,
        authenticated_at=authenticated_at,
        locale=locale,
        nickname=nickname,
        avatar=avatar_of(member_id, avatar),
        suspended=status == "suspended",
    )
