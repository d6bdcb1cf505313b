"""How full pools of codes are: figures for staff, one notice when a pool runs low, and when codes were first shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from catalog.jobs import watch_voucher_pools


def open_notices(shop):
    items = shop.get("/admin/notices?open=true", shop.owner).json["items"]
    return [(one["kind"], one["subject"], one["detail"]) for one in items]


def test_the_gift_tells_staff_how_full_its_pool_is(shop):
    gift, member = shop.gift(10, kind="voucher", low_pool=2), shop.member(100)
    shop.vouchers(gift, "A-1", "A-2", "A-3", "A-1")
    assert shop.get(f"/admin/gifts/{gift}", shop.owner).json["voucher_pool"] == {
        "free": 3, "given": 0, "revealed": 0, "warn_below": 2, "low": False,
    }  # fmt: skip
    shop.order(member, gift)
    shop.write("UPDATE login_sessions SET restricted = true WHERE member_id IS NOT NULL")
    shop.order(member, gift)  # given, but not shown to a session that came by a link
    pool = {"free": 1, "given": 2, "revealed": 1, "warn_below": 2, "low": True}
    assert shop.get(f"/admin/gifts/{gift}", shop.owner).json["voucher_pool"] == pool
    listed = shop.get("/admin/gifts", shop.owner).json["items"]
    assert [one["voucher_pool"] for one in listed] == [pool]
    cup = shop.gift()
    assert shop.get(f"/admin/gifts/{cup}", shop.owner).json["voucher_pool"] is None


def test_staff_are_told_once_until_the_pool_is_filled(shop, app):
    gift, now = shop.gift(10, kind="voucher"), datetime.now(UTC)
    assert watch_voucher_pools(now) == {"low": 1}
    assert open_notices(shop) == [("stock.low", f"gift:{gift}", {"left": 0, "below": 10})]
    assert watch_voucher_pools(now + timedelta(minutes=10)) == {"low": 0}
    shop.vouchers(gift, *(f"CODE-{number}" for number in range(10)))
    assert watch_voucher_pools(now + timedelta(minutes=20)) == {"low": 0}
    assert open_notices(shop) == []
    shop.order(shop.member(10), gift)
    assert watch_voucher_pools(now + timedelta(minutes=30)) == {"low": 1}
    assert shop.sql("SELECT count(*) FROM outbox_messages WHERE topic = 'stock.low'") == 2
    assert shop.get("/admin/notices", shop.staff("rules")).status_code == 403


def test_drafts_and_gifts_that_are_over_warn_nobody(shop, app):
    shop.gift(10, kind="voucher", status="draft")
    shop.gift(10, kind="voucher", on_sale_until="2026-01-01T00:00:00Z")
    shop.gift(10, kind="voucher", low_pool=0)
    assert watch_voucher_pools(datetime.now(UTC)) == {"low": 0}


def test_the_first_look_is_kept_and_codes_can_be_read_again(shop):
    gift, member = shop.gift(10, kind="voucher"), shop.member(10)
    shop.vouchers(gift, "SECRET-1")
    shop.write("UPDATE login_sessions SET restricted = true WHERE member_id IS NOT NULL")
    order = shop.order(member, gift).json
    assert "voucher_codes" not in order and "revealed_at" not in order
    shop.write("UPDATE login_sessions SET restricted = false")
    first, again = (shop.get(f"/orders/{order['id']}", member).json for _ in range(2))
    assert first["voucher_codes"] == again["voucher_codes"] == ["SECRET-1"]
    assert first["revealed_at"] == again["revealed_at"]
    assert shop.sql("SELECT count(*) FROM voucher_codes AS t WHERE t::text LIKE '%SECRET%'") == 0


def test_one_order_takes_as_many_codes_as_it_asks_for_when_the_pool_has_just_grown(shop):
    """Counted when it held one code, the pool is joined by a nested loop: a LIMIT inside would run once per code."""
    gift = shop.gift(10, kind="voucher")
    shop.vouchers(gift, "A-0")
    shop.write("ANALYZE voucher_codes")
    shop.vouchers(gift, "A-1", "A-2", "A-3", "A-4", "A-5")
    assert len(shop.order(shop.member(20), gift, 2).json["voucher_codes"]) == 2
    assert shop.sql("SELECT count(*) FROM voucher_codes WHERE order_id IS NULL") == 4
