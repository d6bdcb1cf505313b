"""Pure: the demo's 311 requests as tip outcomes of demo members."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from catalog.demo.resolutions import RECEIVED, STAGE_OF_RESOLUTION, Stage

NEW_YORK = ZoneInfo("America/New_York")
"""The file's times are New York's, without saying so."""
SKEW = 2
"""Exponent of the spread: 1 gives every member as many requests, more gives the first members most."""


@dataclass(frozen=True, slots=True)
class Request:
    """One row of the file: what is needed of it."""

    key: str
    created_at: datetime
    closed_at: datetime | None
    resolution: str

    @property
    def outcome(self) -> Stage:
        """What became of it. Raises KeyError for a sentence nobody has read yet."""
        return STAGE_OF_RESOLUTION[self.resolution]


def read_requests(path: Path) -> list[Request]:
    """The requests of a file, in its order. Raises KeyError for a resolution that is not mapped."""
    with path.open(encoding="utf-8", newline="") as file:
        requests = [
            Request(
                row["unique_key"],
                _local(row["created_date"]),
                _local(row["closed_date"]) if row["closed_date"] else None,
                row["resolution_description"],
            )
            for row in csv.DictReader(file)
        ]
    for request in requests:
        _ = request.outcome
    return requests


def member_of(key: str, members: Sequence[str]) -> str:
    """The member a request belongs to: by its key alone, always the same, the first of ``members`` most often.

    The key's SHA-256 read as a fraction u of 1 picks place ⌊n × u²⌋ of n.
    """
    number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big")
    place: int = (len(members) * number**SKEW) >> (64 * SKEW)
    return members[place]


def events_of(requests: Iterable[Request], members: Sequence[str]) -> list[dict[str, Any]]:
    """The credit events of ``requests`` as the API takes them, in order of time.

    Every request is received when it was created. A stage it reached later follows at its closing; where the
    file gives no closing time the moment of creation stands for it, as no other is known, and comes after.
    """
    rows: list[tuple[datetime, int, dict[str, Any]]] = []
    for request in requests:
        member = member_of(request.key, members)
        rows.append((request.created_at, 0, _event(request, RECEIVED, request.created_at, member)))
        if request.outcome != RECEIVED:
            moment = request.closed_at or request.created_at
            rows.append((moment, 1, _event(request, request.outcome, moment, member)))
    rows.sort(key=lambda row: (row[0], row[1], row[2]["id"]))
    return [event for _, _, event in rows]


def _event(request: Request, stage: Stage, moment: datetime, member: str) -> dict[str, Any]:
    return {
        "id": f"{request.key}/{stage.stage}",
        "type": "tip.outcome",
        "member": member,
        "occurred_at": moment.isoformat(),
        "data": {"case": request.key, "stage": stage.stage, "grade": stage.grade},
    }


def _local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK)
