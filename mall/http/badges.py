"""Small figures that every page of a signed-in member or of staff may show, as the number of unread notices.

The package that knows a figure registers how it is counted; pages count in the transaction that they have anyway.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import g
from sqlalchemy.orm import Session

Count = Callable[[Session, str], int]
StaffCount = Callable[[Session], int]
_counts: dict[str, Count] = {}
_staff_counts: dict[str, StaffCount] = {}


def badge(name: str) -> Callable[[Count], Count]:
    """Register ``(tx, member_id) -> number``; it runs under the login of any page, so it may read little."""

    def register(count: Count) -> Count:
        _counts[name] = count
        return count

    return register


def count_badges(tx: Session, member_id: str) -> None:
    """Count for the page that is being made."""
    g.badges = {name: count(tx, member_id) for name, count in _counts.items()}


def staff_badge(name: str) -> Callable[[StaffCount], StaffCount]:
    """Register ``(tx) -> number`` for the pages of the back office; it runs under the login of any of them."""

    def register(count: StaffCount) -> StaffCount:
        _staff_counts[name] = count
        return count

    return register


def count_staff_badges(tx: Session) -> None:
    """Count for the page of the back office that is being made."""
    g.badges = {name: count(tx) for name, count in _staff_counts.items()}


def badge_of(name: str) -> int:
    """A figure for the template; 0 when nobody is signed in or the page has no transaction."""
    return int(g.get("badges", {}).get(name, 0)) if g else 0
