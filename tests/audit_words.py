"""Watches what tests write into the audit trail: each action and each key of its details must have words for people.

What deeds of the tests themselves are called (``deed…``) is nobody's business.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from sqlalchemy import event

from admin.pages.audit_vocabulary import NAMES, THINGS, VERBS
from mall.audit import AuditEntry

HOLDS_FIELDS = ("before", "after", "changes")
_without: set[str] = set()


@event.listens_for(AuditEntry, "before_insert")
def _look(_mapper: Any, _connection: Any, entry: AuditEntry) -> None:
    noun, _dot, verb = entry.action.partition(".")
    if noun == "deed":
        return
    if noun not in THINGS or verb not in VERBS:
        _without.add(entry.action)
    _without.update(f"{entry.action} {key}" for key in keys_without_words(entry.detail))


def keys_without_words(detail: Mapping[str, Any]) -> list[str]:
    """Keys of an entry's details, and of what it says was before and after, that have no word."""
    found = [key for key in detail if key not in NAMES]
    inside = [detail[key] for key in HOLDS_FIELDS if isinstance(detail.get(key), Mapping)]
    return found + [key for fields in inside for key in fields if key not in NAMES]


@pytest.fixture(autouse=True)
def audit_has_words() -> Iterator[None]:
    """The words are in ``admin/pages/audit_vocabulary.py``."""
    yield
    missing = sorted(_without)
    _without.clear()
    assert missing == [], f"no words in admin/pages/audit_vocabulary.py for {missing}"
