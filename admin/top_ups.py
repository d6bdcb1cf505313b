"""Top-ups as the desk, its file and the API show them, and what staff decide about those that are stuck."""

from __future__ import annotations

from typing import Any

from catalog.topups.asking import open_target
from catalog.topups.orders import decide, top_ups_page
from catalog.wording import in_language
from mall import audit
from mall.crypto import keyring
from mall.http.call import Call
from mall.http.pagination import decode_cursor, page_of
from mall.http.principals import OWNER_ROLE
from mall.i18n import language

SEES_ACCOUNTS = frozenset({OWNER_ROLE, "fulfilment"})


def top_ups_wire(call: Call) -> dict[str, Any]:
    """The page of top-ups that the query asks for."""
    seen = decode_cursor(call.query.get("cursor"), str)
    limit = call.query["limit"]
    rows = top_ups_page(call.tx, call.query.get("state"), limit, seen[0] if seen else None)
    page = page_of(rows, limit, lambda row: (row[0].order_id,))
    with_account = call.staff.role in SEES_ACCOUNTS
    return {**page, "items": [top_up_wire(row, with_account) for row in page["items"]]}


def top_up_wire(row: Any, with_account: bool) -> dict[str, Any]:
    """A top-up as it is listed; its account only for those who send."""
    found, number, gift_name, quantity, order_status = row
    names = ("product", "state", "attempts", "next_at", "problem", "reference")
    body = {
        **{name: getattr(found, name) for name in names},
        "order": found.order_id, "number": number, "order_status": order_status, "quantity": quantity,
        "gift_name": in_language(gift_name, language()), "provider": found.provider_id,
    }  # fmt: skip
    account = open_target(keyring(), found.order_id, found.target_box) if with_account else None
    return body if account is None else {**body, "account": account}


def decide_and_note(call: Call, known: str, body: dict[str, Any]) -> None:
    """Settle a top-up as staff have decided, with a mark in the audit."""
    decide(call.tx, known, body["outcome"], body["reason"], call.staff.name, call.now)
    audit.record(call.tx, call.staff.name, "top_up.decided", f"order:{known}", body, call.now, call.request_id)
