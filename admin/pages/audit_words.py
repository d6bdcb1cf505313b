"""What an entry of the audit trail says to people: its deed in words, and its details line by line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

from admin.pages.audit_vocabulary import NAMES, THINGS, VALUES, VERBS


def deed_words(action: str) -> str:
    """``gift.changed`` as "Gift: changed"; empty for a code that has no words, which then stands alone."""
    noun, _dot, verb = action.partition(".")
    thing, done = THINGS.get(noun), VERBS.get(verb)
    return str(_("%(thing)s: %(done)s", thing=thing, done=done)) if thing and done else ""


def detail_lines(detail: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Name and value of each part of ``detail``, which is JSON, as text."""
    # The database keeps keys in no order of ours: what was before is told before what is after.
    ordered = sorted(detail.items(), key=lambda part: {"before": 0, "after": 2}.get(part[0], 1))
    return [(_name(key), value_words(value)) for key, value in ordered]


def _name(key: str) -> str:
    return str(NAMES.get(key, key))


def value_words(value: object) -> str:
    """A value of JSON as somebody would write it down."""
    if value is None or value in ("", [], {}):
        return "–"
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if isinstance(value, Mapping):
        return str(_("; ")).join(f"{_name(key)}: {value_words(part)}" for key, part in value.items())
    if isinstance(value, list):
        return str(_(", ")).join(value_words(part) for part in value)
    return str(VALUES.get(value, value)) if isinstance(value, str) else str(value)
