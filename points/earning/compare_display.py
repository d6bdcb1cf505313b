"""What the lines of a rule document are called, in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Callable

from flask_babel import gettext as _

from points.earning.compare import Difference
from points.earning.explain_display import fact_name, value_name

_NAMES: dict[str, Callable[[], str]] = {
    "event": lambda: _("Kind of event"),
    "condition": lambda: _("Condition"),
    "points.base.fixed": lambda: _("Points each time"),
    "points.base.fact": lambda: _("Points taken from"),
    "points.base.by": lambda: _("Points by"),
    "active.first_day": lambda: _("First day"),
    "active.last_day": lambda: _("Last day"),
    "active.weekdays": lambda: _("Weekdays"),
    "active.hours": lambda: _("Hours"),
    "pending.kind": lambda: _("Waiting before points can be spent"),
    "pending.days": lambda: _("Days of waiting"),
    "expiry.kind": lambda: _("Expiry"),
    "expiry.count": lambda: _("Expiry: how many"),
    "expiry.round_to": lambda: _("Expiry: rounded to the end of"),
    "stacking.mode": lambda: _("Together with other rules"),
    "stacking.group": lambda: _("Only the best of group"),
    "visibility": lambda: _("Visibility"),
    "diminishing.per": lambda: _("Less each time within a"),
    "diminishing.factors": lambda: _("Factors of the first ones"),
    "diminishing.then": lambda: _("Factor of all later ones"),
    "corroboration.first": lambda: _("Percent for the first report"),
    "corroboration.corroborating": lambda: _("Percent for a corroborating report"),
    "corroboration.duplicate": lambda: _("Percent for a duplicate"),
    "clawback": lambda: _("Taken back"),
    "clawback.good_faith": lambda: _("Taken back after an error in good faith"),
    "clawback.malice": lambda: _("Taken back after malice"),
    "clawback.appeal_days": lambda: _("Days to answer before malice costs points"),
    "title.zh": lambda: _("Name in Chinese"),
    "title.en": lambda: _("Name in English"),
    "name.zh": lambda: _("Name in Chinese"),
    "name.en": lambda: _("Name in English"),
    "factor": lambda: _("Multiplier"),
    "rules": lambda: _("Rules it is for"),
    "min_level": lambda: _("From level"),
    "review": lambda: _("Held for review"),
    "period": lambda: _("Budget period"),
    "limit_points": lambda: _("Budget in points"),
    "action": lambda: _("When it is used up"),
    "approve_above_award_points": lambda: _("Approval when one award may come to more than (points)"),
    "approve_above_minted_points": lambda: _("Approval when a back-test grants more than (points)"),
    "backtest_budget_points": lambda: _("Budget of all rules for 30 days in a back-test (points)"),
    "backtest_required": lambda: _("A draft must have been back-tested before it is submitted or published"),
}
_PARTS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"points\.base\.equal\.(.+)"), lambda part: _("Points for %(value)s", value=value_name(part[1]))),
    (re.compile(r"points\.base\.at_least\.(.+)"), lambda part: _("Points from %(step)s up", step=part[1])),
    (re.compile(r"points\.multipliers\.(\d+)\.by"), lambda part: _("Multiplier %(place)s by", place=part[1])),
    (
        re.compile(r"points\.multipliers\.(\d+)\.equal\.(.+)"),
        lambda part: _("Multiplier %(place)s for %(value)s", place=part[1], value=value_name(part[2])),
    ),
    (
        re.compile(r"points\.multipliers\.(\d+)\.at_least\.(.+)"),
        lambda part: _("Multiplier %(place)s from %(step)s up", place=part[1], step=part[2]),
    ),
    (
        re.compile(r"points\.multipliers\.(\d+)\.percent_of"),
        lambda part: _("Multiplier %(place)s: percent of", place=part[1]),
    ),
    (re.compile(r"caps\.(\d+)\.per"), lambda part: _("Limit %(place)s: for whom", place=part[1])),
    (re.compile(r"caps\.(\d+)\.period"), lambda part: _("Limit %(place)s: per", place=part[1])),
    (re.compile(r"caps\.(\d+)\.unit"), lambda part: _("Limit %(place)s: counts", place=part[1])),
    (re.compile(r"caps\.(\d+)\.limit"), lambda part: _("Limit %(place)s: at most", place=part[1])),
)


_WORDS: dict[tuple[str, str], Callable[[], str]] = {
    ("pending.kind", "none"): lambda: _("none"),
    ("pending.kind", "days"): lambda: _("some days"),
    ("pending.kind", "until_confirmed"): lambda: _("until somebody confirms"),
    ("expiry.kind", "end_of_next_year"): lambda: _("at the end of next year"),
    ("expiry.kind", "days"): lambda: _("after some days"),
    ("expiry.kind", "months"): lambda: _("after some months"),
    ("expiry.kind", "never"): lambda: _("never"),
    ("expiry.round_to", "none"): lambda: _("not rounded"),
    ("stacking.mode", "sum"): lambda: _("adds to the others"),
    ("stacking.mode", "best"): lambda: _("only the best counts"),
    ("visibility", "public"): lambda: _("public"),
    ("visibility", "confidential"): lambda: _("confidential"),
    ("period", "month"): lambda: _("per month"),
    ("period", "total"): lambda: _("in total"),
    ("action", "stop"): lambda: _("grants only what is left"),
    ("action", "pend"): lambda: _("awards wait until somebody confirms"),
    **{
        (path, truth): word
        for path in ("review", "backtest_required")
        for truth, word in (("true", lambda: _("yes")), ("false", lambda: _("no")))
    },
    **{
        (path, reach): word
        for path in ("clawback", "clawback.good_faith", "clawback.malice")
        for reach, word in (
            ("pending_only", lambda: _("only what still waits")),
            ("within_balance", lambda: _("what can be spent too")),
            ("into_debt", lambda: _("all of it, into debt")),
        )
    },
}
_LIMIT = re.compile(r"caps\.\d+")
_CODES: dict[tuple[str, str], Callable[[], str]] = {
    ("caps.per", "member"): lambda: _("each member"),
    ("caps.per", "all"): lambda: _("all members together"),
    ("caps.unit", "points"): lambda: _("points"),
    ("caps.unit", "times"): lambda: _("times"),
    **{
        (path, period): word
        for path in ("caps.period", "diminishing.per", "expiry.round_to")
        for period, word in (
            ("hour", lambda: _("hour")),
            ("day", lambda: _("day")),
            ("week", lambda: _("week")),
            ("month", lambda: _("month")),
            ("year", lambda: _("year")),
            ("total", lambda: _("in total")),
        )
    },
}


def line_name(path: str) -> str:
    """The name of a line; the path itself where there is none."""
    if path in _NAMES:
        return str(_NAMES[path]())
    for pattern, name in _PARTS:
        if (part := pattern.fullmatch(path)) is not None:
            return str(name(part))
    return path


def line_value(path: str, value: str | None) -> str | None:
    """A value of a line in words, where it is a word of the mall's own."""
    if value is None:
        return None
    if path.endswith((".by", ".fact", ".percent_of")):
        return fact_name(value)
    if path == "active.weekdays":
        return ", ".join(_weekday(part) for part in value.split(", "))
    word = _WORDS.get((path, value)) or _CODES.get((_LIMIT.sub("caps", path), value))
    return str(word()) if word is not None else value


def _weekday(number: str) -> str:
    names = {
        "1": _("Monday"), "2": _("Tuesday"), "3": _("Wednesday"), "4": _("Thursday"), "5": _("Friday"),
        "6": _("Saturday"), "7": _("Sunday"),
    }  # fmt: skip
    return str(names.get(number, number))


def told(difference: Difference) -> dict[str, str | None]:
    """A difference as a page or the API shows it."""
    path = difference.path
    return {
        "path": path,
        "label": line_name(path),
        "before": difference.before,
        "after": difference.after,
        "before_words": line_value(path, difference.before),
        "after_words": line_value(path, difference.after),
    }
