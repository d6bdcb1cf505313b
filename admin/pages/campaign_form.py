"""A campaign as a form: its document as fields, and back."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from flask_babel import gettext as _

from mall.errors import FieldErrors, Invalid

_SPAN = re.compile(r"(\d{1,2})\s*(?:[-–—~至到]|to)\s*(\d{1,2})")
PLACES = {"name": "name.zh", "active.first_day": "first_day", "active.last_day": "last_day"}


def form_of(document: dict[str, Any]) -> dict[str, Any]:
    """Fields of a document; ``weekdays`` and ``rules`` are lists of text."""
    active = document.get("active") or {}
    name = document.get("name") or {}
    return {
        "name.zh": name.get("zh", ""), "name.en": name.get("en", ""), "factor": document.get("factor", ""),
        "first_day": active.get("first_day") or "", "last_day": active.get("last_day") or "",
        "weekdays": [str(day) for day in active.get("weekdays") or []],
        "hours": ", ".join(f"{start}-{end}" for start, end in active.get("hours") or []),
        "min_level": str(document.get("min_level") or ""), "rules": list(document.get("rules") or []),
        "condition": document.get("condition") or "", "review": bool(document.get("review")),
    }  # fmt: skip


def body_of(get: Callable[[str], str], every: Callable[[str], list[str]]) -> dict[str, Any]:
    """The body of the API that a form means. Raises Invalid for what cannot be one."""
    name = {language: get(f"name.{language}").strip() for language in ("zh", "en")}
    active: dict[str, Any] = {field: get(field) for field in ("first_day", "last_day") if get(field)}
    if days := every("weekdays"):
        active["weekdays"] = [int(day) if re.fullmatch("[0-9]", day) else day for day in days]
    if hours := hours_of(get("hours")):
        active["hours"] = hours
    body: dict[str, Any] = {"name": {language: text for language, text in name.items() if text}}
    body["factor"] = get("factor").strip()
    if active:
        body["active"] = active
    if level := get("min_level").strip():
        body["min_level"] = int(level) if re.fullmatch("[0-9]{1,2}", level) else level
    if rules := every("rules"):
        body["rules"] = rules
    if condition := get("condition").replace("\r\n", "\n").strip():
        body["condition"] = condition
    if get("review"):
        body["review"] = True
    return body


def at_fields(errors: FieldErrors) -> FieldErrors:
    """Reasons by path as reasons by field of the form."""
    found: FieldErrors = {}
    for path, texts in errors.items():
        parts = path.split(".")
        field = PLACES.get(path) or (parts[1] if parts[0] == "active" and len(parts) > 1 else parts[0])
        found.setdefault(PLACES.get(field, field), []).extend(texts)
    return found


def hours_of(text: str) -> list[list[int]]:
    """Spans of hours from text such as ``8-20, 22-24``. Raises Invalid."""
    spans = [part.strip() for part in re.split(r"[,，、;；]", text) if part.strip()]
    read = [_SPAN.fullmatch(span) for span in spans]
    if None in read:
        raise Invalid({"hours": [_("Must be hours such as 8-20, several separated by commas.")]})
    return [[int(one[1]), int(one[2])] for one in read if one is not None]
