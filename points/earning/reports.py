"""Who of several members reported a case first, who corroborated it, and whose report is a duplicate.

Members of one source and case are told apart by the order in which their reports were booked: the first, those
that came before anything of the case was adopted (corroborating), and those that came afterwards (duplicates).
What a report is, it stays: a role is never taken from somebody who has been paid for it. Kept only while some
published rule has a part ``corroboration``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import psycopg

from mall.arrays import arrays
from points.standing.effectiveness import ADOPTED_STAGES

FIRST, CORROBORATING, DUPLICATE = "first", "corroborating", "duplicate"
# In one order for everybody, and after the wallets: nobody can wait for each other.
_LOCK = "SELECT pg_advisory_xact_lock(key) FROM unnest(%s::int8[]) AS n(key)"
_KNOWN = "SELECT subject_key, case_key, role FROM sources.reports WHERE subject_key = ANY(%s)"
_ADOPTED = """SELECT DISTINCT r.subject_key FROM sources.reports r
 JOIN sources.credit_events e ON e.case_key = r.case_key
 WHERE r.subject_key = ANY(%s) AND e.reversed_at IS NULL AND e.facts ->> 'stage' = ANY(%s)"""
_ADD = """INSERT INTO sources.reports (subject_key, case_key, role)
 SELECT * FROM unnest(%s::bytea[], %s::bytea[], %s::text[])"""


@dataclass(frozen=True, slots=True)
class Report:
    """A stage of a member's case of a subject, on its way through a booking."""

    subject_key: bytes
    case_key: bytes
    stage: str


def roles(cur: psycopg.Cursor[tuple], reports: Sequence[Report]) -> list[str]:
    """The role of each report, in the order booked; new ones are written down."""
    subjects = sorted({report.subject_key for report in reports})
    cur.execute(_LOCK, (sorted({int.from_bytes(key[:8], "big", signed=True) for key in subjects}),))
    known = {(subject, case): role for subject, case, role in cur.execute(_KNOWN, (subjects,))}
    reported = {subject for subject, _case in known}
    adopted = {subject for (subject,) in cur.execute(_ADOPTED, (subjects, sorted(ADOPTED_STAGES)))}
    new: list[tuple[bytes, bytes, str]] = []
    found: list[str] = []
    for report in reports:
        key = (report.subject_key, report.case_key)
        if key not in known:
            known[key] = role_of_new(report.subject_key in reported, report.subject_key in adopted)
            reported.add(report.subject_key)
            new.append((*key, known[key]))
        found.append(known[key])
        if report.stage in ADOPTED_STAGES:
            adopted.add(report.subject_key)
    if new:
        cur.execute(_ADD, arrays(new))
    return found


def role_of_new(reported: bool, adopted: bool) -> str:
    """What a member's first report of a case is."""
    if not reported:
        return FIRST
    return DUPLICATE if adopted else CORROBORATING
