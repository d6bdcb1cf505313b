"""In about how many days a member has the points that are missing for a gift."""

from __future__ import annotations

from datetime import datetime

from mall.db import Login, run_autocommit
from mall.http.principals import MemberPrincipal
from points.checkin.outlook import outlook
from points.checkin.pace import Outlook

LONGEST = 365
"""Days beyond which a guess is no help."""


def days_ahead(member: MemberPrincipal, missing: int, now: datetime) -> Outlook | None:
    """The outlook for a member who may earn; None when nothing is missing or it is more than a year.

    A read of its own under the login that earns: the login that redeems may not read the rules.
    """
    if missing <= 0 or member.suspended:
        return None
    found = run_autocommit(Login.EARNING, lambda tx: outlook(tx, member.member_id, missing, now))
    return found if found is not None and found.days <= LONGEST else None
