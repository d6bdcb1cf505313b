"""Who signed up for an activity is told of it: the day before, and when it is moved or called off; once each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import time_machine

from catalog.jobs import remind_activities
from mall.outbox import deliver_due

MONDAY = datetime(2026, 12, 7, 2, 0, tzinfo=UTC)
"""Ten in the morning in the mall's zone."""
BEGINS = MONDAY + timedelta(days=2)


def _texts(shop, who):
    deliver_due(datetime.now(UTC))
    return [(one["kind"], one["text"]) for one in reversed(shop.get("/me/notifications", who).json["items"])]


def _change(shop, activity, version, **more):
    body = {"version": version, **more}
    assert shop.post(f"/admin/activities/{activity}", shop.owner, body, method="PATCH").status_code == 200


def test_who_signed_up_hears_of_changes_and_of_tomorrow_once_each(shop):
    with time_machine.travel(MONDAY, tick=False) as clock:
        shop.owner = shop.staff("owner")
        comes, quiet, stranger = shop.member(), shop.member(), shop.member()
        fair = {
            "title": "Fair", "place": "Park", "starts_at": BEGINS.isoformat(), "state": "published",
            "ends_at": (BEGINS + timedelta(hours=2)).isoformat(),
        }  # fmt: skip
        activity = shop.post("/admin/activities", shop.owner, fair).json["id"]
        for who in (comes, quiet):
            assert shop.post(f"/activities/{activity}/sign-up", who, method="PUT").status_code == 200
        shop.post("/me/notice-preferences", quiet, {"off": ["activities"]}, method="PUT")
        _change(shop, activity, 1, title="Big fair")
        assert _texts(shop, comes) == []
        _change(shop, activity, 2, place="Hall")
        moved = [("activity.moved", "“Big fair” has been changed. It is now on 9 Dec 2026, 10:00, Hall.")]
        assert _texts(shop, comes) == _texts(shop, quiet) == moved
        assert remind_activities(MONDAY) == {}
        clock.move_to(MONDAY + timedelta(days=1))
        shop.owner = shop.staff("owner")  # the first one's session is over
        with shop.app.app_context():
            assert [remind_activities(datetime.now(UTC)) for _again in range(2)] == [{"told": 1}, {}]
        assert _texts(shop, comes)[1:] == [("activity.tomorrow", "Tomorrow: “Big fair”, 9 Dec 2026, 10:00, Hall.")]
        clock.shift(60)
        _change(shop, activity, 3, state="cancelled")
        over = ("activity.cancelled", "“Big fair” on 9 Dec 2026, 10:00 has been called off.")
        assert _texts(shop, comes)[2:] == _texts(shop, quiet)[1:] == [over]
        assert _texts(shop, stranger) == []
