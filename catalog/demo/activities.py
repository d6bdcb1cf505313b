"""The demo's activities: one that is on the whole day, two to come."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from mall.clock import day_start, local_date
from mall.db import Login, run_tx
from points.activities.keep import create_activity
from points.activities.models import Activity
from points.earning.versions import By

ACTOR = "demo"


def load_activities(path: Path, now: datetime, zone: ZoneInfo) -> tuple[int, int]:
    """Make the activities that are missing, by title; returns how many there are and how many are new.

    Their days count from the day on which they are made.
    """
    wanted: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    by = By(ACTOR, True, now, None)

    def work(tx: Session) -> int:
        known = [row.title for row in tx.scalars(select(Activity).where(Activity.created_by == ACTOR))]
        missing = [fields for fields in wanted if fields["title"] not in known]
        for fields in missing:
            day = day_start(local_date(now, zone) + timedelta(days=fields["days"]), zone)
            starts_at = day + timedelta(hours=fields["hour"])
            times = {"starts_at": starts_at, "ends_at": starts_at + timedelta(hours=fields["hours"])}
            kept = {name: fields[name] for name in ("title", "about", "place", "sign_up_needed", "capacity")}
            create_activity(tx, {**kept, **times, "state": "published"}, by)
        return len(missing)

    return len(wanted), run_tx(Login.BACKOFFICE, work)
