"""A gift with a waiting room, for the tests of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import time_machine

from catalog.drops.release import release_due
from catalog.queue.run import advance_rooms, open_rooms

BEIJING = ZoneInfo("Asia/Shanghai")
TEN = datetime(2026, 12, 7, 2, 0, tzinfo=UTC)  # Monday, 10:00 in Beijing
EARLY = TEN - timedelta(minutes=5)
TURN = timedelta(minutes=3)
SOON = timedelta(seconds=5)


class Hall:
    """A gift with a waiting room, and a clock that the test moves."""

    def __init__(self, shop, moment=EARLY, pieces=5, **more):
        self.shop, self.clock = shop, time_machine.travel(moment, tick=False)
        self.clock.start()
        shop.owner = shop.staff("owner")  # signed in on that day
        self.gift = shop.gift(10, stock=0, **more)
        drop = {
            "pieces": pieces, "at": "10:00", "first_day": "2026-12-07", "reserve": 50, "waiting_minutes": 10,
            "turn_seconds": 180,
        }  # fmt: skip
        answer = shop.post(f"/admin/gifts/{self.gift}/drops", shop.owner, drop)
        assert (answer.status_code, answer.json["waiting_minutes"]) == (201, 10), answer.json
        self.drop, self.path = answer.json["id"], f"/gifts/{self.gift}/queue"
        self.at(moment)

    def at(self, moment):
        """Go to a moment and let the worker work there."""
        self.clock.stop()
        self.clock = time_machine.travel(moment, tick=False)
        self.clock.start()
        with self.shop.app.app_context():
            open_rooms(moment, BEIJING)
            release_due(moment, BEIJING)
            advance_rooms(moment)

    def members(self, number):
        found = [self.shop.member() for _ in range(number)]
        for member in found:
            self.shop.credit(member, 100)
        return found

    def join(self, who, **body):
        return self.shop.post(self.path, who, body or None)

    def see(self, who):
        return self.shop.get(self.path, who).json

    def leave(self, who):
        return self.shop.app.test_client().delete(f"/api/v1{self.path}", headers=who.auth)

    def in_line(self, people):
        """People by the place they were drawn."""
        return sorted(people, key=lambda who: self.see(who)["place"])

    def yours(self, people):
        return [self.see(who)["you"] for who in people]
