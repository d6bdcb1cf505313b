"""Helpers of the earning tests: events in a line, and what the database then holds."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from mall.db import Login, cursor
from points.earning.book_events import Outcome, book_events
from points.earning.event_types import EventIn, EventSource
from points.earning.reverse_event import Reversed, reverse_event
from points.earning.rules import rules_changed
from points.ledger.queries import Balance, balance

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
"""Noon of a Monday in the mall's zone."""
TABLES = (
    "sources.credit_events",
    "sources.cases",
    "sources.awards",
    "sources.cap_usage",
    "sources.source_members",
    "ledger.postings",
    "ledger.lots",
    "standings",
)


class Mall:
    """Books events of one source and looks at what came of it."""

    noon = NOON

    def __init__(self, run: Callable[[Login, Callable[[Session], Any]], Any]) -> None:
        self.run = run
        self.source = EventSource("cli_test", may_credit=True)

    def tip(self, event_id: str, stage: str, at: datetime = NOON, **more: Any) -> EventIn:
        facts = {"stage": stage, "grade": more.pop("grade", 0), "share": more.pop("share", 100)}
        return EventIn(event_id, "tip.outcome", more.pop("member", "u-1"), at, more.pop("case", "tip-1"), facts)

    def quiz(self, event_id: str, score: int, most: int = 100, at: datetime = NOON, quiz: str = "q-1") -> EventIn:
        return EventIn(event_id, "quiz.result", "u-1", at, quiz, {"score": score, "max_score": most})

    def event(self, event_id: str, kind: str, at: datetime = NOON, subject: str | None = None, **facts: Any) -> EventIn:
        return EventIn(event_id, kind, facts.pop("member", "u-1"), at, subject, facts)

    def book(self, *events: EventIn, now: datetime = NOON, source: EventSource | None = None) -> list[Outcome]:
        return self.run(Login.EARNING, lambda tx: book_events(tx, source or self.source, events, now))

    def points(self, *events: EventIn, **more: Any) -> list[int | str]:
        """The change each event made, or the code of its refusal."""
        outcomes = self.book(*events, **more)
        return [one.error.code if one.error else one.body["points"] for one in outcomes]

    def reverse(self, event_id: str, now: datetime = NOON) -> Reversed:
        return self.run(Login.EARNING, lambda tx: reverse_event(tx, self.source, event_id, "a mistake", now))

    def member_id(self, member: str = "u-1") -> str:
        from mall.crypto import keyring
        from points.earning.source_members import find_member

        found = self.run(Login.EARNING, lambda tx: find_member(cursor(tx), keyring(), self.source.source_id, member))
        assert found is not None
        return found

    def balance(self, member: str = "u-1", now: datetime = NOON) -> Balance:
        member_id = self.member_id(member)
        return self.run(Login.EARNING, lambda tx: balance(tx, member_id, now))

    def public_points(self, member: str = "u-1") -> int:
        member_id = self.member_id(member)
        query = text("SELECT coalesce(sum(public_points), 0) FROM standings WHERE member_id = :id")
        return int(self.run(Login.EARNING, lambda tx: tx.execute(query, {"id": member_id}).scalar()))

    def snapshot(self) -> list[Any]:
        """Everything that booking may change, to show that a refusal changed nothing."""

        def read(tx: Session) -> list[Any]:
            return [tx.execute(text(f"SELECT * FROM {name} ORDER BY 1, 2")).all() for name in TABLES]

        return self.run(Login.EARNING, read)

    def publish(self, key: str, document: dict[str, Any], since: datetime | None = None) -> None:
        """Publish a new version of a rule, in force from ``since``."""

        def write(tx: Session) -> None:
            tx.execute(
                text("INSERT INTO earning_rules VALUES (:key, '{}', now()) ON CONFLICT DO NOTHING"),
                {"key": key},
            )
            tx.execute(
                text(
                    "INSERT INTO earning_rule_versions (rule_key, version, document, state, effective_from, "
                    "created_by, created_at) SELECT :key, coalesce(max(version), 0) + 1, CAST(:document AS jsonb), "
                    "'published', :since, 'test', now() FROM earning_rule_versions WHERE rule_key = :key"
                ),
                {"key": key, "document": json.dumps(document), "since": since},
            )
            rules_changed(cursor(tx))

        self.run(Login.OWNER, write)


@pytest.fixture
def mall(run: Callable[..., Any]) -> Mall:
    """A reporting system and the mall it reports to."""
    return Mall(run)


@pytest.fixture
def days() -> Callable[[float], timedelta]:
    """``days(3)``."""
    return lambda count: timedelta(days=count)


@pytest.fixture
def simple() -> SimpleNamespace:
    """Rule documents in short."""

    def fixed(points: int, event: str = "activity.attended", **more: Any) -> dict[str, Any]:
        return {"event": event, "points": {"base": {"fixed": points}}, "visibility": "public", **more}

    return SimpleNamespace(fixed=fixed)


def run_at_once(works: list[Any]) -> list[Any]:
    """Run every work in a thread of its own, started together; what each returned or raised."""
    gate = threading.Barrier(len(works))
    results: list[Any] = [None] * len(works)

    def call(place: int) -> None:
        gate.wait()
        try:
            results[place] = works[place]()
        except Exception as error:
            results[place] = error

    threads = [threading.Thread(target=call, args=(place,)) for place in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.fixture
def at_once() -> Callable[[list[Any]], list[Any]]:
    """Runs every work in a thread of its own."""
    return run_at_once
