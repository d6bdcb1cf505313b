"""Taking everything along, and leaving: the person goes, the ledger keeps a nameless account."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from catalog.routes.export_schemas import ExportSchema
from mall.db import Login
from points.ledger.cli import verdict

PASSWORD = "a long enough phrase"
DELIVERY = {"name": "Li Lei", "phone": "13800000000", "address": "Long Street 15"}
EVENT = {
    "id": "tip-1/adopted", "type": "tip.outcome", "member": "u-1", "occurred_at": "2026-01-05T10:00:00+08:00",
    "data": {"case": "tip-1", "stage": "adopted"},
}  # fmt: skip


EXPORTED = {
    "ledger.wallets": "balance", "ledger.lots": "balance", "ledger.holds": "balance", "ledger.postings": "statement",
    "adjustments": "statement", "make_up_cards": "make_up_cards", "check_ins": "check_ins",
    "check_in_reminders": "check_in_reminder_hour", "quiz_attempts": "quiz_attempts", "participations": "activities",
    "standings": "level", "member_levels": "level", "sources.member_badges": "badges", "board_members": "on_boards",
    "prize_winners": "prizes", "commendations": "honours", "sources.announced_debits": "announced_debits",
    "orders": "orders", "member_addresses": "addresses", "wishes": "wishes", "queue_tickets": "queues",
    "notifications": "notifications", "announcement_reads": "notifications", "notice_preferences": "notices_off",
    "login_sessions": "sessions", "outside_identities": "sign_ins", "recovery_codes": "recovery_codes_left",
    "password_resets": "password_resets", "member_freezes": "freezes", "member_households": "household",
}  # fmt: skip
"""Tables that know members, by where the export tells of them."""
NOT_EXPORTED = {
    "ledger.hold_shares": "which lots a hold took", "ledger.lot_draws": "which lots a posting took",
    "sources.credit_events": "may tell of tips: the statement has what they paid", "sources.cases": "the same",
    "sources.awards": "the same", "sources.source_members": "a source's number for the account: sealed",
    "sources.tip_counts": "counted from cases", "sources.cap_usage": "counted from awards",
    "sources.claim_misses": "wrong claim codes of the last hour",
    "badge_figures": "counted from orders and days", "board_scores": "counted from public points",
    "expiry_notices": "which notices went out", "login_links": "minutes old, and a key to the account",
    "idempotency_keys": "answers to programs, for a day", "member_notes": "staff's own: the privacy page says so",
}  # fmt: skip


@pytest.fixture
def member(shop: Any) -> Any:
    """A member with 1,000 points, who registered as everybody does."""
    who = {"username": "leaving", "password": PASSWORD, "nickname": "Wanderer"}
    client = shop.app.test_client()
    assert client.post("/api/v1/members", json=who, headers={"Idempotency-Key": "k-1"}).status_code == 201
    del who["nickname"]
    opened = client.post("/api/v1/sessions", json=who, headers={"Idempotency-Key": "k-2"})
    person = type(shop.owner)(opened.json["member"]["id"], {"Authorization": f"Bearer {opened.json['token']}"})
    shop.credit(person, 1000)
    return person


def _delete(shop: Any, who: Any) -> Any:
    return shop.app.test_client().delete("/api/v1/me", headers=who.auth)


def test_the_export_holds_everything_and_names_no_source(
    shop: Any, member: Any, make_client: Callable[..., Any], app: Flask
) -> None:
    source = make_client(["credits:write", "login:create"], name="hotline 311")
    order = shop.order(member, shop.gift(kind="delivery"), delivery=DELIVERY).json
    assert shop.post("/me/checkin", member).status_code == 201
    assert shop.post("/credit-events", source, EVENT).status_code == 201
    answer = shop.get("/me/export", member)
    assert answer.status_code == 200
    body = answer.json
    assert body["profile"]["username"] == "leaving"
    assert body["balance"] == shop.get("/me/balance", member).json
    assert [line["id"] for line in body["statement"]] == [
        line["id"] for line in shop.get("/me/statement", member).json["items"]
    ]
    assert [one["id"] for one in body["orders"]] == [order["id"]]
    assert body["orders"][0]["delivery"] == DELIVERY
    assert [one["points"] for one in body["check_ins"]] == [5]
    assert len(body["sessions"]) == 1
    assert (body["household"], body["freezes"], body["sign_ins"], body["recovery_codes_left"]) == (None, [], [], 0)
    assert [one["code"] for one in body["badges"]] == shop.get("/me", member).json["badges"]
    assert (body["honours"], body["prizes"], body["announced_debits"], body["merged_accounts"]) == ([], [], [], [])
    assert body["profile"]["avatar"] == shop.get("/me", member).json["avatar"]
    assert body["quiz_attempts"] == [] and body["notifications"] == [] and body["on_boards"] is False
    for hidden in ("hotline", "tip-1", "cev_", source.id):
        assert hidden not in answer.get_data(as_text=True)


def test_the_export_holds_what_was_merged_into_the_account_and_what_staff_noted_in_the_file(
    shop: Any, member: Any
) -> None:
    old = shop.member(30)
    assert shop.post("/me/checkin", old).status_code == 201
    honour = {"member": member.id, "text": {"zh": "谢谢", "en": "Thanks"}}
    assert shop.post("/admin/honours", shop.owner, honour).status_code == 201
    frozen = shop.post(f"/admin/members/{old.id}/freeze", shop.owner, {"reason": "odd devices"})
    assert frozen.status_code == 200
    shop.write("UPDATE members SET alias_of = :id, status = 'active' WHERE id = :old", id=member.id, old=old.id)
    answer = shop.get("/me/export", member)
    body = answer.json
    assert [one["points"] for one in body["check_ins"]] == [5]
    (merged,) = body["merged_accounts"]
    assert (merged["id"], [line["points"] for line in merged["statement"]]) == (old.id, [5, 30])
    assert [one["state"] for one in body["honours"]] == ["offered"]
    (freeze,) = body["freezes"]
    assert (freeze["ends_at"], freeze["lifted_at"]) == (None, None)
    assert "odd devices" not in answer.get_data(as_text=True)  # why is the staff's own


def test_every_table_that_knows_members_is_in_the_export_or_says_why_not(run: Callable[..., Any]) -> None:
    asked = text("""SELECT DISTINCT CASE table_schema WHEN 'public' THEN '' ELSE table_schema || '.' END || table_name
        FROM information_schema.columns WHERE column_name IN ('member_id', 'holder', 'owner')
        AND table_schema IN ('public', 'ledger', 'sources')""")
    known = set(run(Login.OWNER, lambda tx: tx.scalars(asked).all()))
    assert known == EXPORTED.keys() | NOT_EXPORTED.keys()
    assert set(EXPORTED.values()) <= ExportSchema().fields.keys()


def test_a_session_that_came_by_a_link_exports_and_deletes_nothing(shop: Any, member: Any) -> None:
    shop.write("UPDATE login_sessions SET restricted = true WHERE member_id = :id", id=member.id)
    before = shop.snapshot()
    for answer in (shop.get("/me/export", member), _delete(shop, member)):
        assert (answer.status_code, answer.json["code"]) == (403, "credential_required")
    assert shop.snapshot() == before
    assert shop.get("/me", member).status_code == 200


def test_leaving_needs_the_password_of_a_short_while_ago(shop: Any, member: Any) -> None:
    long_ago = datetime.now(UTC) - timedelta(minutes=16)
    shop.write("UPDATE login_sessions SET authenticated_at = :at WHERE member_id = :id", at=long_ago, id=member.id)
    answer = _delete(shop, member)
    assert (answer.status_code, answer.json["code"]) == (403, "confirmation_required")
    assert shop.get("/me", member).status_code == 200


def test_the_person_goes_and_the_ledger_stays(shop: Any, member: Any, app: Flask) -> None:
    gift = shop.gift(kind="delivery", stock=5)
    sent = shop.order(member, gift, delivery=DELIVERY).json["id"]
    for step in ("preparing", "shipped"):
        assert shop.advance(sent, step).status_code == 200
    waiting = shop.order(member, gift, delivery=DELIVERY).json["id"]
    board = shop.app.test_client().put("/api/v1/me/board", json={"opted_in": True}, headers=member.auth)
    assert board.status_code == 200
    postings = shop.sql("SELECT count(*) FROM ledger.postings WHERE member_id = :id", id=member.id)
    assert _delete(shop, member).status_code == 204

    assert shop.get("/me", member).status_code == 401
    again = shop.app.test_client().post("/api/v1/sessions", json={"username": "leaving", "password": PASSWORD})
    assert (again.status_code, again.json["code"]) == (401, "invalid_credentials")
    row = json.loads(shop.sql("SELECT to_json(m)::text FROM members AS m WHERE id = :id", id=member.id))
    assert (row["username"], row["username_key"], row["password_hash"], row["nickname"]) == (None, None, None, "")
    assert row["status"] == "closed"
    for table in ("login_sessions", "login_links", "notifications", "board_members"):
        assert shop.sql(f"SELECT count(*) FROM {table} WHERE member_id = :id", id=member.id) == 0
    for table in ("order_addresses", "address_keys"):
        assert shop.sql(f"SELECT count(*) FROM {table}") == 0
    owners = "owner = :id OR owner LIKE 'anonymous/%'"
    assert shop.sql(f"SELECT count(*) FROM idempotency_keys WHERE {owners}", id=f"member:{member.id}") == 0

    assert shop.sql("SELECT status FROM orders WHERE id = :id", id=waiting) == "cancelled"
    assert shop.sql("SELECT status FROM orders WHERE id = :id", id=sent) == "shipped"
    assert shop.stock(gift) == 4
    assert shop.wallet(member)["available"] == 900
    assert shop.sql("SELECT count(*) FROM ledger.postings WHERE member_id = :id", id=member.id) > postings
    assert shop.sql("SELECT count(*) FROM audit_entries WHERE action = 'member.left'") == 1
    with app.app_context():
        assert verdict().bad is None


@pytest.mark.parametrize("what", ["order", "address", "nickname"])
def test_what_is_asked_for_while_its_member_leaves_is_not_kept_for_nobody(shop: Any, member: Any, what: str) -> None:
    gift = shop.gift(kind="delivery", stock=5)

    def ask() -> Any:
        if what == "order":
            return shop.order(member, gift, delivery=DELIVERY)
        if what == "address":
            return shop.post("/me/addresses", member, DELIVERY)
        return shop.post("/me", member, {"nickname": "Still here"}, method="PATCH")

    answer = shop.while_leaving(member, ask)
    assert (answer.status_code, answer.json["code"]) == (401, "authentication_required")
    for table in ("orders", "order_addresses", "address_keys", "member_addresses"):
        assert shop.sql(f"SELECT count(*) FROM {table}") == 0
    owner = f"member:{member.id}"
    assert shop.sql("SELECT count(*) FROM idempotency_keys WHERE owner = :owner", owner=owner) == 0
    assert shop.sql("SELECT nickname || status FROM members WHERE id = :id", id=member.id) == "closed"
    assert (shop.stock(gift), shop.wallet(member)["available"]) == (5, 1000)


def test_an_order_that_comes_first_is_cancelled_by_its_member_leaving(shop: Any, member: Any) -> None:
    gift = shop.gift(kind="delivery", stock=5)
    ordered, left = shop.at_once([lambda: shop.order(member, gift, delivery=DELIVERY), lambda: _delete(shop, member)])
    assert (ordered.status_code, left.status_code) in ((201, 204), (401, 204))
    assert shop.sql("SELECT count(*) FROM orders WHERE status <> 'cancelled'") == 0
    assert shop.sql("SELECT count(*) FROM order_addresses") == 0
    assert (shop.stock(gift), shop.wallet(member)["available"]) == (5, 1000)


def test_the_name_is_free_again(shop: Any, member: Any) -> None:
    assert _delete(shop, member).status_code == 204
    who = {"username": "leaving", "password": PASSWORD}
    answer = shop.app.test_client().post("/api/v1/members", json=who)
    assert answer.status_code == 201
    assert answer.json["id"] != member.id


def test_a_source_still_books_to_the_account_and_sees_no_figures(
    shop: Any, make_client: Callable[..., Any], run: Callable[..., Any], member: Any
) -> None:
    source = make_client(["credits:write", "members:read", "login:create"])
    assert shop.post("/credit-events", source, EVENT).status_code == 201
    opened = text("SELECT id FROM members WHERE claimed_at IS NULL")
    unclaimed = run(Login.OWNER, lambda tx: tx.execute(opened).scalar_one())
    shop.write("UPDATE members SET status = 'closed', claimed_at = now() WHERE id = :id", id=unclaimed)
    more = {**EVENT, "id": "tip-1/solved", "data": {"case": "tip-1", "stage": "solved"}}
    assert shop.post("/credit-events", source, more).json["points"] == 80
    assert shop.get("/members/u-1", source).json["available"] is None
