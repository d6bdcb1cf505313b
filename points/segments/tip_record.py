"""Whether a member's tips come to something, for logins that may not read them.

The database's own function answers yes or no and nothing else (migration; design, section 7).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from mall.db import cursor
from points.earning.member_facts import window_start
from points.segments.filters import TipBounds
from points.standing.effectiveness import ADOPTED_STAGES, JUDGED_STAGES, PRIOR_ADOPTED, PRIOR_TIPS

_ASK = "SELECT tip_record_within(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"


def tips_meet(tx: Session, member_id: str, bounds: TipBounds, now: datetime) -> bool:
    """Whether effectiveness and adopted tips of a member's window lie within ``bounds``."""
    asked = (
        member_id, window_start(now), sorted(ADOPTED_STAGES), sorted(JUDGED_STAGES), PRIOR_ADOPTED, PRIOR_TIPS,
        bounds.percent_from, bounds.percent_to, bounds.adopted_from, bounds.adopted_to,
    )  # fmt: skip
    row = cursor(tx).execute(_ASK, asked).fetchone()
    return row is not None and bool(row[0])
