"""The part of a gift's form that says what it costs in cash and whom a donation helps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from admin.pages.cash import cents_shown, cents_typed
from catalog.causes.causes import causes
from catalog.gifts.models import Gift
from catalog.payment.configured import can_be_paid, gateway, mall_currency
from catalog.wording import in_language
from mall.i18n import language


def terms_body(sent: Mapping[str, str]) -> dict[str, Any]:
    """The fields that were in the form, as the API takes them. Raises Invalid for cash that is no amount."""
    body: dict[str, Any] = {}
    if "cash" in sent:
        cents = cents_typed("cash", sent["cash"], mall_currency())
        body["cash"] = {"amount": cents, "currency": mall_currency()} if cents else None
    if "cause" in sent:
        body["cause"] = sent["cause"] or None
    return body


def terms_form(gift: Gift) -> dict[str, Any]:
    """The same fields of a gift, as the form shows them."""
    return {"cash": cents_shown(gift.cash_cents, gift.cash_currency), "cause": gift.cause_id}


def terms_choices(tx: Session, gift: Gift | None) -> dict[str, Any]:
    """What the form is to offer: causes, the currency, and whether cash can be taken at all."""
    shown = [given.cause for given in causes(tx, all_of_them=True)]
    listed = [one for one in shown if one.active or (gift is not None and gift.cause_id == one.id)]
    return {
        "causes": [(one.id, in_language(one.name, language())) for one in listed],
        "currency": mall_currency(),
        "takes_cash": gateway() is not None,
        "cash_refused": gift is not None and not can_be_paid(gift.cash_cents, gift.cash_currency),
    }
