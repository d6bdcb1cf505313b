"""Shapes of waiting rooms."""

from __future__ import annotations

from marshmallow import fields

from catalog.queue.rules import PHASES, YOU
from catalog.routes.schemas import ID_MOST
from mall.http.fields import Instant, StrictSchema, Text
from mall.http.pagination import PageQuery


class QueueQuery(StrictSchema):
    """``variant``: of which variant, when several have a waiting room."""

    variant = Text(1, ID_MOST)


class JoinQueueSchema(StrictSchema):
    """``variant``: of which variant, when several have a waiting room."""

    variant = Text(1, ID_MOST)


class QueueSchema(StrictSchema):
    """A waiting room and one's own place in it.

    ``phase``: ``closed`` until ``opens_at``, ``gathering`` until the release, ``running`` while turns are let in,
    ``over``. ``ended``: why it is over. ``place`` counts from 1; ``ahead``: people in front at most; ``wait_seconds``:
    until one's turn at the latest; ``turn_until``: the end of one's open turn. Ask again after ``poll_seconds``, null:
    nothing will change. ``seed_sha256`` is the SHA-256 of the seed that orders all who came before the release by
    HMAC-SHA256(seed, ticket), smallest first; ``seed`` (hex) is shown once they are ordered.
    """

    item = fields.String(required=True, allow_none=True)
    phase = fields.String(required=True, metadata={"enum": list(PHASES)})
    ended = fields.String(required=True, allow_none=True)
    opens_at = Instant(required=True)
    release_at = Instant(required=True)
    turn_seconds = fields.Integer(required=True, allow_none=True)
    pieces = fields.Integer(required=True)
    you = fields.String(required=True, metadata={"enum": list(YOU)})
    ticket = fields.String(required=True, allow_none=True)
    place = fields.Integer(required=True, allow_none=True)
    ahead = fields.Integer(required=True, allow_none=True)
    wait_seconds = fields.Integer(required=True, allow_none=True)
    turn_until = Instant(required=True, allow_none=True)
    order = fields.String(required=True, allow_none=True)
    poll_seconds = fields.Integer(required=True, allow_none=True)
    seed_sha256 = fields.String(required=True, allow_none=True)
    seed = fields.String(required=True, allow_none=True)


class DrawnQuery(PageQuery):
    """``variant``: of which variant, when several have a waiting room."""

    variant = Text(1, ID_MOST)


class DrawnTicketSchema(StrictSchema):
    """A ticket and the place that was drawn for it."""

    ticket = fields.String(attribute="id", required=True)
    place = fields.Integer(attribute="drawn_place", required=True)
