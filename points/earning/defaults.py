"""Pure: the rules of the community's charter, published in a new database (docs/api.md, "Reporting systems").

Migration 0005 publishes them, and a later one the milestones of check-ins; a test compares. Points last to the end of
the next calendar year. What reporting systems pay is confidential or carries the neutral label; only the check-in and
own quizzes name themselves on a statement.
"""

from __future__ import annotations

from typing import Any

_EXPIRY = {"kind": "end_of_next_year"}

DEFAULT_RULES: dict[str, dict[str, Any]] = {
    "tip-outcome": {
        "event": "tip.outcome",
        "points": {
            "base": {
                "by": "stage",
                "equal": {
                    "received": 2,
                    "adopted": 20,
                    "solved": 100,
                    "rejected": 0,
                    "overturned": 0,
                    "malicious": -50,
                },
            },
            "multipliers": [
                {"by": "grade", "equal": {"0": "1", "1": "1.2", "2": "1.5", "3": "2", "4": "2.5", "5": "3"}},
                {"percent_of": "share"},
            ],
        },
        "expiry": _EXPIRY,
        "visibility": "confidential",
    },
    "daily-check-in": {
        "event": "check.in",
        "points": {"base": {"by": "streak_day", "at_least": [[1, 5], [7, 30]]}},
        "expiry": _EXPIRY,
        "visibility": "public",
    },
    "check-in-streak": {
        "event": "streak.reached",
        "points": {"base": {"by": "streak", "equal": {"30": 50, "100": 200}}},
        "expiry": _EXPIRY,
        "visibility": "public",
    },
    "member-login": {
        "event": "member.login",
        "points": {"base": {"fixed": 1}},
        "expiry": _EXPIRY,
        "visibility": "public",
    },
    "quiz-result": {
        "event": "quiz.result",
        "points": {"base": {"by": "percent", "at_least": [[0, 0], [60, 10], [80, 20], [100, 30]]}},
        "expiry": _EXPIRY,
        "visibility": "public",
    },
    "activity-attended": {
        "event": "activity.attended",
        "points": {"base": {"fixed": 10}},
        "expiry": _EXPIRY,
        "visibility": "public",
    },
    "points-credit": {
        "event": "points.credit",
        "points": {"base": {"fact": "points"}},
        "expiry": _EXPIRY,
        "visibility": "confidential",
    },
}
