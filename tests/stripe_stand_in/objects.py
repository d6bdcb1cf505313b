"""Stripe's objects as its API writes them: every field that its published description names."""

from __future__ import annotations

import json
import secrets
import time
from pathlib import Path
from typing import Any

SHAPES: dict[str, dict[str, str]] = json.loads((Path(__file__).parent / "shapes.json").read_text())["resources"]
EMPTY: dict[str, Any] = {"boolean": False, "array": [], "any": None}
Thing = dict[str, Any]


def new(kind: str, prefix: str, **fields: Any) -> Thing:
    """An object with all its fields: those not given are null, false or empty."""
    unknown = set(fields) - set(SHAPES[kind])
    assert not unknown, f"Stripe's {kind} has no {unknown}"
    blank = {name: EMPTY.get(what) for name, what in SHAPES[kind].items()}
    common = {"id": f"{prefix}_{secrets.token_hex(12)}", "object": kind, "created": int(time.time())}
    return {**blank, "metadata": {}, **common, **fields} if "metadata" in blank else {**blank, **common, **fields}


def session(form: Thing, page: str) -> Thing:
    """A Checkout Session as it is made. ``page``: where payment pages are."""
    amount = int(form["line_items[0][price_data][unit_amount]"]) * int(form["line_items[0][quantity]"])
    made = new(
        "checkout.session", "cs_test",
        amount_subtotal=amount, amount_total=amount, currency=form["line_items[0][price_data][currency]"],
        automatic_tax={"enabled": False, "liability": None, "provider": None, "status": None},
        client_reference_id=form.get("client_reference_id"), metadata=under(form, "metadata"),
        custom_text=dict.fromkeys(("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")),
        expires_at=int(form["expires_at"]), mode="payment", payment_method_types=["card", "alipay", "wechat_pay"],
        payment_status="unpaid", status="open", ui_mode="hosted_page", success_url=form["success_url"],
        cancel_url=form.get("cancel_url"),
    )  # fmt: skip
    made["url"] = f"{page}/pay/{made['id']}"
    return made


def intent(of: Thing, metadata: Thing) -> Thing:
    """The PaymentIntent of a session that is paid."""
    return new(
        "payment_intent", "pi",
        amount=of["amount_total"], amount_capturable=0, amount_received=of["amount_total"], currency=of["currency"],
        capture_method="automatic_async", confirmation_method="automatic", metadata=metadata,
        payment_method_types=of["payment_method_types"], status="succeeded",
        latest_charge=f"ch_{secrets.token_hex(12)}",
    )  # fmt: skip


def refund(form: Thing, of: Thing, amount: int, status: str) -> Thing:
    """A refund."""
    return new(
        "refund", "re", amount=amount, charge=of["latest_charge"], currency=of["currency"],
        metadata=under(form, "metadata"), payment_intent=of["id"], status=status,
    )  # fmt: skip


def dispute(of: Thing, amount: int) -> Thing:
    """A dispute as it begins."""
    return new(
        "dispute", "du", amount=amount, charge=of["latest_charge"], currency=of["currency"], payment_intent=of["id"],
        evidence={}, evidence_details={"due_by": None, "has_evidence": False, "past_due": False, "submission_count": 0},
        is_charge_refundable=False, reason="fraudulent", status="needs_response",
    )  # fmt: skip


def event(kind: str, about: Thing) -> Thing:
    """An event with its object as it is at this moment."""
    return new(
        "event", "evt", type=kind, data={"object": json.loads(json.dumps(about))}, pending_webhooks=1,
        api_version="2026-10-28.endive", request={"id": None, "idempotency_key": None},
    )  # fmt: skip


def under(form: Thing, name: str) -> Thing:
    """``name[key]`` of a form as an object."""
    return {key[len(name) + 1 : -1]: value for key, value in form.items() if key.startswith(f"{name}[")}
