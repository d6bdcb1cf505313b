"""A redemption rule as a form: its fields as text, and back as the body of the API."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import gettext as _

from admin.pages.campaign_form import hours_of
from admin.pages.forms import optional_figure
from catalog.rules.keep import OPTIONAL, REQUIRED

PLACES = {"name": "name.zh"}
WHOLE = ("amount", "min_level", "min_days", "min_percent", "above_points")
PLAIN = ("per", "unit", "period", "segment", "members", "first_day", "last_day")
FIELDS = ("name.zh", "name.en", "scope", *WHOLE, *PLAIN, "hours", "active")


def form_of(fields: Mapping[str, Any]) -> dict[str, Any]:
    """A rule's fields as text; ``scope`` is ``gift:…``, ``category:…`` or empty for everything."""
    name = fields.get("name") or {}
    scope = next((f"{what}:{fields[what]}" for what in ("gift", "category") if fields.get(what)), "")
    form = {field: str(fields.get(field) or "") for field in (*WHOLE, *PLAIN)}
    return {
        **form, "name.zh": name.get("zh", ""), "name.en": name.get("en", ""), "scope": scope,
        "weekdays": [str(day) for day in fields.get("weekdays") or []],
        "hours": ", ".join(f"{start}-{end}" for start, end in fields.get("hours") or []),
        "active": bool(fields.get("active", True)),
    }  # fmt: skip


def body_of(kind: str, get: Callable[[str], str], every: Callable[[str], list[str]]) -> dict[str, Any]:
    """The body of the API that a form of that kind means; what is left empty is null. Raises Invalid."""
    name = {language: get(f"name.{language}").strip() for language in ("zh", "en")}
    what, _colon, chosen = get("scope").partition(":")
    body: dict[str, Any] = {
        "name": {language: text for language, text in name.items() if text}, "active": get("active") == "1",
        "gift": chosen if what == "gift" else None, "category": chosen if what == "category" else None,
        "above_points": optional_figure(get("above_points")),
    }  # fmt: skip
    for field in (*REQUIRED[kind], *OPTIONAL.get(kind, ())):
        if field in WHOLE:
            body[field] = optional_figure(get(field))
        elif field in PLAIN:
            body[field] = get(field).strip() or None
    if kind == "blackout":
        body["weekdays"] = [int(day) if re.fullmatch("[0-9]", day) else day for day in every("weekdays")]
        body["hours"] = hours_of(get("hours"))
    return body


def at_fields(errors: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Reasons by path as reasons by field of the form."""
    found: dict[str, list[str]] = {}
    for path, texts in errors.items():
        field = path.split(".")[0]
        place = "scope" if field in ("gift", "category") else PLACES.get(field, field)
        found.setdefault(place, []).extend(texts)
    return found


def kind_names() -> dict[str, Any]:
    """Kinds of rules, and what each is good for."""
    return {
        "limit": (_("Limit"), _("So many pieces or points an hour, day, week, month, year or in all.")),
        "level": (_("Minimum level"), _("Only from a level upwards.")),
        "membership": (_("Days of membership"), _("Newcomers wait some days.")),
        "effectiveness": (_("Minimum effectiveness"), _("Only for those whose tips are effective.")),
        "segment": (_("Segment"), _("Only for the members of a segment, or for all but them.")),
        "blackout": (_("Blackout"), _("Not on some days, weekdays or hours.")),
        "debt": (_("Debt"), _("Not while the member, or anybody of the household, owes points.")),
    }
