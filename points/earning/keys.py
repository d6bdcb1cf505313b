"""Keys under which sources' own ids are stored: HMACs to find them by, boxes to give them back."""

from __future__ import annotations

import json
from datetime import datetime
from zoneinfo import ZoneInfo

from mall.clock import local_date
from mall.crypto import Keyring
from points.earning.event_types import EventIn, EventSource

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_VALUES = {char: value for value, char in enumerate(_ALPHABET)}
PREFIX = "cev_"
_DIGITS = 26
_BOX = "credit-event"


def public_id(event_key: bytes) -> str:
    """The id the API gives an event: its 16-byte key in Crockford's base 32, so it needs no index of its own."""
    number = int.from_bytes(event_key, "big")
    return PREFIX + "".join([_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5)])


def parse_public_id(text: str) -> bytes | None:
    """Undo ``public_id``; None for what is not one."""
    digits = text.removeprefix(PREFIX)
    if not text.startswith(PREFIX) or len(digits) != _DIGITS or any(char not in _VALUES for char in digits):
        return None
    number = 0
    for char in digits:
        number = number << 5 | _VALUES[char]
    return number.to_bytes(16, "big") if number < 1 << 128 else None


def event_key(ring: Keyring, source_id: str, event_id: str) -> bytes:
    """The business key of an event: kept forever, unique in the ledger of sources."""
    return ring.hmac16("event", source_id, event_id)


def member_hash(ring: Keyring, source_id: str, member: str) -> bytes:
    """A source's name for a person; another source's same name is another hash."""
    return ring.hmac16("source-member", source_id, member)


def fingerprint(ring: Keyring, event: EventIn) -> bytes:
    """What an event says, in 16 bytes: the same id with another fingerprint is a mismatch."""
    facts = [f"{name}={value}" for name, value in sorted(event.facts.items())]
    parts = (event.type, event.member, event.occurred_at.isoformat(), event.subject or "", *facts)
    return ring.hmac16("event-content", *parts)


def case_key(ring: Keyring, source: EventSource, event: EventIn, member_id: str, zone: ZoneInfo) -> bytes:
    """What names the case of an event.

    A case is one (source, subject, member). A day's login is one for the member, whoever reports it; an
    event about nothing in particular is a case of its own.
    """
    if event.type == "member.login":
        return ring.hmac16("case", event.type, member_id, local_date(event.occurred_at, zone).isoformat())
    if event.subject is None:
        return ring.hmac16("case", event.type, source.source_id, "event", event.event_id)
    return ring.hmac16("case", event.type, source.source_id, "subject", event.case_of or event.member, event.subject)


def subject_key(ring: Keyring, source_id: str, subject: str) -> bytes:
    """What names a tip for all members of a source who reported it."""
    return ring.hmac16("subject", source_id, subject)


def seal_event(ring: Keyring, event: EventIn) -> bytes:
    """The ids of an event as ciphertext."""
    return ring.encrypt(_BOX, json.dumps([event.event_id, event.member, event.subject]).encode())


def open_event(ring: Keyring, box: bytes) -> tuple[str, str, str | None]:
    """Event id, source's member id and subject from ``seal_event``."""
    event_id, member, subject = json.loads(ring.decrypt(_BOX, box))
    return event_id, member, subject


def seal_member(ring: Keyring, member: str) -> bytes:
    """A source's member id as ciphertext."""
    return ring.encrypt("source-member", member.encode())


def seal_reason(ring: Keyring, reason: str) -> bytes:
    """The reason of a reversal as ciphertext: it may say more than the mall wants to know."""
    return ring.encrypt("reversal-reason", reason.encode())


def wire_moment(moment: datetime | None) -> str | None:
    """A moment in an answer, in UTC."""
    return None if moment is None else moment.isoformat()
