"""What make-up cards cost and do: staff set it, the audit trail keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from mall import audit
from points.checkin.models import CheckInSettings
from points.earning.versions import By

NAMES = ("card_price_points", "repair_days", "most_cards", "card_every_days", "repaired_day_pays")


def change_settings(tx: Session, changes: Mapping[str, Any], by: By) -> CheckInSettings:
    """Set what ``changes`` names; it counts from now on."""
    found = tx.get_one(CheckInSettings, 1, with_for_update=True)
    told = {name: [getattr(found, name), value] for name, value in changes.items() if getattr(found, name) != value}
    for name, value in changes.items():
        setattr(found, name, value)
    tx.flush()
    if told:
        audit.record(tx, by.name, "check_in_settings.changed", "check-in-settings", told, by.now, by.request_id)
    return found
