"""Pure: what may be asked for by hand, and who may decide."""

from __future__ import annotations

REASONS = ("goodwill", "service_failure", "source_error", "fraud", "duplicate", "lost_points", "hardship")
"""Why points are adjusted or forgiven; a note says more."""
KINDS = ("adjustment", "write_off")
STATES = ("requested", "approved", "rejected")
MOST_POINTS = 100_000
"""The most that one adjustment may give, take or forgive."""
MOST_OPEN_POINTS = 300_000
"""The most that what one person asked for and nobody decided yet may come to, given and taken alike."""


def refusal(requested_by: str, decided_by: str, state: str) -> str | None:
    """The code of why somebody may not decide a request; None when they may."""
    if state != "requested":
        return "already_decided"
    return "own_request" if requested_by == decided_by else None
