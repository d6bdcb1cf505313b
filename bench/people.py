"""Members, staff and a reporting system for the benches, entered through the use cases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask import Flask
from sqlalchemy.orm import Session

from mall import clock
from mall.db import Login, run_tx
from mall.identity.api_clients import NewClient, add_key, create_client
from mall.identity.members import Registration, enter_member
from mall.identity.names import clean_username
from mall.identity.passwords import hash_password
from mall.identity.sessions import API, open_session
from mall.identity.staff import NewStaff, create_staff
from points.ledger.books import open_books

MEMBER_POINTS = 1_000_000


@dataclass(frozen=True, slots=True)
class Crowd:
    """Tokens of members (each with a million points), of a catalog admin, and a client's key."""

    members: list[str]
    member_ids: list[str]
    admin: str
    client: str


def enter_crowd(app: Flask, count: int) -> Crowd:
    """Enter ``count`` members, an owner and a client with credits:write."""
    password = hash_password("a long enough phrase")
    now = clock.now()

    def members(tx: Session) -> tuple[list[str], list[str]]:
        tokens, ids = [], []
        for number in range(count):
            name, key = clean_username(f"bench-{number}")
            member = enter_member(tx, Registration(name, key, password, name), now)
            tokens.append(open_session(tx, now, kind=API, member_id=member.id).token)
            ids.append(member.id)
        tx.flush()
        with open_books(tx, ids, now) as books:
            for book in books:
                book.credit(MEMBER_POINTS, expires_at=now + timedelta(days=365), occurred_at=now)
        return tokens, ids

    def rest(tx: Session) -> tuple[str, str]:
        name, key = clean_username("bench-owner")
        owner = create_staff(tx, NewStaff(name, key, password, "owner"), now, "bench")
        token = open_session(tx, now, kind=API, staff_id=owner.id).token
        client = create_client(tx, NewClient("bench", ["credits:write"]), now, "bench")
        return token, add_key(tx, client.id, now, "bench").secret

    with app.app_context():
        tokens, ids = run_tx(Login.OWNER, members)
        admin, client = run_tx(Login.BACKOFFICE, rest)
    return Crowd(tokens, ids, admin, client)
