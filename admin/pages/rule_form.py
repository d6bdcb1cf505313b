"""Pure: a rule document as an editor's form, and the form as a document.

The form holds text as it was typed: whatever is wrong with it goes into the document as it is and is refused
by the one reader of documents, whose reasons by path are put at the fields here (``field_of``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from admin.pages.condition_rows import Row, to_cel, to_rows
from admin.pages.rule_form_after import CLAWBACK, CORROBORATION, clawback_fields, clawback_part, corroboration_fields
from points.earning.event_types import STAGES

MOST_ROWS = 60
WRITTEN = (
    "event", "condition", "points", "caps", "diminishing", "active", "pending", "expiry", "stacking", "visibility",
    "clawback", "corroboration",
)  # fmt: skip
"""The parts of a document that the form writes; others are kept as they were."""
Pairs = list[tuple[str, str]]


@dataclass(slots=True)
class TableForm:
    """A look-up: ``kind`` ``equal`` or ``at_least`` with rows, or ``percent_of``, which has none."""

    kind: str = "equal"
    by: str = ""
    rows: Pairs = field(default_factory=list)


@dataclass(slots=True)
class RuleForm:
    """What the editor shows. ``base_kind``: ``equal``, ``at_least``, ``fixed`` or ``fact``."""

    event: str = ""
    condition_mode: str = "rows"
    rows: list[Row] = field(default_factory=list)
    condition: str = ""
    base_kind: str = "fixed"
    base: TableForm = field(default_factory=TableForm)
    base_fixed: str = ""
    base_fact: str = ""
    multipliers: list[TableForm] = field(default_factory=list)
    caps: list[dict[str, str]] = field(default_factory=list)
    diminishing: dict[str, str] = field(default_factory=dict)
    first_day: str = ""
    last_day: str = ""
    weekdays: list[str] = field(default_factory=list)
    hours: Pairs = field(default_factory=list)
    pending_kind: str = "none"
    pending_days: str = ""
    expiry_kind: str = "end_of_next_year"
    expiry_count: str = ""
    expiry_round_to: str = "none"
    stacking_mode: str = "sum"
    stacking_group: str = ""
    visibility: str = "public"
    clawback: dict[str, str] = field(default_factory=dict)
    corroboration: dict[str, str] = field(default_factory=dict)


def form_of(document: dict[str, Any]) -> RuleForm:
    """A stored document as a form."""
    points, active = document.get("points") or {}, document.get("active") or {}
    pending, expiry = document.get("pending") or {}, document.get("expiry") or {}
    stacking, base = document.get("stacking") or {}, points.get("base") or {}
    condition = str(document.get("condition") or "")
    rows = to_rows(condition)
    less = document.get("diminishing") or {}
    return RuleForm(
        event=str(document.get("event", "")),
        condition_mode="cel" if rows is None else "rows",
        rows=rows or [],
        condition=condition,
        base_kind=next((kind for kind in ("fixed", "fact", "at_least") if kind in base), "equal"),
        base=_table(base),
        base_fixed=_text(base.get("fixed")),
        base_fact=_text(base.get("fact")),
        multipliers=[_table(part) for part in points.get("multipliers") or []],
        caps=[{name: _text(cap.get(name)) for name in CAP} for cap in document.get("caps") or []],
        diminishing={
            "per": _text(less.get("per") or "day"),
            "factors": ", ".join(map(_text, less.get("factors") or [])),
            "then": _text(less.get("then", "0")),
        },
        first_day=_text(active.get("first_day")),
        last_day=_text(active.get("last_day")),
        weekdays=[_text(day) for day in active.get("weekdays") or []],
        hours=[(_text(span[0]), _text(span[1])) for span in active.get("hours") or []],
        pending_kind=_text(pending.get("kind") or "none"),
        pending_days=_text(pending.get("days")),
        expiry_kind=_text(expiry.get("kind") or "end_of_next_year"),
        expiry_count=_text(expiry.get("count")),
        expiry_round_to=_text(expiry.get("round_to") or "none"),
        stacking_mode=_text(stacking.get("mode") or "sum"),
        stacking_group=_text(stacking.get("group")),
        visibility=_text(document.get("visibility") or "public"),
        clawback=clawback_fields(document),
        corroboration=corroboration_fields(document),
    )


CAP = ("per", "period", "unit", "limit")


def document_of(form: RuleForm, kinds: dict[str, type], kept: dict[str, Any]) -> dict[str, Any]:
    """The form as a document; what it does not write is taken from ``kept``. Rows left empty are left out."""
    document = {name: part for name, part in kept.items() if name not in WRITTEN}
    document["event"] = form.event
    source = to_cel(form.rows, kinds) if form.condition_mode == "rows" else form.condition.replace("\r\n", "\n")
    if source.strip():
        document["condition"] = source
    base: dict[str, Any] = {"fixed": number(form.base_fixed)}
    if form.base_kind == "fact":
        base = {"fact": form.base_fact}
    elif form.base_kind != "fixed":
        form.base.kind = form.base_kind
        base = _table_part(form.base)
    document["points"] = {"base": base}
    if form.multipliers:
        document["points"]["multipliers"] = [_table_part(table) for table in form.multipliers]
    if form.caps:
        document["caps"] = [{**cap, "limit": number(cap["limit"])} for cap in form.caps]
    if form.diminishing.get("factors", "").strip():
        factors = [part.strip() for part in re.split(r"[,，、;\s]+", form.diminishing["factors"].strip()) if part]
        then = form.diminishing.get("then", "").strip()
        document["diminishing"] = {"per": form.diminishing.get("per", "day"), "factors": factors, "then": then}
    active = _active(form)
    if active:
        document["active"] = active
    document["pending"] = _with_count(form.pending_kind, "days", form.pending_days)
    document["expiry"] = _with_count(form.expiry_kind, "count", form.expiry_count)
    if form.expiry_kind in ("days", "months"):
        document["expiry"]["round_to"] = form.expiry_round_to
    best = form.stacking_mode == "best"
    document["stacking"] = {"mode": form.stacking_mode, **({"group": form.stacking_group.strip()} if best else {})}
    document["visibility"] = form.visibility
    clawback = clawback_part(form.clawback, kept.get("clawback"), number(form.clawback.get("appeal_days", "")))
    if clawback is not None:
        document["clawback"] = clawback
    if shares := {name: number(text) for name, text in form.corroboration.items() if text.strip()}:
        document["corroboration"] = shares
    return document


def number(text: str) -> int | str | None:
    """A whole number as one, other text as it is (the reader refuses what is none), None when empty."""
    text = text.strip()
    if re.fullmatch(r"-?[0-9]{1,18}", text):
        return int(text)
    return text or None


def natural(key: str) -> tuple[int, int, str]:
    """Orders the rows of a table as people would: stages by their course, numbers by size, then words."""
    if key in STAGES:
        return 0, STAGES.index(key), key
    whole = re.fullmatch(r"-?[0-9]{1,18}", key)
    return (1, int(key), "") if whole else (2, 0, key)


def read_form(get: Callable[[str], str], every: Callable[[str], list[str]], names: Iterable[str]) -> RuleForm:
    """What a browser sent: ``get`` a field's text, ``every`` value of a field, the ``names`` that were sent."""
    places = _places(names)
    plain = {name: get(name) for name in RuleForm.__dataclass_fields__ if name not in _LISTS}
    return RuleForm(
        **plain,
        rows=[Row(*(get(f"rows.{i}.{part}") for part in ("field", "sign", "value"))) for i in places("rows")],
        base=TableForm(plain["base_kind"], get("base.by"), [_pair(get, f"base.{i}") for i in places("base")]),
        multipliers=[
            TableForm(
                get(f"mult.{i}.kind") or "equal",
                get(f"mult.{i}.by"),
                [_pair(get, f"mult.{i}.{j}") for j in places(f"mult.{i}")],
            )
            for i in places("mult")
        ],
        caps=[{part: get(f"cap.{i}.{part}") for part in CAP} for i in places("cap")],
        diminishing={part: get(f"dim.{part}") for part in ("per", "factors", "then")},
        clawback={part: get(f"clawback.{part}") for part in CLAWBACK},
        corroboration={part: get(f"corroboration.{part}") for part in CORROBORATION},
        weekdays=every("weekdays"),
        hours=[_pair(get, f"hours.{i}") for i in places("hours")],
    )


def act_on(form: RuleForm, act: str) -> None:
    """Add or take away a row: ``add:rows``, ``del:mult:0``, ``add:mult:0`` (a row of it), ``del:mult:0:2``."""
    verb, _, rest = act.partition(":")
    name, *places = rest.split(":")
    numbers = [int(place) for place in places if place.isdigit() and len(place) < 4]
    tables: dict[str, list[Any]] = {
        "rows": form.rows, "base": form.base.rows, "mult": form.multipliers, "cap": form.caps, "hours": form.hours,
    }  # fmt: skip
    target = tables.get(name)
    if name == "mult" and numbers and (verb == "add" or len(numbers) > 1):
        target = form.multipliers[numbers[0]].rows if numbers[0] < len(form.multipliers) else None
        numbers, name = numbers[1:], "pair"
    if target is None:
        return
    if verb == "add" and len(target) < MOST_ROWS:
        empty: dict[str, Any] = {
            "rows": Row("", "==", ""),
            "mult": TableForm(rows=[("", "")]),
            "cap": {"per": "member", "period": "day", "unit": "points", "limit": ""},
        }
        target.append(empty.get(name, ("", "")))
    elif verb == "del" and numbers and numbers[-1] < len(target):
        del target[numbers[-1]]


_LISTS = ("rows", "base", "multipliers", "caps", "diminishing", "weekdays", "hours", "clawback", "corroboration")


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _table(part: dict[str, Any]) -> TableForm:
    if "percent_of" in part:
        return TableForm("percent_of", str(part["percent_of"]))
    by = str(part.get("by", ""))
    if "at_least" in part:
        return TableForm("at_least", by, [(_text(step), _text(value)) for step, value in part["at_least"]])
    rows = sorted((part.get("equal") or {}).items(), key=lambda row: natural(str(row[0])))
    return TableForm("equal", by, [(str(key), _text(value)) for key, value in rows])


def _table_part(table: TableForm) -> dict[str, Any]:
    if table.kind == "percent_of":
        return {"percent_of": table.by or "share"}
    rows = [(key.strip(), number(value)) for key, value in table.rows if key.strip() or value.strip()]
    if table.kind == "at_least":
        return {"by": table.by, "at_least": [[number(key), value] for key, value in rows]}
    return {"by": table.by, "equal": dict(rows)}


def _active(form: RuleForm) -> dict[str, Any]:
    active: dict[str, Any] = {name: getattr(form, name).strip() for name in ("first_day", "last_day")}
    active = {name: day for name, day in active.items() if day}
    if form.weekdays:
        active["weekdays"] = [number(day) for day in form.weekdays]
    spans = [[number(start), number(end)] for start, end in form.hours if start.strip() or end.strip()]
    return {**active, "hours": spans} if spans else active


def _with_count(kind: str, name: str, count: str) -> dict[str, Any]:
    return {"kind": kind, name: number(count)} if kind in ("days", "months") else {"kind": kind}


def _pair(get: Callable[[str], str], prefix: str) -> tuple[str, str]:
    return get(f"{prefix}.key"), get(f"{prefix}.value")


def _places(names: Iterable[str]) -> Callable[[str], list[int]]:
    listed = list(names)

    def places(prefix: str) -> list[int]:
        pattern = re.compile(rf"{re.escape(prefix)}\.([0-9]{{1,3}})\.")
        return sorted({int(match[1]) for name in listed if (match := pattern.match(name))})[:MOST_ROWS]

    return places
