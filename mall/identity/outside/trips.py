"""What the browser's own session keeps on the way to a provider and back, and of somebody who arrived new.

The session cookie is signed, so nobody can make these up; it is the browser's own, so ``state`` that comes back in
another browser matches nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import session

from mall.http.page import safe_path
from mall.identity.outside.links import Arrived
from mall.identity.outside.provider import Person, Trip

TRIPS, NEWCOMER, PROVEN = "outside_trips", "outside_newcomer", "outside_proven"
LASTS_SECONDS = 15 * 60
MOST_TRIPS = 3
"""Begun at once in one browser; the oldest goes. A cookie holds 4 KB."""
PURPOSES = ("sign-in", "confirm", "link")


@dataclass(frozen=True, slots=True)
class Journey:
    """A trip with what it is for: ``purpose`` is one of PURPOSES, ``next_path`` where to go afterwards."""

    provider: str
    trip: Trip
    purpose: str
    next_path: str
    begun_at: datetime


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody whom a provider vouched for and no account knows. ``linking``: the member who asked to link."""

    who: Arrived
    nickname: str
    next_path: str
    linking: str | None
    authenticated_at: datetime | None


def begin(provider: str, purpose: str, next_path: str, now: datetime) -> Trip:
    """Set out."""
    trip = Trip.new()
    trips: dict[str, Any] = dict(session.get(TRIPS) or {})
    while len(trips) >= MOST_TRIPS:
        trips.pop(min(trips, key=lambda state: trips[state]["at"]))
    trips[trip.state] = {
        "p": provider, "n": trip.nonce, "v": trip.verifier, "for": purpose, "next": next_path[:200],
        "at": int(now.timestamp()),
    }  # fmt: skip
    session[TRIPS] = trips
    return trip


def finish(provider: str, state: str, now: datetime) -> Journey | None:
    """The trip that ``state`` belongs to, once; None for one that this browser never began, or too long ago."""
    trips: dict[str, Any] = dict(session.get(TRIPS) or {})
    found = trips.pop(state, None)
    session[TRIPS] = trips
    if found is None or found["p"] != provider or now.timestamp() - found["at"] > LASTS_SECONDS:
        return None
    begun_at = datetime.fromtimestamp(found["at"], UTC)
    return Journey(provider, Trip(state, found["n"], found["v"]), found["for"], safe_path(found["next"], "/"), begun_at)


def keep_newcomer(who: Arrived, person: Person, next_path: str, linking: str | None, now: datetime) -> None:
    """Remember who arrived while the page asks what to do."""
    proven = person.authenticated_at
    session[NEWCOMER] = {
        "p": who.provider, "h": [one.hex() for one in who.hashes], "name": (person.nickname or "")[:40],
        "next": next_path[:200], "link": linking, "auth": int(proven.timestamp()) if proven else None,
        "at": int(now.timestamp()),
    }  # fmt: skip


def newcomer(now: datetime) -> Newcomer | None:
    """Who arrived a short while ago, None for nobody."""
    found = session.get(NEWCOMER)
    if found is None or now.timestamp() - found["at"] > LASTS_SECONDS:
        return None
    who = Arrived(found["p"], tuple(bytes.fromhex(one) for one in found["h"]))
    proven = datetime.fromtimestamp(found["auth"], UTC) if found["auth"] is not None else None
    return Newcomer(who, found["name"], safe_path(found["next"], "/"), found["link"], proven)


def keep_proven(session_id: str, now: datetime) -> None:
    """A linked sign-in has just proven, in this session, that it is the member."""
    session[PROVEN] = {"s": session_id, "at": int(now.timestamp())}


def is_proven(session_id: str, now: datetime) -> bool:
    """Whether one has within a quarter of an hour. A password given proves nothing here: it may be the one forgotten,
    and whoever knows it changes it by giving it."""
    found = session.get(PROVEN)
    return found is not None and found["s"] == session_id and now.timestamp() - found["at"] <= LASTS_SECONDS


def forget_newcomer() -> None:
    """The page is answered."""
    session.pop(NEWCOMER, None)
