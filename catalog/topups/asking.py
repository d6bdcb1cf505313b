"""What an order asks to be topped up: checked, encrypted, and read again."""

from __future__ import annotations

import json
from dataclasses import dataclass

from flask_babel import gettext as _

from catalog.topups.states import clean_target
from mall.crypto import Keyring
from mall.errors import Invalid

PURPOSE = "top-up-target"


def checked_target(top_up: dict[str, str] | None, target: str | None) -> str | None:
    """The account of an order as it is kept, None for gifts that need none. Raises Invalid naming ``target``."""
    if top_up is None:
        if target is not None:
            raise Invalid({"target": [_("This gift is no top-up.")]})
        return None
    if target is None:
        raise Invalid({"target": [_("Please say which account is to be topped up.")]})
    clean = clean_target(top_up["target"], target)
    if clean is None:
        raise Invalid(
            {"target": [_("This is no phone number.") if top_up["target"] == "phone" else _("Invalid value.")]}
        )
    return clean


@dataclass(frozen=True, slots=True)
class SealedTopUp:
    """What an order asks for, as it is stored: of whom, which product, and the account, encrypted."""

    provider_id: str
    product: str
    target_box: bytes


def seal_top_up(ring: Keyring, order_id: str, top_up: dict[str, str], target: str) -> SealedTopUp:
    """What an order asks for; the order's id is inside the box, so that a box in another row is found out."""
    box = ring.encrypt(PURPOSE, json.dumps([order_id, target]).encode())
    return SealedTopUp(top_up["provider"], top_up["product"], box)


def open_target(ring: Keyring, order_id: str, box: bytes | None) -> str | None:
    """The account of an order; None once it is deleted."""
    if box is None:
        return None
    owner, target = json.loads(ring.decrypt(PURPOSE, box))
    assert owner == order_id, "a target in a row that is not its own"
    return str(target)
