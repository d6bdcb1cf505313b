"""Pure: the events that webhooks tell, and for each what its ``data`` holds (docs/api.md, webhooks out).

Confidential by construction (design, section 7): a field that is not listed here cannot be sent, and each was asked
what it would tell whom.

- **No member**, under any id. The mall's own id would let a receiver join what it must not; a source's id for a person
  would tell other receivers whom it knows. Who needs the person asks the API with rights of its own.
- ``credit.*`` hold the mall's id of the event and nothing else. That id is an HMAC, the same for a tip, a check-in and
  a quiz. Points, label, rule, status and the source's own event id would tell them apart, so they are left out; the
  source itself reads them at ``GET /api/v1/credit-events/{id}``. Its ``timestamp`` is cut to the second.
- ``order.*`` hold the order, its gift (public) and where it is. No points (a packer sees item and label, never a
  price), no variant, no quantity, no address, no code.
- ``points.expired`` holds the points that one booking let expire, of one member or of hundreds. A source would know its
  own award again by amount and moment and learn that it was never spent: only the mall's own endpoints may ask for it.
- ``stock.low`` holds the gift and the item; how many are left is for the back office.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from mall.json_text import compact


class Audience(StrEnum):
    """Whose endpoints an event may go to."""

    ANY = "any"
    SOURCE = "source"
    """Those of the client whose event it is, and the mall's own."""
    MALL = "mall"
    """The mall's own alone."""


@dataclass(frozen=True, slots=True)
class EventType:
    """A kind of event: what it means, to whom it may go, and an example of each field of its ``data``."""

    name: str
    words: str
    example: Mapping[str, Any]
    audience: Audience = Audience.ANY
    nullable: frozenset[str] = frozenset()


_ORDER, _GIFT = "ord_01jd2y0c5v8m3k9t6q4w7x1z2e", "gft_01jd2xzc5v8m3k9t6q4w7x1z2e"
_CREDIT = {"event": "cev_2z1c0ananx2x9h7kmj5t3qwe8r"}


def _order(status: str) -> dict[str, str]:
    return {"order": _ORDER, "gift": _GIFT, "status": status}


_ALL = (
    EventType("credit.booked", "A credit event was booked and granted something.", _CREDIT, Audience.SOURCE),
    EventType("credit.reversed", "A credit event was taken back.", _CREDIT, Audience.SOURCE),
    EventType("order.placed", "An order was placed.", _order("placed")),
    EventType("order.confirmed", "An order is certain: paid where it had to be, approved where somebody asked.",
              _order("confirmed")),
    EventType("order.advanced", "An order went on to `status`.", _order("shipped")),
    EventType("order.cancelled", "An order was cancelled; its points are back.", _order("cancelled")),
    EventType("order.refunded", "Points of an order were given back: `refunded` for all, `part_refunded` for some.",
              _order("refunded")),
    EventType("points.expired", "Points expired in one booking, of one member or of many.", {"points": 120},
              Audience.MALL),
    EventType("stock.low", "A gift runs low; `item` is null for a pool of voucher codes.",
              {"gift": _GIFT, "item": _GIFT}, nullable=frozenset({"item"})),
)  # fmt: skip
EVENTS: dict[str, EventType] = {event.name: event for event in _ALL}
TEST = EventType(
    "webhook.test", "Sent by hand, once, to try an endpoint.", {"endpoint": "whe_01jd2y0c5v8m3k9t6q4w7x1z2e"}
)


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened. ``subject``: facts of one subject reach an endpoint in their order.

    ``source_id``: whose credit event it is.
    """

    type: str
    data: Mapping[str, Any]
    at: datetime
    subject: str | None = None
    source_id: str | None = None


@dataclass(frozen=True, slots=True)
class Listener:
    """An endpoint that is to be told: of which client (None: the mall's own), and of what."""

    endpoint_id: str
    client_id: str | None
    events: frozenset[str]


def hears(listener: Listener, fact: Fact) -> bool:
    """Whether an endpoint is told of a fact."""
    if fact.type not in listener.events:
        return False
    audience = EVENTS[fact.type].audience
    if audience == Audience.SOURCE:
        return listener.client_id in (None, fact.source_id)
    return audience == Audience.ANY or listener.client_id is None


def body_of(fact: Fact) -> str:
    """What is sent, the same for every endpoint and attempt. Raises ValueError for fields the type does not list."""
    event = TEST if fact.type == TEST.name else EVENTS[fact.type]
    if set(fact.data) != set(event.example):
        raise ValueError(f"{fact.type} holds {sorted(event.example)}, not {sorted(fact.data)}")
    moment = fact.at.astimezone(UTC)
    if event.audience == Audience.SOURCE:  # to the microsecond it would be the time of a posting in a member's book
        moment = moment.replace(microsecond=0)
    told = {"type": fact.type, "timestamp": moment.isoformat(), "data": dict(fact.data)}
    return compact(told)


def openapi_webhooks() -> dict[str, Any]:
    """The ``webhooks`` of the OpenAPI document."""
    return {event.name: {"post": _operation(event)} for event in (*EVENTS.values(), TEST)}


def _operation(event: EventType) -> dict[str, Any]:
    data = {
        "type": "object", "required": list(event.example), "additionalProperties": False,
        "properties": {name: _field(event, name, value) for name, value in event.example.items()},
    }  # fmt: skip
    schema = {
        "type": "object", "required": ["type", "timestamp", "data"],
        "properties": {
            "type": {"const": event.name}, "timestamp": {"type": "string", "format": "date-time"}, "data": data,
        },
    }  # fmt: skip
    headers = [
        {"name": name, "in": "header", "required": True, "schema": {"type": "string"}}
        for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
    ]
    return {
        "summary": event.words, "tags": ["webhooks"], "parameters": headers,
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "responses": {
            "2XX": {"description": "Taken. Anything else but 410 is tried again."},
            "410": {"description": "Gone: the endpoint is switched off."},
        },
    }  # fmt: skip


def _field(event: EventType, name: str, value: Any) -> dict[str, Any]:
    kind = "integer" if isinstance(value, int) else "string"
    return {"type": [kind, "null"] if name in event.nullable else kind, "examples": [value]}
