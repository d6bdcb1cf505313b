"""The demo's people and programs: members, staff, and the API client that replays the requests."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from mall.db import Login, run_tx
from mall.identity.api_clients import NewClient, add_key, create_client, live_keys, revoke_key
from mall.identity.members import change_profile, claim_account, is_claimed, registration
from mall.identity.models import ApiClient
from mall.identity.roles import ROLES
from mall.identity.staff import create_staff, list_staff, new_staff
from mall.identity.tokens import digest
from points.earning.event_types import EventSource
from points.earning.source_members import member_for
from points.standing.boards import show_on_boards

ACTOR = "demo"
PASSWORD = "haidian-demo-2026"  # noqa: S105 - known to everybody, and said so wherever it is used
CLIENT_NAME = "311 replay"
CLIENT_SCOPES = ("credits:write", "members:read")
KEY_FILE = "demo_client_key"
REGISTERED_BEFORE = timedelta(days=500)
"""How long ago demo members joined: before anything in their history."""
Person = Mapping[str, Any]


class NotADemo(Exception):
    """The mall is in use: it has staff who are not the demo's."""


def read_people(path: Path) -> list[dict[str, Any]]:
    """The people of the demo, in the order the requests are spread over."""
    people: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return people


def load_staff(now: datetime) -> int:
    """One member of staff for each role, called after it; returns how many are new. Raises NotADemo."""
    known = {found.username for found in run_tx(Login.BACKOFFICE, list_staff)}
    if known and not known >= set(ROLES):
        raise NotADemo
    missing = [role for role in ROLES if role not in known]
    entries = [new_staff(role, PASSWORD, role) for role in missing]

    def work(tx: Session) -> None:
        for entry in entries:
            create_staff(tx, entry, now, ACTOR)

    run_tx(Login.BACKOFFICE, work)
    return len(entries)


def load_client(var: Path, now: datetime) -> tuple[str, bool]:
    """The client that replays the requests: its id, and whether it needed a new key.

    The key is kept under ``var``, readable by this user alone; a lost one is replaced.
    """
    client_id = run_tx(Login.BACKOFFICE, lambda tx: _client_id(tx, now))
    kept = read_key(var)
    live = run_tx(Login.BACKOFFICE, lambda tx: live_keys(tx, client_id, now))
    if kept is not None and any(key.key_hash == digest(kept) for key in live):
        return client_id, False

    def renew(tx: Session) -> str:
        for key in live_keys(tx, client_id, now):
            revoke_key(tx, client_id, key.id, now, ACTOR)
        return add_key(tx, client_id, now, ACTOR).secret

    _keep_key(var, run_tx(Login.BACKOFFICE, renew))
    return client_id, True


def read_key(var: Path) -> str | None:
    """The replaying client's key, None before the demo was loaded."""
    try:
        return (var / KEY_FILE).read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None


def _client_id(tx: Session, now: datetime) -> str:
    found = tx.execute(select(ApiClient.id).where(ApiClient.name == CLIENT_NAME)).scalar_one_or_none()
    if found is not None:
        return found
    return create_client(tx, NewClient(CLIENT_NAME, CLIENT_SCOPES), now, ACTOR).id


def _keep_key(var: Path, secret: str) -> None:
    fresh = var / f".{KEY_FILE}.{os.getpid()}"
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secret + "\n")
    fresh.replace(var / KEY_FILE)


def load_members(people: Sequence[Person], client_id: str, now: datetime) -> tuple[list[str], int]:
    """Members as the reporting system's people who have claimed their accounts; ids, and how many are new.

    The source's name for a person opens the account, the person then gives it a credential: so what the source
    sends lands with them.
    """
    source, joined_at = EventSource(client_id), now - REGISTERED_BEFORE

    def open_accounts(tx: Session) -> list[tuple[str, bool]]:
        ids = [member_for(tx, source, person["source_member"], joined_at) for person in people]
        return [(member_id, is_claimed(tx, member_id)) for member_id in ids]

    opened = run_tx(Login.EARNING, open_accounts)
    new = 0
    for person, (member_id, claimed) in zip(people, opened, strict=True):
        if not claimed:
            _claim(member_id, person, joined_at)
            new += 1
    member_ids = [member_id for member_id, _ in opened]

    def show(tx: Session) -> None:
        for member_id in member_ids:
            show_on_boards(tx, member_id, True, now)

    if new:
        run_tx(Login.EARNING, show)
    return member_ids, new


def _claim(member_id: str, person: Person, joined_at: datetime) -> None:
    entry = registration(person["username"], PASSWORD, person["nickname"])

    def work(tx: Session) -> None:
        claim_account(tx, member_id, entry, joined_at)
        change_profile(tx, member_id, {"nickname": entry.nickname})

    run_tx(Login.REDEMPTION, work)
