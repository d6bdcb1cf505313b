"""Awarding badges: figures of many members in a few statements, each badge once however many look at the same time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from sqlalchemy.orm import Session

from mall import outbox
from mall.clock import local_date
from mall.db import cursor
from points.badges.catalogue import BY_CODE, Progress, progress, reached
from points.badges.keep import KeptBadge, kept_badges
from points.checkin.records import streak_of
from points.standing.effectiveness import ADOPTED_STAGES

_MEMBERS = "SELECT id, created_at FROM members WHERE id = ANY(%s) AND status <> 'closed' ORDER BY id"
_CHECK_INS = """SELECT member_id, max(streak), count(*) FROM check_ins WHERE member_id = ANY(%s) GROUP BY 1"""
_QUIZZES = """SELECT member_id, count(DISTINCT quiz_id),
 count(DISTINCT quiz_id) FILTER (WHERE score = max_score AND max_score > 0) FROM quiz_attempts
 WHERE member_id = ANY(%s) AND submitted_at IS NOT NULL AND flag IS NULL GROUP BY 1"""
_TIPS = """SELECT coalesce(o.alias_of, o.id), count(*), count(*) FILTER (WHERE e.facts ->> 'stage' = 'solved')
 FROM members o JOIN sources.cases c ON c.member_id = o.id
 JOIN sources.credit_events e ON e.event_key = c.deciding_event
 WHERE (o.id = ANY(%(members)s) OR o.alias_of = ANY(%(members)s)) AND c.type = 'tip.outcome'
 AND e.facts ->> 'stage' = ANY(%(adopted)s) GROUP BY 1"""
_COUNTED = "SELECT member_id, fact, value FROM badge_figures WHERE member_id = ANY(%s)"
_EARNED = "SELECT code, earned_at FROM sources.member_badges WHERE member_id = %s ORDER BY earned_at DESC, code"
_EARN = """INSERT INTO sources.member_badges (member_id, code, earned_at)
 SELECT member_id, code, %s FROM unnest(%s::text[], %s::text[]) AS n(member_id, code)
 ON CONFLICT DO NOTHING RETURNING member_id, code"""
Cursor = psycopg.Cursor[tuple]


@dataclass(frozen=True, slots=True)
class Wall:
    """A member's badges. ``earned_at`` by code, the newest first; private ones only where they were asked for.

    ``kept``: every badge as staff keep it.
    """

    badges: list[Progress]
    earned_at: Mapping[str, datetime]
    kept: Mapping[str, KeptBadge]


def figures_of(cur: Cursor, member_ids: Sequence[str], now: datetime, zone: ZoneInfo) -> dict[str, dict[str, int]]:
    """The figures of each member that is not closed, by name."""
    listed, today = list(member_ids), local_date(now, zone)
    found = {
        member: {"membership_days": max(0, (today - local_date(since, zone)).days)}
        for member, since in cur.execute(_MEMBERS, (listed,)).fetchall()
    }
    asked = {"members": listed, "adopted": sorted(ADOPTED_STAGES)}
    statements: tuple[tuple[str, Any, tuple[str, str]], ...] = (
        (_CHECK_INS, (listed,), ("check_in_streak", "check_ins")),
        (_QUIZZES, (listed,), ("quizzes", "full_marks")),
        (_TIPS, asked, ("tips_adopted", "tips_solved")),
    )
    for statement, values, names in statements:
        for member, *counts in cur.execute(statement, values).fetchall():  # type: ignore[call-overload]
            found.get(member, {}).update(zip(names, counts, strict=True))
    for member, fact, value in cur.execute(_COUNTED, (listed,)).fetchall():
        found.get(member, {})[fact] = value
    return found


def award_badges(tx: Session, member_ids: Sequence[str], now: datetime, zone: ZoneInfo, *, quiet: bool = False) -> int:
    """Give members the badges that their figures are enough for; returns how many are new.

    A notice tells of each new one, unless ``quiet`` or the badge is private.
    """
    cur = cursor(tx)
    return _give(tx, figures_of(cur, member_ids, now, zone), kept_badges(tx), now, quiet)


def wall(tx: Session, member_id: str, now: datetime, zone: ZoneInfo, *, private: bool) -> Wall:
    """A member's badges as they are at this moment: what is reached now is given now."""
    cur, kept = cursor(tx), kept_badges(tx)
    figures = figures_of(cur, [member_id], now, zone)
    _give(tx, figures, kept, now, quiet=False)
    earned = {
        code: at
        for code, at in cur.execute(_EARNED, (member_id,)).fetchall()
        if code in BY_CODE and (private or not BY_CODE[code].private)
    }
    badges = [one.badge for one in kept.values()]
    # What is missing counts from the days in a row of now: the longest ones of the past are no step towards it.
    current = {"check_in_streak": streak_of(tx, member_id, local_date(now, zone))[0]}
    shown = figures.get(member_id, {}) | current
    return Wall(progress(shown, earned, private=private, badges=badges), earned, kept)


def public_badges(tx: Session, member_id: str) -> list[str]:
    """Codes of the earned badges that a profile may name."""
    rows = cursor(tx).execute(_EARNED, (member_id,)).fetchall()
    return [code for code, _at in rows if code in BY_CODE and not BY_CODE[code].private]


def _give(
    tx: Session, figures: Mapping[str, Mapping[str, int]], kept: Mapping[str, KeptBadge], now: datetime, quiet: bool
) -> int:
    badges = [one.badge for one in kept.values()]
    pairs = [(member, code) for member in sorted(figures) for code in reached(figures[member], badges)]
    if not pairs:
        return 0
    members, codes = zip(*pairs, strict=True)
    new = cursor(tx).execute(_EARN, (now, list(members), list(codes))).fetchall()
    for member, code in new:
        if not quiet and not BY_CODE[code].private:
            told = {"member": member, "kind": "badge.earned", "badge": code}
            called = kept[code].title
            outbox.publish(tx, "standing.told", told | ({"title": dict(called)} if called else {}), now)
    return len(new)
