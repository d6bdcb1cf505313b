"""A rule document in plain words, line by line, and as a table of what it pays; choices for the editor in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from admin.pages.condition_rows import Row, to_rows
from admin.pages.rule_form import natural
from points.earning.compare_display import line_value
from points.earning.conditions import known_facts
from points.earning.documents import DocumentInvalid, RuleDocument, read_document
from points.earning.event_types import EVENT_TYPES, STAGES
from points.earning.explain_display import fact_name, value_name
from points.earning.formulas import Formula, Table, plain, round_half_up
from points.earning.periods import Active

Choices = list[tuple[str, str]]
MOST_COLUMNS = 8


@dataclass(frozen=True, slots=True)
class Grid:
    """What is paid: a row for each value of ``row_fact``, a column for each of ``column_fact`` (may be empty)."""

    row_fact: str
    column_fact: str
    columns: list[str]
    rows: list[tuple[str, list[int]]]


def event_name(event: str) -> str:
    """A kind of event in words."""
    return dict(event_choices()).get(event, event)


def event_choices() -> Choices:
    """Kinds of events."""
    words = {
        "tip.outcome": _("Outcome of a tip"),
        "member.login": _("Login reported by another system"),
        "quiz.result": _("Quiz result"),
        "activity.attended": _("Activity attended"),
        "points.credit": _("Points that the source states"),
        "check.in": _("Daily check-in"),
        "streak.reached": _("Days in a row reached"),
    }
    return [(name, words.get(name, name)) for name in EVENT_TYPES]


def field_name(name: str) -> str:
    """A fact in words."""
    words = {
        "share": _("share in percent"),
        "score": _("score"),
        "max_score": _("highest score"),
        "percent": _("score in percent"),
        "points": _("points stated"),
        "streak": _("days in a row"),
        "streak_day": _("day of the streak"),
        "hour": _("hour of the day"),
    }
    return str(words.get(name) or fact_name(name))


def field_choices(event: str) -> Choices:
    """Facts that a rule about ``event`` may look at."""
    return [(name, field_name(name)) for name in known_facts(event)] if event in EVENT_TYPES else []


def value_choices(name: str) -> Choices | None:
    """The values of a fact that has a few, None for others."""
    if name == "stage":
        return [(stage, value_name(stage)) for stage in STAGES]
    return [(str(day), text) for day, text in enumerate(weekday_names(), 1)] if name == "weekday" else None


def weekday_names() -> list[str]:
    """Monday first."""
    return [_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday")]


def sign_choices() -> Choices:
    """Comparisons in words."""
    return [
        ("==", _("is")), ("!=", _("is not")), (">=", _("is at least")), ("<=", _("is at most")),
        (">", _("is more than")), ("<", _("is less than")),
    ]  # fmt: skip


def period_name(period: str) -> str:
    """A period of a cap in words."""
    words = {
        "hour": _("hour"), "day": _("day"), "week": _("week"), "month": _("month"), "total": _("in total"),
    }  # fmt: skip
    return str(words.get(period, period))


def shown_value(name: str, value: str) -> str:
    """A fact's value in words."""
    return dict(value_choices(name) or []).get(value, value)


def row_words(row: Row) -> str:
    """``grade is at least 1``."""
    sign = dict(sign_choices()).get(row.sign, row.sign)
    return f"{field_name(row.field)} {sign} {shown_value(row.field, row.value)}"


def sentences(document: dict[str, Any]) -> list[tuple[str, str]]:
    """The document as pairs of what a line is about and what it says; empty for one that cannot be read."""
    try:
        read = read_document(document)
    except DocumentInvalid:
        return []
    lines = [(_("When"), event_name(read.event_type))]
    if read.condition.source.strip():
        rows = to_rows(read.condition.source)
        told = read.condition.source if rows is None else _joined(map(row_words, rows), " 且 ", " and ")
        lines.append((_("Only if"), told))
    first, *more = _formula(read.formula)
    lines += [(_("Points"), first), *((_("Multiplied"), told) for told in more)]
    lines += _limits(read)
    lines += _windows(read)
    lines.append((_("Spendable"), _pending(read)))
    lines.append((_("Valid"), _expiry(read)))
    if read.clawback.limited:
        lines.append((_("Taken back"), _clawback(read)))
    together = _("adds to what other rules pay")
    if read.best_of is not None:
        together = _("only the best of the group “%(group)s” counts", group=read.best_of)
    lines.append((_("Together"), together))
    told = _("the statement does not say what for") if read.confidential else _("the statement names it")
    lines.append((_("Visibility"), told))
    return lines


def grid(document: dict[str, Any]) -> Grid | None:
    """What a document pays in whole points, by the values of its base table and its first multiplier."""
    try:
        formula = read_document(document).formula
    except DocumentInvalid:
        return None
    if formula.table is None:
        return None
    base, factor = formula.table, next((part for part in formula.multipliers if isinstance(part, Table)), None)
    if factor is not None and len(_steps(factor)) > MOST_COLUMNS:
        factor = None
    columns = [_step_words(factor, step) for step, _value in _steps(factor)] if factor else []
    rows = []
    for step, value in _steps(base):
        factors = [number for _step, number in _steps(factor)] if factor and value > 0 else []
        paid = [round_half_up(value * number) for number in factors] or [round_half_up(value)] * max(1, len(columns))
        rows.append((_step_words(base, step), paid))
    return Grid(field_name(base.by), field_name(factor.by) if factor else "", columns, rows)


def _joined(parts: Iterable[str], chinese: str = "；", other: str = "; ") -> str:
    """A list in the reader's punctuation."""
    return (chinese if get_locale().language == "zh" else other).join(parts)


def _steps(table: Table) -> list[tuple[str, Decimal]]:
    if table.equal is not None:
        return sorted(table.equal.items(), key=lambda step: natural(step[0]))
    return [(plain(step), value) for step, value in table.at_least]


def _step_words(table: Table, step: str) -> str:
    return shown_value(table.by, step) if table.equal is not None else str(_("from %(step)s", step=step))


def _formula(formula: Formula) -> list[str]:
    told = []
    if formula.fixed is not None:
        told.append(_("%(points)s each time", points=plain(formula.fixed)))
    elif formula.fact is not None:
        told.append(_("as many as %(fact)s says", fact=field_name(formula.fact)))
    elif formula.table is not None:
        told.append(_("by %(fact)s: %(rows)s", fact=field_name(formula.table.by), rows=_table(formula.table, "")))
    for part in formula.multipliers:
        if isinstance(part, Table):
            told.append(_("by %(fact)s: %(rows)s", fact=field_name(part.by), rows=_table(part, "× ")))
        else:
            told.append(_("times the %(fact)s", fact=field_name(part)))
    return told


def _table(table: Table, sign: str) -> str:
    return _joined(f"{_step_words(table, step)} {sign}{plain(value)}" for step, value in _steps(table))


def _limits(read: RuleDocument) -> list[tuple[str, str]]:
    lines = []
    for cap in read.caps:
        values = {"limit": f"{cap.limit:,}", "period": period_name(cap.period)}
        who = _("each member") if cap.per == "member" else _("all members together")
        unit = _("points") if cap.unit == "points" else _("times")
        every = _("in total") if cap.period == "total" else _("per %(period)s", period=values["period"])
        lines.append(
            (_("At most"), _("%(limit)s %(unit)s %(every)s for %(who)s", unit=unit, every=every, who=who, **values))
        )
    if read.diminishing is not None:
        factors = _joined(f"× {plain(factor)}" for factor in read.diminishing.factors)
        told = _("the first of a %(period)s %(factors)s, later ones × %(then)s", factors=factors,
                 period=period_name(read.diminishing.per), then=plain(read.diminishing.then))  # fmt: skip
        lines.append((_("Less each time"), told))
    return lines


def _windows(read: RuleDocument) -> list[tuple[str, str]]:
    told = window_words(read.active)
    return [(_("Pays in"), told)] if told else []


def window_words(active: Active) -> str:
    """Dates, weekdays and hours in plain words; empty for always."""
    told = []
    if active.first_day is not None:
        told.append(_("from %(day)s", day=active.first_day.isoformat()))
    if active.last_day is not None:
        told.append(_("until %(day)s inclusive", day=active.last_day.isoformat()))
    if active.weekdays:
        names = weekday_names()
        told.append(_joined((names[day - 1] for day in sorted(active.weekdays)), "、", ", "))
    told += [_("from %(start)s:00 to %(end)s:00", start=start, end=end) for start, end in active.hours]
    return _joined(told)


def _clawback(read: RuleDocument) -> str:
    reach = read.clawback
    told = [
        _("after an error in good faith: %(reach)s", reach=line_value("clawback", reach.good_faith)),
        _("after malice: %(reach)s", reach=line_value("clawback", reach.malice)),
    ]
    if reach.appeal_days:
        told.append(ngettext("%(num)s day to answer", "%(num)s days to answer", reach.appeal_days))
    return _joined(told)


def _pending(read: RuleDocument) -> str:
    if read.pending.kind == "days":
        return str(ngettext("after %(num)s day", "after %(num)s days", read.pending.days))
    return str(_("once somebody has confirmed") if read.pending.kind == "until_confirmed" else _("at once"))


def _expiry(read: RuleDocument) -> str:
    expiry = read.expiry
    if expiry.kind == "never":
        return str(_("for ever"))
    if expiry.kind == "end_of_next_year":
        return str(_("until the end of next year"))
    if expiry.kind == "days":
        told = ngettext("%(num)s day", "%(num)s days", expiry.count)
    else:
        told = ngettext("%(num)s month", "%(num)s months", expiry.count)
    rounded = {"month": _("rounded to the end of the month"), "year": _("rounded to the end of the year")}
    return _joined([told, rounded[expiry.round_to]], "，", ", ") if expiry.round_to in rounded else told
