"""Closing a month: places are reckoned once, prizes are booked through the ledger, all of it in one transaction.

What counts is what happened in the month (by the case's first event) and is known when the month is closed, so that
an event reported late counts in the month it belongs to, and in that one only. Public points of members on the boards.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from mall import audit, outbox
from mall.clock import day_start, local_date
from mall.db import cursor
from points.earning.book_events import mall_zone
from points.earning.periods import Expiry
from points.ledger.books import open_books
from points.prizes.models import PrizeMonth, PrizeWinner
from points.prizes.shares import Win, closes_on, next_month, share_prizes
from points.standing.board_models import ACCOUNTS
from points.standing.board_scores import next_members
from points.standing.boards import SHOWN

LABEL = "board_prize"
_SCORES = f"""SELECT m.id, sum(a.points)::int8 FROM board_members b JOIN members m ON m.id = b.member_id AND {SHOWN}
 JOIN {ACCOUNTS} AS o ON o.holder = b.member_id
 JOIN sources.awards a ON a.member_id = o.id AND a.visibility = 'public' AND a.booked_at >= %(since)s
 JOIN sources.cases c ON c.case_key = a.case_key AND c.anchor_at >= %(since)s AND c.anchor_at < %(until)s
 WHERE b.member_id = ANY(%(members)s) GROUP BY m.id"""


def due_months(tx: Session, now: datetime) -> list[date]:
    """Open months whose days of grace are over, the oldest first."""
    today = local_date(now, mall_zone())
    found = tx.scalars(select(PrizeMonth).where(PrizeMonth.closed_at.is_(None)).order_by(PrizeMonth.month))
    return [row.month for row in found if closes_on(row.month, row.grace_days) <= today]


def close_month(tx: Session, month: date, now: datetime) -> list[Win] | None:
    """Close a month and pay its prizes; None when that is done already or not due yet.

    The month's row is locked first, so of two that close at the same time the second finds it closed.
    """
    row = tx.get(PrizeMonth, month, with_for_update=True)
    today = local_date(now, mall_zone())
    if row is None or row.closed_at is not None or today < closes_on(month, row.grace_days):
        return None
    zone = mall_zone()
    asked = {"since": day_start(month, zone), "until": day_start(next_month(month), zone)}
    wins = share_prizes(_scores(tx, asked), row.prizes)
    _pay(tx, month, wins, now)
    row.closed_at, row.paid_points = now, sum(win.prize_points for win in wins)
    tx.flush()
    told = {"winners": len(wins), "paid_points": row.paid_points, "budget_points": row.budget_points}
    audit.record(tx, "system", "prizes.closed", f"prizes:{month:%Y-%m}", told, now)
    return wins


def _scores(tx: Session, asked: dict[str, datetime]) -> Iterator[tuple[str, int]]:
    """Points of everybody on the boards, some thousands at a time: no statement takes long, however many there are."""
    after = ""
    while members := next_members(tx, after):
        yield from cursor(tx).execute(_SCORES, {**asked, "members": members}).fetchall()
        after = members[-1]


def _pay(tx: Session, month: date, wins: Sequence[Win], now: datetime) -> None:
    if not wins:
        return
    expires_at = Expiry().expires_at(now, mall_zone())
    with open_books(tx, [win.member_id for win in wins], now) as books:
        for win in wins:
            books[win.member_id].credit(
                win.prize_points, expires_at=expires_at, occurred_at=now, label=LABEL, ref=f"{month:%Y-%m}"
            )
    tx.execute(
        insert(PrizeWinner),
        [
            {
                "month": month, "member_id": win.member_id, "place": win.place, "points": win.points,
                "prize_points": win.prize_points,
            }
            for win in wins
        ],
    )  # fmt: skip
    for win in wins:
        told = {"month": f"{month:%Y-%m}", "place": win.place, "points": win.prize_points}
        outbox.publish(tx, "standing.told", {"member": win.member_id, "kind": "prize.won", **told}, now)
