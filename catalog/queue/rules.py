"""Pure: who stands where in a waiting room, whose turn it is, and how long the others wait at most."""

from __future__ import annotations

import hashlib
import hmac
import math
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

CLOSED, GATHERING, RUNNING, OVER = "closed", "gathering", "running", "over"
PHASES = (CLOSED, GATHERING, RUNNING, OVER)
OUTSIDE, WAITING, TURN, USED, LAPSED, LEFT = "outside", "waiting", "turn", "used", "lapsed", "left"
YOU = (OUTSIDE, WAITING, TURN, USED, LAPSED, LEFT)
SOLD_OUT, EMPTY = "sold_out", "empty"
POLL_SECONDS = 5
"""How often a page asks where its reader stands; turns open about as often."""
POLL_SECONDS_FAR = 15
"""The same for those who are further from their turn."""
POLL_SECONDS_LONGEST = 60
"""The same while nothing can change before the release."""
NEAR = 50
"""People in front, at most, of one who asks often; ten times as many ask half as often as those between."""
SPREAD_SECONDS = 10
"""So long after a release the last of those who waited for it asks: not all in the same second."""


def fair_order(seed: bytes, ticket_ids: Iterable[str]) -> list[str]:
    """Tickets in the order that the seed gives: by HMAC-SHA256(seed, ticket id), smallest first."""
    return sorted(ticket_ids, key=lambda ticket_id: hmac.digest(seed, ticket_id.encode(), hashlib.sha256))


def commitment(seed: bytes) -> str:
    """What is shown of a seed before it is used: its SHA-256 in hex."""
    return hashlib.sha256(seed).hexdigest()


def turns_to_open(on_hand: int, open_turns: int) -> int:
    """How many more people are let in: no more turns than pieces."""
    return max(0, on_hand - open_turns)


def longest_wait(ahead: int, pieces: int, turn_seconds: int) -> int:
    """Seconds until one's turn if nobody in front makes use of theirs: the turns of ``pieces`` people run side by side.

    Those who order sooner make it shorter; whether pieces are left by then is another question.
    """
    return (ahead // max(1, pieces) + 1) * turn_seconds


@dataclass(frozen=True, slots=True)
class RoomFacts:
    """A room as it is stored. ``on_hand``: pieces that can be ordered."""

    id: str
    gift_id: str
    item_id: str
    opens_at: datetime
    releases_at: datetime
    turn_seconds: int
    seed: bytes
    drawn_at: datetime | None
    last_place: int
    called_place: int
    ended: str | None
    on_hand: int


@dataclass(frozen=True, slots=True)
class TicketFacts:
    """A ticket as it is stored."""

    id: str
    state: str
    place: int | None
    turn_until: datetime | None
    order_id: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where somebody stands. ``ahead``: people in front at most; ``wait_seconds``: see ``longest_wait``."""

    phase: str
    you: str
    ended: str | None = None
    place: int | None = None
    ahead: int | None = None
    wait_seconds: int | None = None
    turn_until: datetime | None = None
    poll_seconds: int | None = None
    """When to ask again; None: nothing will change."""

    @property
    def may_join(self) -> bool:
        """Whether there is a place to take."""
        return self.phase in (GATHERING, RUNNING) and self.you in (OUTSIDE, LAPSED, LEFT)

    @property
    def may_leave(self) -> bool:
        """Whether there is a place to give up."""
        return self.phase in (GATHERING, RUNNING) and self.you in (WAITING, TURN)


def phase_of(room: RoomFacts) -> tuple[str, str | None]:
    """A room's phase and, when it is over, why. With no piece left it is over at once."""
    if room.ended is not None:
        return OVER, room.ended
    if room.drawn_at is None:
        return GATHERING, None
    return (RUNNING, None) if room.on_hand > 0 else (OVER, SOLD_OUT)


def standing(room: RoomFacts, ticket: TicketFacts | None, now: datetime) -> Standing:
    """Where the holder of ``ticket`` (None: somebody without one) stands."""
    here = _standing(room, ticket, now)
    if ticket is None or here.phase == OVER or here.you not in (WAITING, TURN):
        return here
    return replace(here, poll_seconds=_ask_again(room, ticket, here, now))


def _ask_again(room: RoomFacts, ticket: TicketFacts, here: Standing, now: datetime) -> int:
    """Seconds: seldom where nothing can change soon, so that thousands in line cost little."""
    if here.phase == GATHERING:
        left = math.ceil((room.releases_at - now).total_seconds())
        spread = zlib.crc32(ticket.id.encode()) % SPREAD_SECONDS
        return min(POLL_SECONDS_LONGEST, max(POLL_SECONDS, left + spread))
    ahead = here.ahead or 0
    if ahead < max(NEAR, room.on_hand):
        return POLL_SECONDS
    return POLL_SECONDS_FAR if ahead < 10 * NEAR else 2 * POLL_SECONDS_FAR


def _standing(room: RoomFacts, ticket: TicketFacts | None, now: datetime) -> Standing:
    phase, ended = phase_of(room)
    if ticket is None:
        return Standing(phase, OUTSIDE, ended)
    if ticket.state == TURN and ticket.turn_until is not None and ticket.turn_until <= now:
        return Standing(phase, LAPSED, ended)
    if ticket.state == TURN and phase == RUNNING:
        return Standing(phase, TURN, None, ticket.place, 0, 0, ticket.turn_until)
    if ticket.state == WAITING and phase == RUNNING and ticket.place is not None:
        ahead = max(0, ticket.place - room.called_place - 1)
        return Standing(phase, WAITING, None, ticket.place, ahead, longest_wait(ahead, room.on_hand, room.turn_seconds))
    return Standing(phase, ticket.state, ended, ticket.place)
