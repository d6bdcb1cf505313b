"""Pure: what an answer of a receiver makes of a delivery."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from mall.webhooks.delivery import DELAYS, Answer, next_attempt

GONE = 410
PATIENT = frozenset({429, 503})
"""Answers whose ``Retry-After`` is believed."""
LONGEST_WAIT = max(DELAYS)
OFF_AFTER = timedelta(days=5)
"""Without one success for so long, an endpoint is switched off."""


@dataclass(frozen=True, slots=True)
class Judged:
    """``delivered``; or tried again ``at``; or, without either, failed. ``gone``: nothing more is to be sent there."""

    delivered: bool = False
    at: datetime | None = None
    gone: bool = False


def judge(answer: Answer, attempts: int, now: datetime, *, once: bool = False) -> Judged:
    """What comes of a delivery after ``attempts``: 2xx alone is success, a redirect is none; ``once``: never again."""
    if answer.status is not None and 200 <= answer.status < 300:
        return Judged(delivered=True)
    if answer.status == GONE:
        return Judged(gone=True)
    at = None if once else next_attempt(attempts, now)
    if at is not None and answer.status in PATIENT:
        at = max(at, now + asked_wait(answer.retry_after, now))
    return Judged(at=at)


def asked_wait(text: str | None, now: datetime) -> timedelta:
    """How long a ``Retry-After`` asks to wait, in seconds or until a date; a day at most, nothing for nonsense."""
    if text is None:
        return timedelta()
    if text.isascii() and text.isdecimal():
        return min(timedelta(seconds=int(text[:9])), LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return timedelta()
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return min(max(aware - now, timedelta()), LONGEST_WAIT)
