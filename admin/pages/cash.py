"""Cash in the back office's forms: typed as people write it (19.90), kept in minor units."""

from __future__ import annotations

import re
from decimal import Decimal

from babel.numbers import get_currency_precision
from flask_babel import gettext as _

from mall.errors import Invalid

_AMOUNT = re.compile(r"[0-9]{1,9}(\.[0-9]{1,3})?")


def cents_typed(field: str, text: str, currency: str) -> int | None:
    """What was typed into ``field``, in minor units; None when it was left empty. Raises Invalid naming it."""
    typed = text.strip()
    if not typed:
        return None
    if _AMOUNT.fullmatch(typed):
        cents = Decimal(typed).scaleb(get_currency_precision(currency))
        if cents == cents.to_integral_value():
            return int(cents)
    raise Invalid({field: [_("Must be an amount such as 19.90.")]})


def cents_shown(cents: int | None, currency: str | None) -> str:
    """Minor units as they are typed."""
    if cents is None or currency is None:
        return ""
    places = get_currency_precision(currency)
    return f"{Decimal(cents).scaleb(-places):.{places}f}"
