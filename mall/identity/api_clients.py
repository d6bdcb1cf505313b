"""API clients: reporting systems, their scopes and their keys.

A key is shown once and stored as a digest. Only a signed-only client's key is stored encrypted too: who
checks an HMAC needs the secret itself (RFC 9421, 3.3.3). Nothing is cached, so a revoked key is dead in
every worker from the commit on.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from mall import audit
from mall.crypto import keyring
from mall.db import must_get
from mall.errors import Conflict, Invalid, NotFound
from mall.identity.models import ApiClient, ApiKey
from mall.identity.tokens import KEY_PREFIX, digest, new_secret
from mall.ids import new_id

KEY_LIFETIME = timedelta(days=365)
LIVE_KEYS = 2
SECRET_PURPOSE = "api-key"  # noqa: S105 - a name, not a secret


@dataclass(frozen=True, slots=True)
class NewClient:
    """What a client is created with. ``allowed_networks``: CIDR ranges it may call from, None for any."""

    name: str
    scopes: Sequence[str]
    daily_cap_points: int | None = None
    allowed_networks: Sequence[str] | None = None
    signed_only: bool = False


@dataclass(frozen=True, slots=True)
class ShownKey:
    """A new key. ``secret`` is shown now and never again; ``id`` is the ``keyid`` of signatures."""

    id: str
    secret: str
    expires_at: datetime | None


def checked_networks(networks: Sequence[str] | None) -> list[str] | None:
    """CIDR ranges in their usual form. Raises Invalid naming ``allowed_networks``."""
    if networks is None:
        return None
    try:
        return [str(ipaddress.ip_network(text, strict=False)) for text in networks]
    except ValueError as error:
        raise Invalid({"allowed_networks": [_("Must be addresses or ranges such as 192.0.2.0/24.")]}) from error


def create_client(tx: Session, wanted: NewClient, now: datetime, actor: str) -> ApiClient:
    """A new client, without a key. Raises Conflict ``client_exists``, Invalid."""
    values = {
        "id": new_id("cli"),
        "name": wanted.name,
        "scopes": sorted(set(wanted.scopes)),
        "daily_cap_points": wanted.daily_cap_points,
        "allowed_networks": checked_networks(wanted.allowed_networks),
        "signed_only": wanted.signed_only,
        "created_at": now,
    }
    statement = insert(ApiClient).values(values).on_conflict_do_nothing(index_elements=["name"])
    client_id = tx.execute(statement.returning(ApiClient.id)).scalar_one_or_none()
    if client_id is None:
        raise Conflict("client_exists")
    detail = {name: value for name, value in values.items() if name not in ("id", "created_at")}
    audit.record(tx, actor, "client.created", f"client:{client_id}", detail, now)
    return tx.get_one(ApiClient, client_id)


def add_key(tx: Session, client_id: str, now: datetime, actor: str, expires_at: datetime | None = None) -> ShownKey:
    """Give a client another key, for a year unless told otherwise.

    Raises NotFound, Conflict ``too_many_keys`` when two are live, Invalid for an end in the past.
    """
    client = must_get(tx, ApiClient, client_id, with_for_update=True)
    if len(live_keys(tx, client_id, now)) >= LIVE_KEYS:
        raise Conflict("too_many_keys")
    if expires_at is not None and expires_at <= now:
        raise Invalid({"expires_at": [_("Must lie in the future.")]})
    secret = new_secret(KEY_PREFIX)
    key = ApiKey(
        id=new_id("key"),
        client_id=client_id,
        key_hash=digest(secret),
        secret_box=keyring().encrypt(SECRET_PURPOSE, secret.encode()) if client.signed_only else None,
        created_at=now,
        expires_at=expires_at or now + KEY_LIFETIME,
    )
    tx.add(key)
    tx.flush()
    audit.record(tx, actor, "client.key_added", f"client:{client_id}", {"key": key.id}, now)
    return ShownKey(key.id, secret, key.expires_at)


def live_keys(tx: Session, client_id: str, now: datetime) -> list[ApiKey]:
    """Keys that work, oldest first."""
    query = select(ApiKey).where(
        ApiKey.client_id == client_id,
        ApiKey.revoked_at.is_(None),
        or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > now),
    )
    return list(tx.scalars(query.order_by(ApiKey.id)))


def revoke_key(tx: Session, client_id: str, key_id: str, now: datetime, actor: str) -> None:
    """The key stops working with this commit; revoking it again changes nothing. Raises NotFound."""
    key = tx.scalars(select(ApiKey).where(ApiKey.id == key_id, ApiKey.client_id == client_id)).one_or_none()
    if key is None:
        raise NotFound()
    if key.revoked_at is None:
        key.revoked_at = now
        tx.flush()
        audit.record(tx, actor, "client.key_revoked", f"client:{client_id}", {"key": key_id}, now)


def change_client(tx: Session, client_id: str, changes: Mapping[str, Any], now: datetime, actor: str) -> ApiClient:
    """Set ``scopes``, ``daily_cap_points``, ``allowed_networks``, ``disabled`` where given.

    Whether requests must be signed is settled at creation: a key made before cannot be checked that way.
    Raises NotFound, Invalid.
    """
    client = must_get(tx, ApiClient, client_id, with_for_update=True)
    if "scopes" in changes:
        client.scopes = sorted(set(changes["scopes"]))
    if "daily_cap_points" in changes:
        client.daily_cap_points = changes["daily_cap_points"]
    if "allowed_networks" in changes:
        client.allowed_networks = checked_networks(changes["allowed_networks"])
    if "disabled" in changes:
        client.disabled_at = (client.disabled_at or now) if changes["disabled"] else None
    tx.flush()
    audit.record(tx, actor, "client.changed", f"client:{client_id}", dict(changes), now)
    return client


def find_client(tx: Session, client_id: str) -> ApiClient:
    """A client by id. Raises NotFound."""
    return must_get(tx, ApiClient, client_id)


def list_clients(tx: Session, limit: int, after: str | None) -> list[ApiClient]:
    """Clients by id, oldest first, after the id ``after``."""
    query = select(ApiClient).order_by(ApiClient.id).limit(limit)
    return list(tx.scalars(query if after is None else query.where(ApiClient.id > after)))


def keys_of(tx: Session, client_ids: Sequence[str]) -> dict[str, list[ApiKey]]:
    """All keys of some clients, revoked ones too, oldest first."""
    found: dict[str, list[ApiKey]] = {client_id: [] for client_id in client_ids}
    for key in tx.scalars(select(ApiKey).where(ApiKey.client_id.in_(client_ids)).order_by(ApiKey.id)):
        found[key.client_id].append(key)
    return found
