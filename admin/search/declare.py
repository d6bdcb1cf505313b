"""What a desk lets staff find by a few typed letters, and how the page and the API ask all desks at once.

A desk declares a ``Searcher`` in the module of its floor here; ``table.py`` names them all. Each asks an index, and for
few lines: the search runs while people type.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from catalog.wording import fold, in_language
from mall.i18n import language

MOST_HITS = 5
"""Of one kind; the list of the desk has the others."""
MOST_ASKED = 100
SHORT_TABLE = 500
"""Rows of rules, campaigns and activities that are looked through: tables of which a mall has tens."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A thing that was found: where its page is, its name, and a line that tells it from others of the name."""

    url: str
    text: str
    detail: str = ""


Find = Callable[[Session, str, datetime], Sequence[Hit]]


@dataclass(frozen=True, slots=True)
class Searcher:
    """``kind``: as the API names it; ``page``: endpoint of the desk it finds for, and found by those for whom that
    opens; ``find``: at most ``MOST_HITS`` hits."""

    kind: str
    title: Any
    icon: str
    page: str
    find: Find


@dataclass(frozen=True, slots=True)
class Group:
    """What one desk found."""

    kind: str
    title: str
    icon: str
    hits: Sequence[Hit]


def names_hold(wordings: Sequence[str], asked: str) -> bool:
    """Whether one of a thing's names, in whatever language, or its code holds what was typed."""
    needle = fold(asked)
    return any(needle in fold(text) for text in wordings)


def first_hits(
    rows: Sequence[Any], asked: str, names: Callable[[Any], Sequence[str]], hit: Callable[[Any], Hit]
) -> list[Hit]:
    """The first hits among rows of a short table."""
    found = []
    for row in rows:
        if names_hold(names(row), asked):
            found.append(hit(row))
            if len(found) == MOST_HITS:
                break
    return found


def said(wording: dict[str, str]) -> str:
    """A name in the reader's language."""
    return in_language(wording, language())
