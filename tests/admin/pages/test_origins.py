"""Where points came from: counted by day, and never of fewer than 20 members."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from admin.figures.origins import OTHERS, Origin, count_origins, origins, told_apart
from admin.figures.periods import Period
from mall.clock import local_date
from mall.db import Login

ZONE = ZoneInfo("Asia/Shanghai")


def test_small_groups_hide_behind_the_smallest_large_one():
    big, mid, tiny = Origin("a", 900, 50), Origin("b", 500, 20), Origin("c", 30, 19)
    assert told_apart([tiny, mid, big]) == [big, Origin(OTHERS, 530, 20)]
    assert told_apart([big, mid]) == [big, mid]
    assert told_apart([mid, tiny]) == [Origin(OTHERS, 530, 20)]
    assert told_apart([tiny]) == [] == told_apart([])


def test_days_are_counted_from_the_ledger_and_told_to_those_who_may_read_sources(client, make_client, run, desk, shop):
    source, now = make_client(), datetime.now(ZONE)
    for number in range(20):
        event = {
            "id": f"tip-{number}", "type": "tip.outcome", "member": f"m{number}",
            "occurred_at": now.isoformat(), "data": {"case": f"tip-{number}", "stage": "adopted", "grade": 0},
        }  # fmt: skip
        answer = client.post("/api/v1/credit-events", json=event, headers=source.auth)
        assert answer.status_code == 201, answer.json
    assert count_origins(now, ZONE) == 1
    assert count_origins(now, ZONE) == 2  # the last one and the one before are counted anew
    today = local_date(now, ZONE)
    found = run(Login.EARNING, lambda tx: origins(tx, Period(today, today)))
    assert found == [Origin("tip-outcome", 400, 20)]
    before = Period(today - timedelta(days=9), today - timedelta(days=2))
    assert run(Login.EARNING, lambda tx: origins(tx, before)) == []
    roles = ("owner", "rules", "catalog", "fulfilment", "auditor")
    seen = {role for role in roles if "Where points came from" in desk(role).get("/admin").text}
    assert seen == {"owner", "rules", "auditor"}
