"""The whole rule set as one file: taken out of one mall, looked at, and put into another.

Putting a file in drafts what it says otherwise, and nothing more: versions of rules and campaigns wait as drafts
for the ordinary way into force; only what has no drafts (titles, budgets, the owner's limits, segments, redemption
rules) changes at once, as it does in its own form. What a file does not name stays as it is. All of it or, with the
reasons by path, nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from mall.errors import FieldErrors, Invalid, MallError
from mall.http.problems import TITLES
from points.earning.compare import Difference
from points.earning.sentences import Sentence
from points.earning.sentences_display import shown
from points.earning.versions import By

FORMAT = "points-mall/rule-set"
FORMAT_VERSION = 1
"""Rises when an older mall could no longer read the file rightly."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a file says otherwise about one thing, line by line.

    ``action``: ``created`` (a new rule with a draft, a new draft campaign), ``drafted`` (``version``), ``changed``
    (a draft campaign), ``renamed``, ``set``, or ``added`` (new, where there are no drafts).
    """

    section: str
    key: str
    action: str
    version: int | None
    differences: list[Difference]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the file. ``key``: the field that names an item of its list, None for a part that is one object.

    ``put`` does what one item asks for, None when it says nothing new; it raises Invalid with paths in the item.
    """

    name: str
    key: str | None
    exported: Callable[[Session, datetime], Any]
    put: Callable[[Session, Any, By], Change | None]


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file changes. ``unchanged``: how many things say the same; ``kept``: section and key of what is here
    and not in the file, and stays."""

    changes: list[Change]
    unchanged: int
    kept: list[tuple[str, str]]


class _Undo(Exception):
    """Leaves a savepoint so that nothing of it stays."""


def export_rule_set(tx: Session, sections: Sequence[Section], now: datetime) -> dict[str, Any]:
    """Everything in force, as a file that ``import_rule_set`` reads."""
    head = {"format": FORMAT, "format_version": FORMAT_VERSION}
    return {**head, **{section.name: section.exported(tx, now) for section in sections}}


def import_rule_set(tx: Session, sections: Sequence[Section], file: dict[str, Any], by: By) -> Imported:
    """Draft what ``file`` says otherwise. Raises Invalid with every reason by its path; nothing stays then."""
    errors: FieldErrors = {}
    changes: list[Change] = []
    unchanged, kept = 0, []
    for section in sections:
        if section.name not in file:
            continue
        kept += _kept(tx, section, file[section.name], by.now)
        seen: set[str] = set()
        for path, item in _items(section, file[section.name]):
            if section.key is not None and item[section.key] in seen:
                errors[f"{path}.{section.key}"] = [shown(Sentence("stands in the file twice"))]
                continue
            if section.key is not None:
                seen.add(item[section.key])
            try:
                with tx.begin_nested():
                    change = section.put(tx, item, by)
            except MallError as refused:
                errors.update(_by_path(path, refused))
                continue
            unchanged += change is None
            changes += [change] if change else []
    if errors:
        raise Invalid(errors)
    return Imported(changes, unchanged, kept)


def preview_rule_set(tx: Session, sections: Sequence[Section], file: dict[str, Any], by: By) -> Imported:
    """What ``import_rule_set`` would do, found out by doing it and taking all of it back. Raises Invalid."""
    found: list[Imported] = []
    try:
        with tx.begin_nested():
            found.append(import_rule_set(tx, sections, file, by))
            raise _Undo
    except _Undo:
        return found[0]


def _items(section: Section, value: Any) -> list[tuple[str, Any]]:
    """Items with their paths, by key: rows are locked in one order whatever the file's is."""
    if section.key is None:
        return [(section.name, value)]
    placed = [(f"{section.name}.{place}", item) for place, item in enumerate(value)]
    return sorted(placed, key=lambda pair: str(pair[1][section.key]))


def _kept(tx: Session, section: Section, value: Any, now: datetime) -> list[tuple[str, str]]:
    if section.key is None:
        return []
    named = {item[section.key] for item in value}
    here = [str(item[section.key]) for item in section.exported(tx, now)]
    return [(section.name, key) for key in here if key not in named]


def _by_path(path: str, refused: MallError) -> FieldErrors:
    if refused.errors is None:
        return {path: [str(refused.detail or TITLES[refused.code])]}
    return {f"{path}.{inner}" if inner else path: texts for inner, texts in refused.errors.items()}
