"""The demo's redemption rules."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.gifts.models import Gift
from catalog.rules.keep import create_rule, redemption_rules
from mall.db import Login, run_tx
from points.earning.versions import By

ACTOR = "demo"


def load_redemption_rules(path: Path, now: datetime) -> tuple[int, int]:
    """Make the rules where there is none at all; returns how many the file has and how many are new."""
    wanted = json.loads(path.read_text(encoding="utf-8"))

    def work(tx: Session) -> int:
        if redemption_rules(tx):
            return 0
        for fields in wanted:
            code = fields.get("gift")
            gift = code and tx.scalar(select(Gift.id).where(Gift.code == code))
            create_rule(tx, {**fields, "gift": gift}, By(ACTOR, True, now))
        return len(wanted)

    return len(wanted), run_tx(Login.BACKOFFICE, work)
