"""Factories of members, staff and reporting systems, each with the header it shows (``.auth``)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from typing import Any

import pytest
from flask import Flask

from mall import clock
from mall.db import Login, run_tx
from mall.identity.api_clients import NewClient, add_key, create_client
from mall.identity.members import Registration, enter_member
from mall.identity.names import clean_username
from mall.identity.passwords import hash_password
from mall.identity.sessions import API, open_session
from mall.identity.staff import NewStaff, create_staff

PASSWORD = "a long enough phrase"
_number = count(1)


@dataclass(frozen=True)
class Person:
    """Somebody signed in: ``auth`` is the header; members and staff have a username and a password too."""

    id: str
    auth: dict[str, str]
    token: str
    username: str = ""
    password: str = PASSWORD
    key_id: str = ""


@lru_cache(maxsize=8)
def hashed(password: str) -> str:
    """A password's hash, made once for the whole run: hashing is slow on purpose."""
    return hash_password(password)


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def make_member(app: Flask) -> Callable[..., Person]:
    """``make_member(username=…, nickname=…, password=…)``: a registered member with an API session."""

    def make(username: str | None = None, nickname: str | None = None, password: str = PASSWORD) -> Person:
        name, key = clean_username(username or f"member-{next(_number)}")
        entry = Registration(name, key, hashed(password), nickname or name[:20])

        def work(tx: Any) -> Person:
            member = enter_member(tx, entry, clock.now())
            token = open_session(tx, clock.now(), kind=API, member_id=member.id).token
            return Person(member.id, _bearer(token), token, name, password)

        with app.app_context():
            return run_tx(Login.REDEMPTION, work)

    return make


@pytest.fixture
def make_staff(app: Flask) -> Callable[..., Person]:
    """``make_staff("owner")``: staff of a role with an API session."""

    def make(role: str = "owner", username: str | None = None, password: str = PASSWORD) -> Person:
        name, key = clean_username(username or f"staff-{next(_number)}")

        def work(tx: Any) -> Person:
            found = create_staff(tx, NewStaff(name, key, hashed(password), role), clock.now(), "test")
            token = open_session(tx, clock.now(), kind=API, staff_id=found.id).token
            return Person(found.id, _bearer(token), token, name, password)

        with app.app_context():
            return run_tx(Login.BACKOFFICE, work)

    return make


@pytest.fixture
def make_client(app: Flask) -> Callable[..., Person]:
    """``make_client(["credits:write"], daily_cap_points=…)``: a reporting system with a live key."""

    def make(scopes: Sequence[str] = ("credits:write",), name: str | None = None, **more: Any) -> Person:
        wanted = NewClient(name or f"client {next(_number)}", scopes, **more)

        def work(tx: Any) -> Person:
            found = create_client(tx, wanted, clock.now(), "test")
            key = add_key(tx, found.id, clock.now(), "test")
            return Person(found.id, _bearer(key.secret), key.secret, key_id=key.id)

        with app.app_context():
            return run_tx(Login.BACKOFFICE, work)

    return make
