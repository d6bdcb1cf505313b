"""The overview: figures for those who may see points, queues for those who work on them."""

from __future__ import annotations

from datetime import timedelta

from admin.figures import reach
from admin.figures.roll_up import roll_up
from catalog.stock.alerts import set_alert, watch_stock
from mall.db import Login
from mall.jobs import run_job
from points.earning.book_events import mall_zone
from points.ledger.books import open_books


def test_the_figures_are_those_of_the_ledger(desk, make_member, run, now):
    member = make_member()

    def credit(tx, moment, points):
        with open_books(tx, [member.id], moment) as books:
            books[member.id].credit(points, expires_at=now + timedelta(days=90), occurred_at=moment)

    run(Login.EARNING, lambda tx: credit(tx, now - timedelta(days=8), 1000))
    run(Login.EARNING, lambda tx: credit(tx, now, 1250))
    browser = desk("auditor")
    assert "are still to come" in browser.get("/admin").text
    roll_up(now + timedelta(seconds=5), mall_zone())
    page = browser.get("/admin?period=7").text
    assert "1,250" in page and "+25.0 %" in page and "2,250" in page and "under 20" in page
    assert "data-chart=" in page and "are still to come" not in page
    eight = (now + timedelta(hours=8)).date() - timedelta(days=8)
    then = browser.get(f"/admin?from={eight}&until={eight}").text
    assert "1,000" in then and "1,250" not in then
    today = (now + timedelta(hours=8)).date()
    assert f'href="/admin/figures?from={today - timedelta(days=6)}&amp;until={today}"' in page
    days = browser.get(f"/admin/figures?from={eight}&until={today}").text
    assert f'href="/admin/figures/{today}?move=granted"' in days and "2,250" in days
    file = browser.get(f"/admin/files/figures?from={eight}&until={today}").text.splitlines()
    assert [line.split(",")[:8] for line in file if line.startswith(f"{eight}")] == [
        [f"{eight}", "1000", "0", "0", "0", "0", "0", "1000"]
    ]
    behind = browser.get(f"/admin/figures/{today}?move=granted&limit=1").text
    assert f'href="/admin/members/{member.id}"' in behind and "1,250" in behind and "Next page" not in behind
    assert "Nothing of this on that day" in browser.get(f"/admin/figures/{eight}?move=expired").text
    assert [browser.get(f"/admin/figures/{day}").status_code for day in ("soon", "1999-12-31", "9999-12-31")] == [
        404
    ] * 3


def test_a_period_that_cannot_be_is_told_and_the_usual_one_shown(desk):
    browser = desk("auditor")
    assert "The first day is after the last." in browser.get("/admin?from=2026-02-02&until=2026-02-01").text
    assert "Must be a date." in browser.get("/admin?from=soon").text
    assert "Choose days up to today." in browser.get("/admin?from=2026-02-02&until=9999-01-01").text


def test_fulfilment_sees_queues_and_no_points(desk):
    page = desk("fulfilment").get("/admin").text
    assert "Orders to do" in page and "Nothing is waiting." in page
    assert "Outstanding" not in page and "data-chart=" not in page


def test_what_runs_low_leads_to_its_gift(desk, client, make_staff, run, now):
    owner = make_staff("owner")
    body = {"name": {"zh": "台灯", "en": "Lamp"}, "kind": "pickup", "points": 70, "stock": 2}
    headers = {**owner.auth, "Idempotency-Key": "lamp-1"}
    gift = client.post("/api/v1/admin/gifts", json=body, headers=headers).json["id"]
    run(Login.BACKOFFICE, lambda tx: set_alert(tx, gift, None, 5, "test", now, "req"))
    run(Login.BACKOFFICE, lambda tx: watch_stock(tx, now))
    page = desk("catalog").get("/admin").text
    assert f'href="/admin/gifts/{gift}#stock"' in page and "Lamp" in page


def test_a_period_of_too_many_members_is_counted_when_somebody_says_so(desk, run, now, shop, monkeypatch):
    monkeypatch.setattr(reach, "AT_ONCE", -1)
    roll_up(now + timedelta(seconds=5), mall_zone())
    browser, last = desk("auditor"), (now + timedelta(hours=8)).date() - timedelta(days=1)
    days = {"from": str(last - timedelta(days=99)), "until": str(last)}
    address = f"/admin?from={days['from']}&until={days['until']}"
    page = browser.get(address).text
    assert "too many members to count while you wait" in page and 'hx-trigger="every 3s"' not in page
    assert shop.sql("SELECT count(*) FROM period_reach") == 0  # looking asks for nothing
    assert browser.post("/admin/count-period", data=days).headers["Location"] == f"{address}#s-funnel"
    assert 'hx-trigger="every 3s"' in browser.get(address).text
    assert run_job("asked-periods", now + timedelta(seconds=5)) == {"periods": 2}  # that one, and the one before
    counted = browser.get(address).text
    assert "Were here" in counted and 'hx-trigger="every 3s"' not in counted
    assert run_job("asked-periods", now + timedelta(seconds=9)) == {}


def test_figures_lead_only_where_the_reader_may_go(desk, run, now):
    roll_up(now + timedelta(seconds=5), mall_zone())
    day = (now + timedelta(hours=8)).date()
    for path in ("/admin", "/admin/figures", f"/admin/figures/{day}"):
        assert 'href="/admin/orders?' in desk("catalog").get(path).text, path
        assert 'href="/admin/orders?' not in desk("rules").get(path).text, path
