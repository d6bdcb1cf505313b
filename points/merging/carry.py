"""What follows a merge of accounts: points that came back to the old book, what counts for levels and badges, and
where the person has been already: quizzes sat and activities attended are not had once more.

A merge moves what can be spent at its moment. Held points stay with their order until that ends; a credit that was
being booked meanwhile is in the old book too. Both are carried over as soon as they are there.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from mall.db import cursor
from points.ledger.books import open_books
from points.ledger.merge import merge_books

AT_ONCE = 200
REF = "carried"

_LEFT = f"""SELECT m.id, m.alias_of FROM members AS m JOIN ledger.wallets AS w ON w.member_id = m.id
 WHERE m.alias_of IS NOT NULL AND (w.available > 0 OR w.pending > 0 OR w.debt > 0) AND m.id > %s
 ORDER BY m.id LIMIT {AT_ONCE}"""
_STANDINGS = f"""SELECT s.member_id, m.alias_of, s.public_points FROM standings AS s
 JOIN members AS m ON m.id = s.member_id WHERE m.alias_of IS NOT NULL AND s.public_points <> 0
 ORDER BY s.member_id LIMIT {AT_ONCE} FOR UPDATE OF s"""
_ADD = """INSERT INTO standings AS s (member_id, public_points)
 SELECT member_id, sum(points)::int8 FROM unnest(%s::text[], %s::int8[]) AS n(member_id, points)
 GROUP BY 1 ORDER BY 1 ON CONFLICT (member_id) DO UPDATE SET public_points = s.public_points + excluded.public_points"""
_CLEAR = "UPDATE standings SET public_points = 0 WHERE member_id = ANY(%s)"
_BADGES = """INSERT INTO sources.member_badges (member_id, code, earned_at)
 SELECT m.alias_of, b.code, min(b.earned_at) FROM members AS m JOIN sources.member_badges AS b ON b.member_id = m.id
 WHERE m.alias_of IS NOT NULL AND NOT EXISTS (SELECT 1 FROM sources.member_badges AS o
  WHERE o.member_id = m.alias_of AND o.code = b.code)
 GROUP BY 1, 2 ON CONFLICT DO NOTHING"""
_BOARDS = "DELETE FROM board_members WHERE member_id IN (SELECT id FROM members WHERE alias_of IS NOT NULL)"

# One result of a member's at a quiz waits at a time: a second one follows once the first is decided on.
_ATTEMPTS = """UPDATE quiz_attempts AS q SET member_id = m.alias_of FROM members AS m
 WHERE m.id = q.member_id AND m.alias_of IS NOT NULL AND (q.review IS DISTINCT FROM 'waiting' OR NOT EXISTS (
  SELECT 1 FROM quiz_attempts AS o JOIN members AS p ON p.id = o.member_id
  WHERE o.quiz_id = q.quiz_id AND o.review = 'waiting' AND coalesce(p.alias_of, p.id) = m.alias_of
   AND (o.member_id = m.alias_of OR o.id < q.id)))"""
# Of two merged accounts that were at one activity, the one who was there counts.
_PRESENCE = """INSERT INTO participations AS p (activity_id, member_id, signed_up_at, attended_at, marked_by)
 SELECT DISTINCT ON (m.alias_of, o.activity_id) o.activity_id, m.alias_of, o.signed_up_at, o.attended_at, o.marked_by
 FROM participations AS o JOIN members AS m ON m.id = o.member_id WHERE m.alias_of IS NOT NULL
 ORDER BY m.alias_of, o.activity_id, o.attended_at NULLS LAST
 ON CONFLICT (activity_id, member_id) DO UPDATE SET signed_up_at = coalesce(p.signed_up_at, excluded.signed_up_at),
  attended_at = coalesce(p.attended_at, excluded.attended_at),
  marked_by = CASE WHEN p.attended_at IS NULL THEN excluded.marked_by ELSE p.marked_by END"""
_OLD_PRESENCE = "DELETE FROM participations WHERE member_id IN (SELECT id FROM members WHERE alias_of IS NOT NULL)"


def left_behind(tx: Session, after: str) -> list[tuple[str, str]]:
    """Merged accounts in whose books something stands, with what they were merged into, by id after ``after``."""
    return [(row[0], row[1]) for row in cursor(tx).execute(_LEFT, (after,))]


def carry_points(tx: Session, source_id: str, target_id: str, now: datetime) -> int:
    """Move what stands in the old book to the new one; returns the points moved."""
    with open_books(tx, [source_id, target_id], now) as books:
        return merge_books(books[source_id], books[target_id], REF)


def carry_standing(tx: Session) -> int:
    """Public points and badges go to the account that stays; on boards that account shows or not, as it chose.

    Returns how many accounts had public points.
    """
    cur = cursor(tx)
    found = cur.execute(_STANDINGS).fetchall()
    if found:
        cur.execute(_ADD, ([row[1] for row in found], [row[2] for row in found]))
        cur.execute(_CLEAR, ([row[0] for row in found],))
    cur.execute(_BADGES)
    cur.execute(_BOARDS)
    return len(found)


def carry_presence(tx: Session) -> None:
    """Attempts at quizzes and activities attended are those of the account that stays."""
    cur = cursor(tx)
    for statement in (_ATTEMPTS, _PRESENCE, _OLD_PRESENCE):
        cur.execute(statement)
