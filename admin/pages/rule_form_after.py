"""Pure: what becomes of an award later, as fields of the editor: taken back, or split with other reports."""

from __future__ import annotations

from typing import Any

REACH = ("good_faith", "malice")
CLAWBACK = (*REACH, "appeal_days")
CORROBORATION = ("first", "corroborating", "duplicate")
USUAL = "into_debt"


def clawback_fields(document: dict[str, Any]) -> dict[str, str]:
    """``good_faith``, ``malice`` and ``appeal_days`` as text; what a document leaves out as it is meant."""
    part = document.get("clawback")
    if isinstance(part, str):
        return {"good_faith": part, "malice": part, "appeal_days": ""}
    part = part or {}
    reach = {name: str(part.get(name) or USUAL) for name in REACH}
    return {**reach, "appeal_days": str(part.get("appeal_days") or "")}


def clawback_part(fields: dict[str, str], kept: Any, days: int | str | None) -> Any:
    """The part of the document, None for none. ``kept``: as the document had it, which is left when it says the
    same; ``days``: the appeal days as a number, or as typed."""
    given = {name: fields.get(name) or USUAL for name in REACH}
    if kept is not None and clawback_fields({"clawback": kept}) == {**given, "appeal_days": str(days or "")}:
        return kept
    if days:
        return {**given, "appeal_days": days}
    return None if set(given.values()) == {USUAL} else given


def corroboration_fields(document: dict[str, Any]) -> dict[str, str]:
    """Percents as text; empty for a rule that does not tell reports apart."""
    part = document.get("corroboration")
    if part is None:
        return dict.fromkeys(CORROBORATION, "")
    return {name: str(part.get(name, 100)) for name in CORROBORATION}
