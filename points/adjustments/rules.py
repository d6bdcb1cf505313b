"""Pure: what may be asked for by hand."""

from __future__ import annotations

REASONS = ("goodwill", "service_failure", "source_error", "fraud", "duplicate", "lost_points", "hardship")
"""Why points are adjusted or forgiven; a note says more."""
KINDS = ("adjustment", "write_off")
MOST_POINTS = 100_000
"""The most that one adjustment may give, take or forgive."""
MOST_OPEN_POINTS = 300_000
"""The most that what one person asked for and nobody decided yet may come to, given and taken alike."""
