"""What an entry of the audit trail says to people: its deed in words, and its details line by line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _


def deed_words(action: str) -> str:
    """``gift.changed`` as "Gift: changed"; empty for a code that has no words, which then stands alone."""
    noun, _dot, verb = action.partition(".")
    thing, done = _things().get(noun), _verbs().get(verb)
    return str(_("%(thing)s: %(done)s", thing=thing, done=done)) if thing and done else ""


def detail_lines(detail: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Name and value of each part of ``detail``, which is JSON, as text."""
    names = _names()
    return [(names.get(key, key), value_words(value)) for key, value in detail.items()]


def value_words(value: object) -> str:
    """A value of JSON as somebody would write it down."""
    if value is None or value in ("", [], {}):
        return "–"
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if isinstance(value, Mapping):
        return str(_("; ")).join(f"{key}: {value_words(part)}" for key, part in value.items())
    if isinstance(value, list):
        return str(_(", ")).join(value_words(part) for part in value)
    return str(value)


def _things() -> dict[str, str]:
    return {
        "activity": _("Activity"), "adjustment": _("Adjustment"), "adjustment_limits": _("Limits of adjustments"),
        "account": _("Member"), "announcement": _("Announcement"), "award": _("Award"), "badge": _("Badge"),
        "boards": _("Boards"), "budget": _("Budget"), "campaign": _("Campaign"), "category": _("Category"),
        "cause": _("Cause"), "check_in_settings": _("Check-ins"), "client": _("Reporting system"),
        "day_off": _("Day off"), "debit": _("Appeal"), "draw": _("Draw"), "drop": _("Drop"),
        "earning_rule": _("Earning rule"), "gift": _("Gift"), "label": _("Point label"), "levels": _("Levels"),
        "list": _("List"), "member": _("Member"), "order": _("Order"), "orders": _("Orders"),
        "pickup_point": _("Pickup point"), "prizes": _("Prizes of the month"), "question": _("Question"),
        "quiz": _("Quiz"), "quiz_category": _("Category of questions"), "redemption_rule": _("Redemption rule"),
        "rule_controls": _("Second-person limits"), "segment": _("Segment"), "staff": _("Staff"),
        "staff_security": _("Security and approvals"), "stock": _("Stock"), "tag": _("Tag"),
        "top_up_provider": _("Top-up provider"), "vouchers": _("Voucher codes"), "webhook": _("Webhook"),
    }  # fmt: skip


def _verbs() -> dict[str, str]:
    return {
        "added": _("added"), "announced": _("announced"), "approved": _("approved"), "cancelled": _("cancelled"),
        "changed": _("altered"), "closed": _("ended"), "created": _("created"), "deleted": _("deleted"),
        "disabled": _("switched off"), "discarded": _("given up"), "drafted": _("drafted"), "edited": _("edited"),
        "enabled": _("switched on"), "exported": _("downloaded"), "frozen": _("frozen"), "imported": _("imported"),
        "key_added": _("key added"), "key_revoked": _("key revoked"), "lifted": _("lifted"),
        "merge_requested": _("merge asked for"), "merged": _("merged"), "moved": _("moved"),
        "nickname_reset": _("nickname taken away"), "note_added": _("note added"), "off": _("switched off"),
        "otp_enrolled": _("authenticator set up"), "otp_reset": _("authenticator taken off"),
        "password_changed": _("password changed"), "password_reset": _("password reset"), "paused": _("paused"),
        "picture_added": _("picture added"), "picture_cut": _("picture cut"), "published": _("published"),
        "rejected": _("turned down"), "removed": _("removed"), "renamed": _("renamed"), "requested": _("asked for"),
        "restored": _("brought back"), "resumed": _("shown again"), "retired": _("ended"),
        "role_changed": _("role changed"), "rolled_back": _("brought back"), "saved": _("saved"), "set": _("set"),
        "shipped": _("shipped"), "signed_in": _("signed in"), "sources_read": _("sources read"),
        "submitted": _("submitted"), "tested": _("tested"), "unfrozen": _("unfrozen"),
        "variant_added": _("variant added"), "variant_changed": _("variant changed"), "written": _("written"),
    }  # fmt: skip


def _names() -> dict[str, str]:
    return {
        "action": _("what"), "after": _("after"), "before": _("before"), "changed": _("changed parts"),
        "count": _("count"), "document": _("content"), "events": _("events"), "fields": _("fields"),
        "filter": _("conditions"), "format": _("format"), "from": _("from"), "gift": _("gift"), "into": _("into"),
        "items": _("entries"), "kind": _("kind"), "lines": _("lines"), "member": _("Member"),
        "name": _("name"), "note": _("note"), "order": _("order"), "orders": _("orders"), "pieces": _("pieces"),
        "points": _("points"), "quantity": _("quantity"), "reason": _("reason"), "role": _("role"),
        "scopes": _("rights"), "state": _("state"), "status": _("state"), "title": _("title"), "to": _("to"),
        "version": _("version"),
    }  # fmt: skip
