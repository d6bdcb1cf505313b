"""Pure: when a quiz may be taken, until when an attempt may be handed in, and what looks too quick to be true."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

GRACE = timedelta(seconds=10)
"""A hand-in may be this late: the answers were on their way."""
LEAST_SECONDS = 1.5
"""Nobody reads and answers a question in less (about ten Chinese characters a second, and a tap)."""
TOO_FAST = "too_fast"
WAITING, CONFIRMED, VOID = "waiting", "confirmed", "void"
"""What is known of a result that is held, or was."""


def standing_of(
    published_at: datetime | None,
    retired_at: datetime | None,
    opens_at: datetime | None,
    closes_at: datetime | None,
    now: datetime,
) -> str:
    """As staff see it: ``draft``, ``scheduled``, ``open``, ``closed`` or ``retired``."""
    if retired_at is not None:
        return "retired"
    if published_at is None:
        return "draft"
    state = state_at(opens_at, closes_at, now)
    return "scheduled" if state == "soon" else state


def state_at(opens_at: datetime | None, closes_at: datetime | None, now: datetime) -> str:
    """``soon``, ``open`` or ``closed``."""
    if opens_at is not None and now < opens_at:
        return "soon"
    return "closed" if closes_at is not None and now >= closes_at else "open"


def due_at(time_limit_seconds: int | None, closes_at: datetime | None, started_at: datetime) -> datetime | None:
    """Until when an attempt begun at ``started_at`` may be handed in; None: without end."""
    ends = [] if time_limit_seconds is None else [started_at + timedelta(seconds=time_limit_seconds)]
    if closes_at is not None:
        ends.append(closes_at)
    return min(ends, default=None)


def is_late(due: datetime | None, now: datetime) -> bool:
    """Whether the time of an attempt is over, the grace included."""
    return due is not None and now > due + GRACE


def flag_of(question_count: int, score: int, started_at: datetime, submitted_at: datetime) -> str | None:
    """``too_fast`` for right answers given quicker than anybody can read; a person decides what it means."""
    taken = (submitted_at - started_at).total_seconds()
    return TOO_FAST if score > 0 and taken < LEAST_SECONDS * question_count else None


def shuffled(option_ids: Sequence[str], attempt_id: str, question_id: str) -> list[str]:
    """The options in the order this attempt shows them: random, and the same at every look."""
    order = list(option_ids)
    random.Random(f"{attempt_id}/{question_id}").shuffle(order)  # noqa: S311 - an order to look at, not a secret
    return order
