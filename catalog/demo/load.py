"""Loading the demo: each kind through the use cases that the routes call, twice the same as once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

from sqlalchemy.orm import Session

from catalog.demo.activities import load_activities
from catalog.demo.gifts import load_categories, load_gifts
from catalog.demo.history import book_history
from catalog.demo.neighbours import load_neighbours
from catalog.demo.people import PASSWORD, Person, load_client, load_members, load_staff, read_people
from catalog.demo.rules import load_redemption_rules
from mall.db import Login, run_tx
from mall.identity.roles import ROLES
from mall.settings import Settings
from points.quizzes.bank_keeping import import_questions
from points.quizzes.publish import find_quiz, publish_quiz


def load_demo(folder: Path, settings: Settings, now: datetime) -> Iterator[str]:
    """Load what is missing; yields one short line for each kind. Raises NotADemo before anything is written."""
    people = read_people(folder / "people.json")
    new = load_staff(now)
    yield f"staff: {', '.join(ROLES)} ({_new(new)})"
    client_id, renewed = load_client(settings.var, now)
    yield f"API client: 311 replay ({'new key' if renewed else 'its key is kept'})"
    there, new = load_categories(folder / "categories.json", now)
    yield f"categories: {there} ({_new(new)})"
    there, new = load_gifts(folder, now)
    yield f"gifts: {there} ({_new(new)}), with pictures, stock and voucher codes"
    there, new = load_redemption_rules(folder / "redemption_rules.json", now)
    yield f"redemption rules: {there} ({_new(new)})"
    yield f"question bank: {_load_questions(folder / 'questions.json', now)}"
    yield f"quizzes: {_load_quizzes(folder / 'quizzes.json', now)}"
    there, new = load_activities(folder / "activities.json", now, settings.zone)
    yield f"activities: {there} ({_new(new)})"
    member_ids, new = load_members(people, client_id, now)
    yield f"members: {len(member_ids)} ({_new(new)}), everybody's password is {PASSWORD}"
    yield f"history: booked for {_book_histories(people, member_ids, settings, now)} members"
    neighbours = read_people(folder / "neighbours.json")
    new = load_neighbours(neighbours, PASSWORD, now, settings.zone)
    yield f"neighbours: {len(neighbours)} ({_new(new)}), with what they earned and ordered in the last weeks"


def _new(count: int) -> str:
    return f"{count} new" if count else "nothing new"


def _load_questions(path: Path, now: datetime) -> str:
    documents = json.loads(path.read_text(encoding="utf-8"))
    done = run_tx(Login.BACKOFFICE, lambda tx: import_questions(tx, documents, now))
    return f"{len(documents)} ({_new(len(done.added))})"


def _load_quizzes(path: Path, now: datetime) -> str:
    documents = json.loads(path.read_text(encoding="utf-8"))

    def work(tx: Session) -> int:
        missing = [document for document in documents if find_quiz(tx, document["code"]) is None]
        for document in missing:
            publish_quiz(tx, document, now)
        return len(missing)

    return f"{len(documents)} ({_new(run_tx(Login.BACKOFFICE, work))})"


def _book_histories(people: Sequence[Person], member_ids: list[str], settings: Settings, now: datetime) -> int:
    booked = 0
    for person, member_id in zip(people, member_ids, strict=True):
        history = person.get("history")
        if history is not None:
            work = partial(book_history, member_id=member_id, history=history, now=now, zone=settings.zone)
            booked += run_tx(Login.EARNING, work)
    return booked
