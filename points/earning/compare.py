"""Pure: two rule documents side by side, line by line; what is left out counts as its default."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from points.earning.formulas import plain

DEFAULTS = {"condition": "", "pending.kind": "none", "expiry.kind": "end_of_next_year", "stacking.mode": "sum"}
"""What a document means where it says nothing (``points.earning.documents``)."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One line that differs; None: there is no such line on that side."""

    path: str
    before: str | None
    after: str | None


def lines(document: dict[str, Any]) -> dict[str, str]:
    """A document as lines, path to value: ``points.base.equal.solved`` to ``100``.

    Items of a list count from 1; steps of a table are named by where they begin, so that a step put in
    between is one line.
    """
    found = dict(DEFAULTS)
    _flatten(document, "", found)
    if found["expiry.kind"] in ("days", "months"):
        found.setdefault("expiry.round_to", "none")
    return found


def compare(before: dict[str, Any], after: dict[str, Any]) -> list[Difference]:
    """What ``after`` says otherwise, in the order of ``before``, new lines last."""
    old, new = lines(before), lines(after)
    paths = [*old, *(path for path in new if path not in old)]
    return [Difference(path, old.get(path), new.get(path)) for path in paths if old.get(path) != new.get(path)]


def _flatten(value: Any, path: str, found: dict[str, str]) -> None:
    if isinstance(value, dict):
        for key, part in value.items():
            _flatten(part, f"{path}.{key}" if path else str(key), found)
    elif isinstance(value, list) and path.endswith(".at_least"):
        for step in value:
            if isinstance(step, list) and len(step) == 2:
                found[f"{path}.{_word(step[0])}"] = _word(step[1])
    elif isinstance(value, list) and any(isinstance(part, dict) for part in value):
        for place, part in enumerate(value, 1):
            _flatten(part, f"{path}.{place}", found)
    elif isinstance(value, list):
        if value:
            found[path] = ", ".join(_word(part) for part in value)
    elif value is not None:
        found[path] = value if path == "condition" else _word(value)


def _word(value: Any) -> str:
    """A value as people write it; ``"1.20"`` and 1.2 are the same number."""
    if isinstance(value, list):
        return "–".join(map(_word, value))
    if isinstance(value, bool):
        return "true" if value else "false"
    try:
        return plain(Decimal(str(value)))
    except InvalidOperation:
        return str(value)
