"""Virtual gifts, against a provider on loopback that answers, is late, fails, refuses and repeats itself."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import text

from catalog.topups.jobs import forget_accounts, send_top_ups
from mall.db import Login
from mall.outbox import deliver_due
from mall.webhooks import delivery
from mall.webhooks.signing import signed_headers
from tests.catalog.topups.provider import Provider, late, says

PHONE = "13800138000"


@pytest.fixture
def provider():
    stand_in = Provider()
    yield stand_in
    stand_in.close()


@pytest.fixture
def mall(shop, provider, app, monkeypatch):
    """A shop with a virtual gift that the provider tops up; returns what the tests need of it."""
    settings = dataclasses.replace(app.extensions["settings"], webhooks_to_private=True)
    monkeypatch.setitem(app.extensions, "settings", settings)
    made = shop.post("/admin/top-up-providers", shop.owner, {"name": "Telco", "url": provider.url})
    assert made.status_code == 201, made.json
    provider.secrets = [made.json["secret"]]
    shop.provider = made.json
    shop.top_up = shop.gift(100, kind="virtual", stock=50)
    wanted = {"provider": made.json["id"], "product": "cny-10", "target": "phone"}
    connected = shop.post(f"/admin/gifts/{shop.top_up}/top-up", shop.owner, wanted, method="PUT")
    assert connected.json == wanted
    return shop


def ordered(shop, member, **more):
    answer = shop.order(member, shop.top_up, **{"target": PHONE, **more})
    assert answer.status_code == 201, answer.json
    return answer.json["id"]


def status(shop, order):
    return shop.sql("SELECT status FROM orders WHERE id = :id", id=order)


def top_up(shop, order):
    query = text("SELECT state, attempts, next_at, problem, reference FROM top_ups WHERE order_id = :id")
    return shop.run(Login.OWNER, lambda tx: tx.execute(query, {"id": order}).one())


def sent_at(moment):
    """One run of the job at a moment that everybody believes to be now."""
    with time_machine.travel(moment, tick=False):
        return send_top_ups(moment)["sent"]


def callback(shop, secret, body, **change):
    raw = json.dumps(body).encode()
    headers = {**signed_headers([secret], "cb_1", datetime.now(UTC), raw), **change}
    path = f"/api/v1/top-up-callbacks/{shop.provider['id']}"
    return shop.app.test_client().post(path, data=raw, content_type="application/json", headers=headers)


def test_an_order_is_topped_up_once_and_completed(mall, provider, app):
    member = mall.member(500)
    order = ordered(mall, member, quantity=2, target="138 0013 ８０００")  # as a Chinese keyboard may write it
    placed = mall.get(f"/orders/{order}", member).json
    assert (placed["status"], placed["target"], placed["top_up"]) == ("confirmed", PHONE, "waiting")
    assert send_top_ups(datetime.now(UTC)) == {"sent": 1}
    message_id, asked = provider.asked[0]
    assert message_id == order and asked["type"] == "top_up.requested"
    assert asked["data"] == {"order": order, "product": "cny-10", "quantity": 2, "target": PHONE}
    seen = mall.get(f"/orders/{order}", member).json
    assert [step["status"] for step in seen["history"]] == ["placed", "confirmed", "preparing", "issued", "completed"]
    assert mall.wallet(member)["available"] == 300
    assert send_top_ups(datetime.now(UTC) + timedelta(days=9)) == {"sent": 0}
    assert len(provider.asked) == 1


@pytest.mark.parametrize("answer", [says(200, status="refused", reason="号码停机"), says(422), says(404, error="x")])
def test_a_refused_top_up_gives_points_and_stock_back_and_tells_the_member(mall, provider, app, answer):
    provider.answers = [answer]
    member = mall.member()
    mall.credit(member, 150, timedelta(days=10))
    before = mall.sql("SELECT array_agg((points, expires_at)::text ORDER BY expires_at) FROM ledger.lots")
    order = ordered(mall, member)
    send_top_ups(datetime.now(UTC))
    assert status(mall, order) == "cancelled" and top_up(mall, order).state == "refused"
    assert mall.wallet(member) == {"available": 150, "held": 0, "redeemed": 0, "debt": 0}
    assert mall.sql("SELECT array_agg((points, expires_at)::text ORDER BY expires_at) FROM ledger.lots") == before
    assert mall.stock(mall.top_up) == 50
    while deliver_due(datetime.now(UTC)):
        pass
    notices = [one["kind"] for one in mall.get("/me/notifications", member).json["items"]]
    assert notices[0] == "order.cancelled"


def test_failures_are_tried_again_at_the_documented_times_and_then_handed_to_staff(mall, provider, app):
    provider.answers = [
        says(500),
        says(503),
        says(429),
        says(408),
        says(302),
        says(200),
        says(200, status="?"),
        says(500),
    ]
    member = mall.member(100)
    order, moment = ordered(mall, member), datetime.now(UTC)
    waits = []
    for _ in range(10):
        assert sent_at(moment) == 1
        found = top_up(mall, order)
        if found.next_at is not None:
            waits.append(round((found.next_at - moment).total_seconds()))
            assert sent_at(found.next_at - timedelta(seconds=1)) == 0
            moment = found.next_at
    assert waits == [5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]
    assert (found.state, found.attempts, found.problem) == ("stuck", 10, "500")
    assert {message_id for message_id, _ in provider.asked} == {order} and len(provider.credited) == 1
    assert status(mall, order) == "preparing" and mall.wallet(member)["available"] == 0
    queue = mall.get("/admin/top-ups?state=stuck", mall.staff("fulfilment")).json["items"]
    assert [(one["order"], one["account"]) for one in queue] == [(order, PHONE)]
    assert "account" not in mall.get("/admin/top-ups?state=stuck", mall.staff("auditor")).json["items"][0]
    told = mall.get("/admin/notices?open=true", mall.staff("fulfilment")).json["items"]
    assert [(one["kind"], one["subject"]) for one in told] == [("top_up.stuck", f"order:{order}")]
    mall.post(f"/admin/top-ups/{order}/decide", mall.owner, {"outcome": "refund", "reason": "nobody answers"})
    assert mall.get("/admin/notices?open=true", mall.owner).json["items"] == []
    assert mall.wallet(member)["available"] == 100


@pytest.mark.parametrize(("outcome", "end", "left"), [("done", "completed", 0), ("refund", "cancelled", 100)])
def test_staff_settle_what_is_stuck(mall, provider, app, outcome, end, left):
    provider.answers = [says(500)]
    member = mall.member(100)
    order = ordered(mall, member)
    send_top_ups(datetime.now(UTC))
    mall.write("UPDATE top_ups SET state = 'stuck', next_at = NULL")
    decision = {"outcome": outcome, "reason": "by phone"}
    worker = mall.staff("fulfilment")
    assert mall.post(f"/admin/top-ups/{order}/decide", worker, decision).status_code == 204
    assert status(mall, order) == end and mall.wallet(member)["available"] == left
    again = mall.post(f"/admin/top-ups/{order}/decide", worker, decision)
    assert again.status_code == 409 and again.json["code"] == "top_up_ended"
    assert mall.wallet(member)["available"] == left


def test_what_is_stuck_can_be_tried_again(mall, provider, app):
    provider.answers = [says(500), says(200, status="done")]
    order = ordered(mall, mall.member(100))
    send_top_ups(datetime.now(UTC))
    mall.write("UPDATE top_ups SET state = 'stuck', next_at = NULL, attempts = 10")
    mall.post(f"/admin/top-ups/{order}/decide", mall.owner, {"outcome": "retry", "reason": "again"})
    assert send_top_ups(datetime.now(UTC)) == {"sent": 1} and status(mall, order) == "completed"


def test_an_accepted_top_up_waits_for_a_signed_word(mall, provider, app):
    provider.answers = [says(202, status="accepted", reference="T-1")]
    member = mall.member(100)
    order = ordered(mall, member)
    send_top_ups(datetime.now(UTC))
    assert top_up(mall, order).state == "accepted" and status(mall, order) == "preparing"
    body, secret = {"order": order, "status": "done", "reference": "T-2"}, provider.secrets[0]
    before = mall.snapshot()
    for wrong in (
        callback(mall, secret, body, **{"webhook-signature": "v1,AAAA"}), callback(mall, "whsec_AAAA", body),
        callback(mall, secret, body, **{"webhook-timestamp": "1"}),
    ):  # fmt: skip
        assert wrong.status_code == 401 and wrong.json["code"] == "signature_invalid"
    assert mall.snapshot() == before
    done = callback(mall, secret, body)
    assert (done.status_code, done.json) == (200, {"order": order, "state": "done"})
    assert status(mall, order) == "completed" and top_up(mall, order).reference == "T-2"
    after = mall.snapshot()
    assert callback(mall, secret, {**body, "status": "refused"}).json["state"] == "done"
    assert mall.snapshot() == after


def test_an_accepted_top_up_is_asked_after_when_no_word_comes(mall, provider, app):
    provider.answers = [says(200, status="accepted"), says(404), says(200, status="accepted"), says(200, status="done")]
    order, moment = ordered(mall, mall.member(100)), datetime.now(UTC)
    send_top_ups(moment)
    for state in ("accepted", "accepted", "done"):
        moment = top_up(mall, order).next_at
        assert sent_at(moment) == 1
        assert top_up(mall, order).state == state
    assert [asked["type"] for _, asked in provider.asked] == ["top_up.requested"] + ["top_up.status"] * 3
    assert status(mall, order) == "completed"


def test_an_answer_that_comes_too_late_is_asked_for_again_under_the_same_id(mall, provider, app, monkeypatch):
    monkeypatch.setattr(delivery, "WHOLE_SECONDS", 0.3)
    provider.answers = [late(0.6, says(200, status="done")), says(200, status="done")]
    order = ordered(mall, mall.member(100))
    send_top_ups(datetime.now(UTC))
    assert (top_up(mall, order).state, top_up(mall, order).problem) == ("waiting", "timeout")
    send_top_ups(top_up(mall, order).next_at)
    assert status(mall, order) == "completed"
    assert [message_id for message_id, _ in provider.asked] == [order, order] and len(provider.credited) == 1


def test_many_workers_and_repeated_words_top_up_once_and_give_back_once(mall, provider, app):
    provider.answers = [says(200, status="accepted")]
    member = mall.member(300)
    orders = [ordered(mall, member) for _ in range(3)]
    moment = datetime.now(UTC)

    def work():
        with app.app_context():
            return send_top_ups(moment)["sent"]

    assert sum(mall.at_once([work] * 4)) == 3
    assert sorted(message_id for message_id, _ in provider.asked) == sorted(orders)
    secret = provider.secrets[0]
    words = [
        lambda order=order, word=word: callback(mall, secret, {"order": order, "status": word}).status_code
        for order in orders for word in ("refused", "refused", "done", "refused")
    ]  # fmt: skip
    assert mall.at_once(words) == [200] * 12
    given_back = sum(status(mall, order) == "cancelled" for order in orders)
    done = sum(status(mall, order) == "completed" for order in orders)
    assert given_back + done == 3
    wallet = mall.wallet(member)
    assert (wallet["available"], wallet["redeemed"], wallet["held"]) == (100 * given_back, 100 * done, 0)
    assert mall.stock(mall.top_up) == 50 - done


def test_a_member_cancels_until_it_is_sent_and_not_after(mall, provider, app):
    member = mall.member(200)
    first = ordered(mall, member)
    assert mall.post(f"/orders/{first}/cancel", member).status_code == 200
    assert send_top_ups(datetime.now(UTC)) == {"sent": 0} and provider.asked == []
    provider.answers = [says(500)]
    second = ordered(mall, member)
    send_top_ups(datetime.now(UTC))
    refused = mall.post(f"/orders/{second}/cancel", member)
    assert refused.status_code == 409 and refused.json["code"] == "illegal_transition"
    assert mall.advance(second, "cancelled").status_code == 409


def test_an_order_that_waits_for_approval_is_not_sent(mall, provider, app):
    mall.post(f"/admin/gifts/{mall.top_up}", mall.owner, {"needs_approval": True}, method="PATCH")
    order = ordered(mall, mall.member(100))
    assert send_top_ups(datetime.now(UTC)) == {"sent": 0}
    mall.advance(order, "confirmed")
    assert send_top_ups(datetime.now(UTC)) == {"sent": 1} and status(mall, order) == "completed"


def test_a_paused_provider_is_sent_nothing_until_it_is_active_again(mall, provider, app):
    order, path = ordered(mall, mall.member(100)), f"/admin/top-up-providers/{mall.provider['id']}"
    assert mall.post(path, mall.owner, {"active": False}, method="PATCH").json["active"] is False
    assert send_top_ups(datetime.now(UTC)) == {"sent": 0}
    mall.post(path, mall.owner, {"active": True}, method="PATCH")
    assert send_top_ups(datetime.now(UTC)) == {"sent": 1} and status(mall, order) == "completed"


def test_while_a_secret_is_replaced_both_sign_and_both_are_taken(mall, provider, app):
    former = provider.secrets[0]
    renewed = mall.post(f"/admin/top-up-providers/{mall.provider['id']}/secret", mall.owner)
    provider.secrets.append(renewed.json["secret"])
    provider.answers = [says(200, status="accepted")]
    orders = [ordered(mall, mall.member(100)) for _ in range(2)]
    assert send_top_ups(datetime.now(UTC)) == {"sent": 2}  # the provider has verified both signatures
    assert len(provider.asked) == 2
    for secret, order in zip((former, provider.secrets[1]), orders, strict=True):
        assert callback(mall, secret, {"order": order, "status": "done"}).json["state"] == "done"
    mall.write("UPDATE top_up_providers SET former_until = now() - interval '1 second'")
    assert callback(mall, former, {"order": orders[0], "status": "done"}).status_code == 401


def test_a_secret_is_shown_once_and_stored_encrypted(mall, provider):
    secret = provider.secrets[0]
    body = {"name": "Other", "url": "https://example.com/x"}
    made = [mall.post("/admin/top-up-providers", mall.owner, body, key="same") for _ in range(2)]
    assert made[0].json["secret"].startswith("whsec_") and made[1].json["secret"] is None
    listed = mall.get("/admin/top-up-providers", mall.owner).json["items"]
    assert all("secret" not in one for one in listed)
    for table in ("top_up_providers", "audit_entries"):
        assert mall.sql(f"SELECT count(*) FROM {table} AS t WHERE t::text LIKE '%' || :s || '%'", s=secret[6:]) == 0


@pytest.mark.parametrize("target", [None, "", "hello", "12", "1" * 40, "138\n00138000"])
def test_an_account_that_is_none_is_refused_and_nothing_is_booked(mall, target):
    member, more = mall.member(100), {} if target is None else {"target": target}
    answer = mall.order(member, mall.top_up, **more)
    assert answer.status_code == 422 and list(answer.json["errors"]) == ["target"]
    needless = mall.order(member, mall.gift(), target=PHONE)
    assert needless.status_code == 422 and list(needless.json["errors"]) == ["target"]
    assert mall.sql("SELECT count(*) FROM orders") == 0


def test_a_gift_that_nobody_tops_up_cannot_be_ordered(mall):
    gift = mall.gift(100, kind="virtual")
    assert mall.get(f"/gifts/{gift}").json["state"] == "upcoming"
    refused = mall.order(mall.member(100), gift, target=PHONE)
    assert refused.status_code in (409, 422) and mall.sql("SELECT count(*) FROM orders") == 0
    asked = mall.order(mall.member(100), gift)
    assert (asked.status_code, asked.json["code"]) == (409, "not_on_sale")
    other = mall.gift()
    wanted = {"provider": mall.provider["id"], "product": "x", "target": "phone"}
    assert mall.post(f"/admin/gifts/{other}/top-up", mall.owner, wanted, method="PUT").json["code"] == "not_virtual"


@pytest.mark.parametrize(
    "url", ["https://user:pw@example.com/", "ftp://example.com/", "https://", "nonsense", "https:// x"]
)
def test_a_provider_needs_an_address_that_messages_may_go_to(mall, url):
    answer = mall.post("/admin/top-up-providers", mall.owner, {"name": "Bad", "url": url})
    assert answer.status_code == 422 and list(answer.json["errors"]) == ["url"]


def test_without_leave_no_message_goes_to_this_machine(mall, provider, app, monkeypatch):
    order = ordered(mall, mall.member(100))
    strict = dataclasses.replace(app.extensions["settings"], webhooks_to_private=False)
    monkeypatch.setitem(app.extensions, "settings", strict)
    send_top_ups(datetime.now(UTC))
    assert top_up(mall, order).problem == "scheme"
    mall.write("UPDATE top_up_providers SET url = 'https://127.0.0.1:1/'")
    send_top_ups(datetime.now(UTC) + timedelta(minutes=1))
    assert top_up(mall, order).problem == "private" and provider.asked == []


def test_the_account_is_encrypted_hidden_from_a_link_and_deleted_thirty_days_after_the_end(mall, provider, app):
    member = mall.member(100)
    order = ordered(mall, member)
    assert mall.sql(f"SELECT count(*) FROM top_ups AS t WHERE t::text LIKE '%{PHONE}%'") == 0
    mall.write("UPDATE login_sessions SET restricted = true")
    assert "target" not in mall.get(f"/orders/{order}", member).json
    mall.write("UPDATE login_sessions SET restricted = false")
    send_top_ups(datetime.now(UTC))
    assert forget_accounts(datetime.now(UTC) + timedelta(days=29)) == {"accounts": 0}
    assert forget_accounts(datetime.now(UTC) + timedelta(days=31)) == {"accounts": 1}
    assert "target" not in mall.get(f"/orders/{order}", member).json


def test_only_those_who_may_settle_and_connect(mall):
    order = ordered(mall, mall.member(100))
    decision = {"outcome": "refund", "reason": "x"}
    for role in ("catalog", "rules", "auditor"):
        assert mall.post(f"/admin/top-ups/{order}/decide", mall.staff(role), decision).status_code == 403
    body = {"name": "X", "url": "https://example.com/"}
    for role in ("fulfilment", "rules", "auditor"):
        assert mall.post("/admin/top-up-providers", mall.staff(role), body).status_code == 403
