"""Pure: at which field of the editor a reason stands."""

from __future__ import annotations

from admin.pages.rule_form import RuleForm, TableForm

_FIELDS = {
    "event": "event", "condition": "condition", "visibility": "visibility", "points": "base",
    "points.base.fixed": "base_fixed", "points.base.fact": "base_fact", "points.base.by": "base.by",
    "active.first_day": "first_day", "active.last_day": "last_day", "pending.kind": "pending_kind",
    "pending.days": "pending_days", "expiry.kind": "expiry_kind", "expiry.count": "expiry_count",
    "expiry.round_to": "expiry_round_to", "stacking.mode": "stacking_mode", "stacking.group": "stacking_group",
}  # fmt: skip


def field_of(path: str, form: RuleForm) -> str:
    """The form's field that a path of the document is about; ``form`` for what no field is about."""
    path = path.removeprefix("document.")
    if path in _FIELDS:
        return _FIELDS[path]
    parts = path.split(".")
    if parts[:2] == ["points", "base"] and len(parts) > 3:
        return _row_field("base", form.base, ".".join(parts[3:]), parts[2])
    if parts[:2] == ["points", "multipliers"] and len(parts) > 2 and parts[2].isdigit():
        place = int(parts[2])
        if len(parts) > 4 and place < len(form.multipliers):
            return _row_field(f"mult.{place}", form.multipliers[place], ".".join(parts[4:]), parts[3])
        return f"mult.{place}"
    if parts[0] == "caps" and len(parts) == 3:
        return f"cap.{parts[1]}.{parts[2]}"
    if path.startswith("active.hours."):
        return f"hours.{parts[2]}"
    if path.startswith("active.weekdays"):
        return "weekdays"
    if parts[0] in ("clawback", "corroboration"):
        return path if len(parts) > 1 else f"{path}.{'malice' if path == 'clawback' else 'first'}"
    if parts[0] == "diminishing":
        return "dim.then" if path == "diminishing.then" else "dim.factors"
    return "base" if parts[:2] == ["points", "base"] else "form"


def _row_field(prefix: str, table: TableForm, key: str, kind: str) -> str:
    if kind == "at_least" and key.split(".")[0].isdigit():
        return f"{prefix}.{key.split('.')[0]}"
    kept = [(place, pair) for place, pair in enumerate(table.rows) if any(pair)]
    return next((f"{prefix}.{place}.value" for place, pair in kept if pair[0].strip() == key), prefix)
