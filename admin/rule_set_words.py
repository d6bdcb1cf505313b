"""What the lines of the file's segments and redemption rules are called, in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Callable

from flask_babel import gettext as _

_RULE: dict[str, Callable[[], str]] = {
    "kind": lambda: _("Kind"),
    "gift": lambda: _("Gift"),
    "category": lambda: _("Category"),
    "segment": lambda: _("Segment"),
    "above_points": lambda: _("Only gifts that cost more points than"),
    "active": lambda: _("In force"),
    "per": lambda: _("For each"),
    "unit": lambda: _("Counted in"),
    "period": lambda: _("In"),
    "amount": lambda: _("At most"),
    "min_days": lambda: _("Days of membership at least"),
    "min_percent": lambda: _("Effectiveness of tips at least, in percent"),
    "members": lambda: _("Who may redeem"),
    "first_day": lambda: _("First day"),
    "last_day": lambda: _("Last day"),
    "weekdays": lambda: _("Weekdays"),
    "hours": lambda: _("Hours"),
}
_FACTS: dict[str, Callable[[], str]] = {
    "level": lambda: _("Level"),
    "days_of_membership": lambda: _("Days of membership"),
    "earned_points": lambda: _("Public points earned"),
    "effectiveness": lambda: _("Effectiveness in percent"),
    "adopted_tips": lambda: _("Adopted tips"),
    "joined": lambda: _("Member since"),
}
_BOUND = re.compile(r"filter\.(\w+)_(from|to)")


def fact_names(*wanted: str) -> dict[str, str]:
    """Facts that segments ask for, by their name in a filter; all of them when none is named."""
    return {fact: _FACTS[fact]() for fact in wanted or _FACTS}


def name_in(section: str, path: str) -> str | None:
    """The name of a line of a section; None: the line is called as in an earning rule."""
    if section == "redemption_rules" and path in _RULE:
        return _RULE[path]()
    if section == "segments" and path == "filter.households":
        return str(_("Households"))
    found = _BOUND.fullmatch(path) if section == "segments" else None
    if found is None or found[1] not in _FACTS:
        return None
    what = _FACTS[found[1]]()
    return str(_("%(what)s: from", what=what) if found[2] == "from" else _("%(what)s: up to", what=what))
