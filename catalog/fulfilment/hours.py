"""Pure: opening hours of a pickup point: a week, and days that differ from it.

Stored as ``{"week": [[["09:00", "12:00"], …] × 7, Monday first], "except": {"2026-10-01": [[…]]}}``; a day
without a span is closed. Times are those of the mall's zone, ``"24:00"`` is the end of a day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

Span = tuple[str, str]
Day = tuple[Span, ...]
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MOST_SPANS = 4
"""Of one day."""
MOST_EXCEPTIONS = 60
LOOK_AHEAD = 30
"""Days in which the next opening is looked for, and differing days are told."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A week, Monday first, and the days that differ."""

    week: tuple[Day, ...]
    differing: Mapping[date, Day]

    def of(self, day: date) -> Day:
        """When it is open on ``day``."""
        return self.differing.get(day, self.week[day.weekday()])


@dataclass(frozen=True, slots=True)
class Now:
    """Whether it is open, until when today ("18:00"), or from when on: a day and a time. Both None: not soon."""

    is_open: bool
    until: str | None = None
    opens_on: date | None = None
    opens_at: str | None = None


def opening_of(stored: Mapping[str, Any] | None) -> Opening | None:
    """Opening hours as they are stored."""
    if not stored:
        return None
    week = tuple(_day(spans) for spans in stored["week"])
    return Opening(week, {date.fromisoformat(key): _day(spans) for key, spans in stored.get("except", {}).items()})


def _day(spans: Sequence[Sequence[str]]) -> Day:
    return tuple((start, end) for start, end in spans)


def stored_form(opening: Opening) -> dict[str, Any]:
    """Opening hours as they are to be stored."""
    differing = {day.isoformat(): [list(span) for span in spans] for day, spans in sorted(opening.differing.items())}
    return {"week": [[list(span) for span in spans] for spans in opening.week], "except": differing}


def read_spans(texts: Sequence[str]) -> Day | None:
    """``["09:00-12:00", "13:00-18:00"]`` as a day; None when a span ends before it begins or two overlap."""
    spans = sorted((text[:5], text[6:]) for text in texts)
    if any(start >= end for start, end in spans):
        return None
    if any(before[1] > after[0] for before, after in pairwise(spans)):
        return None
    return tuple(spans)


def spans_text(day: Day) -> list[str]:
    """A day as ``read_spans`` takes it."""
    return [f"{start}-{end}" for start, end in day]


def grouped(week: Sequence[Day]) -> list[tuple[int, int, Day]]:
    """Days in a row that are alike: (first, last, spans), 0 is Monday."""
    groups: list[tuple[int, int, Day]] = []
    for place, spans in enumerate(week):
        if groups and groups[-1][2] == spans:
            groups[-1] = (groups[-1][0], place, spans)
        else:
            groups.append((place, place, spans))
    return groups


def coming(opening: Opening, today: date) -> list[tuple[date, Day]]:
    """Days of the next 30 that differ from the week."""
    last = today + timedelta(days=LOOK_AHEAD)
    return [(day, spans) for day, spans in sorted(opening.differing.items()) if today <= day <= last]


def state_now(opening: Opening, moment: datetime) -> Now:
    """How it stands at ``moment``, a time in the mall's zone."""
    clock = f"{moment:%H:%M}"
    for start, end in opening.of(moment.date()):
        if start <= clock < end:
            return Now(True, until=end)
    for ahead in range(LOOK_AHEAD + 1):
        day = moment.date() + timedelta(days=ahead)
        for start, _ in opening.of(day):
            if ahead or start > clock:
                return Now(False, opens_on=day, opens_at=start)
    return Now(False)
