"""Orders that came to their end count for badges; those on their way and those that came back do not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from mall.db import Login
from mall.outbox import deliver_due

READ = text("SELECT fact, value FROM badge_figures WHERE member_id = :m")


def test_gifts_received_and_donations_made_are_counted(shop):
    member = shop.member(1000)
    donation, pickup = shop.gift(10, kind="donation"), shop.gift(10, kind="pickup")
    assert shop.order(member, donation).json["status"] == "completed"
    assert shop.order(member, donation).json["status"] == "completed"
    shop.order(member, pickup)
    while deliver_due(datetime.now(UTC) + timedelta(minutes=1)):
        pass
    found = shop.run(Login.EARNING, lambda tx: dict(tx.execute(READ, {"m": member.id}).all()))
    assert found == {"redemptions": 0, "donations": 2}
