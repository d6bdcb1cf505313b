"""A small filled mall for the tests that send it anything: one of each thing, and somebody of each kind."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask
from PIL import Image
from sqlalchemy import text
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from admin.figures.periods import Period
from admin.reports.make import make
from catalog.notices.for_staff import tell_staff
from mall.db import Login, run_tx
from mall.identity.api_clients import NewClient, add_key, create_client
from mall.identity.members import Registration, enter_member
from mall.identity.passwords import hash_password
from mall.identity.roles import SCOPES
from mall.identity.sessions import API, open_session
from mall.identity.staff import NewStaff, create_staff
from points.ledger.books import open_books
from points.quizzes.publish import publish_quiz

API_URL = "/api/v1"
PASSWORD = "a long enough phrase"
WORD = {"zh": "中文", "en": "English"}
_numbers = itertools.count(1)
SCHEMAS = "('public', 'ledger', 'sources')"
UNWATCHED = {
    "alembic_version", "login_attempts", "login_sessions", "api_keys", "used_nonces", "claim_misses",
}  # fmt: skip
"""Tables that a refusal may touch: counters of misses, and when a credential was last seen."""


@dataclass
class World:
    """The filled mall. ``ids``: a real value for each path parameter, by operation or by name."""

    app: Flask
    auth: dict[str, dict[str, str]] = field(default_factory=dict)
    """Headers by who sends them; nobody else has any."""
    ids: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def tx(self, login: Login, work: Callable[[Session], Any]) -> Any:
        """One transaction."""
        with self.app.app_context():
            return run_tx(login, work)

    def send(self, method: str, path: str, who: str = "stranger", **more: Any) -> TestResponse:
        """A request under /api/v1 with a fresh Idempotency-Key unless headers give one."""
        headers = {"Idempotency-Key": f"key-{next(_numbers)}", **self.auth.get(who, {})}
        headers.update(more.pop("headers", {}))
        return self.app.test_client().open(API_URL + path, method=method, headers=headers, **more)

    def made(self, path: str, who: str, body: Any, **more: Any) -> Any:
        """The answer to a POST that must succeed."""
        answer = self.send("POST", path, who, json=body, **more)
        assert answer.status_code in (200, 201), answer.get_data(as_text=True)
        return answer.json

    def credit(self, member_id: str, points: int) -> None:
        """Give points."""
        now = datetime.now(UTC)

        def work(tx: Session) -> None:
            with open_books(tx, [member_id], now) as books:
                books[member_id].credit(points, expires_at=now + timedelta(days=400), occurred_at=now)

        self.tx(Login.EARNING, work)

    def snapshot(self) -> dict[str, str]:
        """A digest of every table that a refused request must leave alone."""
        query = text(f"SELECT schemaname || '.' || tablename, tablename FROM pg_tables WHERE schemaname IN {SCHEMAS}")

        def read(tx: Session) -> dict[str, str]:
            names = [full for full, short in tx.execute(query) if short not in UNWATCHED]
            rows = "string_agg(md5(t::text), '' ORDER BY md5(t::text))"
            whole = f"count(*) || ':' || coalesce(md5({rows}), '')"
            parts = [f"SELECT '{name}', {whole} FROM {name} AS t" for name in names]
            return {row[0]: row[1] for row in tx.execute(text(" UNION ALL ".join(parts)))}

        found: dict[str, str] = self.tx(Login.OWNER, read)
        return found


def _people(world: World) -> None:
    now, hashed = datetime.now(UTC), hash_password(PASSWORD)

    def member(tx: Session) -> None:
        for who in ("member", "other", "twin", "double"):
            found = enter_member(tx, Registration(f"fuzz-{who}", f"fuzz-{who}", hashed, who), now)
            token = open_session(tx, now, kind=API, member_id=found.id).token
            world.auth[who] = {"Authorization": f"Bearer {token}"}
            world.names[who] = found.id

    def staff(tx: Session) -> None:
        for role in ("owner", "rules", "catalog", "fulfilment", "auditor"):
            found = create_staff(tx, NewStaff(f"fuzz-{role}", f"fuzz-{role}", hashed, role), now, "test")
            token = open_session(tx, now, kind=API, staff_id=found.id).token
            world.auth[role] = {"Authorization": f"Bearer {token}"}
        # However long these tests take, nobody is asked for the password again.
        tx.execute(text("UPDATE login_sessions SET authenticated_at = now() + interval '1 day' WHERE staff_id <> ''"))
        world.ids["staff_id"] = create_staff(tx, NewStaff("spare", "spare", hashed, "catalog"), now, "test").id
        client = create_client(tx, NewClient("fuzz", list(SCOPES)), now, "test")
        world.auth["client"] = {"Authorization": f"Bearer {add_key(tx, client.id, now, 'test').secret}"}
        spare = create_client(tx, NewClient("spare", ["credits:write"]), now, "test")
        world.ids["client_id"], world.ids["key_id"] = spare.id, add_key(tx, spare.id, now, "test").id

    world.tx(Login.REDEMPTION, member)
    world.tx(Login.BACKOFFICE, staff)
    world.credit(world.names["member"], 1_000_000)


def _things(world: World) -> None:
    question = {"text": WORD, "options": [WORD, WORD], "answer": 1, "explanation": WORD}
    document = {
        "code": "fuzz", "category": "law", "title": WORD, "summary": WORD, "questions": [question] * 3,
    }  # fmt: skip
    ids, stocked = world.ids, {"points": 10, "stock": 100_000}
    ids["quiz_id"] = world.tx(Login.BACKOFFICE, lambda tx: publish_quiz(tx, document, datetime.now(UTC)).id)
    banked = {"questions": [{"code": "fuzz-1", "category": "law", **question}]}
    assert world.send("POST", "/admin/quiz-questions", "owner", json=banked).status_code == 200
    listed = world.send("GET", "/admin/quiz-questions", "owner").json["items"]
    ids["question_id"] = listed[0]["id"]
    ids["category_code"] = world.made("/admin/quiz-categories", "owner", {"code": "fuzz-topic", "name": WORD})["code"]
    ids["category_id"] = world.made("/admin/categories", "owner", {"name": "Shelf"})["id"]
    ids["tag_id"] = world.made("/admin/tags", "owner", {"name": "Tag"})["id"]
    point = {"name": "Point", "address": "Street 1"}
    ids["point_id"] = world.made("/admin/pickup-points", "owner", point)["id"]
    ids["gift_id"] = world.made("/admin/gifts", "owner", {"name": "Cup", "kind": "pickup", **stocked})["id"]
    names = world.names
    names["delivery"] = world.made("/admin/gifts", "owner", {"name": "Box", "kind": "delivery", **stocked})["id"]
    drop = {"pieces": 1, "at": "10:00", "first_day": "2026-12-01", "reserve": 1}
    ids["drop_id"] = world.made(f"/admin/gifts/{names['delivery']}/drops", "owner", drop)["id"]
    drawn = world.made("/admin/gifts", "owner", {"name": "Prize", "kind": "draw", **stocked})["id"]
    terms = {
        "opens_at": "2099-12-01T00:00:00+08:00", "closes_at": "2099-12-02T00:00:00+08:00", "winners": 1,
        "losers": "kept",
    }  # fmt: skip
    ids["draw_id"] = world.made(f"/admin/gifts/{drawn}/draw", "owner", terms)["id"]
    varied = world.made("/admin/gifts", "owner", {"name": "Shirt", "kind": "pickup", **stocked})["id"]
    ids["variant_id"] = world.made(f"/admin/gifts/{varied}/variants", "owner", {"name": "S", "stock": 5})["id"]
    path, photo = f"/admin/gifts/{ids['gift_id']}/pictures", io.BytesIO()
    Image.new("RGB", (120, 120), "green").save(photo, "PNG")
    answer = world.send("POST", path, "owner", data=photo.getvalue(), content_type="image/png")
    names["picture"] = ids["sha256"] = answer.json["added"]
    voucher = world.made("/admin/gifts", "owner", {"name": "Code", "kind": "voucher", "points": 5})["id"]
    names["voucher"] = voucher
    path, codes = f"/admin/gifts/{voucher}/vouchers", b"A-1\nA-2\n"
    answer = world.send("POST", path, "owner", data=codes, content_type="text/csv")
    assert answer.status_code == 201
    ids["order_id"] = world.made("/orders", "member", {"gift": ids["gift_id"], "quantity": 1})["id"]
    sessions = world.send("GET", "/me/sessions", "other").json["items"]
    ids["session_id"] = sessions[0]["id"]  # another member's: what is asked of it is refused and ends nobody's
    names["notice"] = "ntc_00000000000000000000000001"
    notice = """INSERT INTO notifications (id, member_id, kind, gift_id, detail, created_at)
     VALUES (:id, :member, 'wish.in_stock', :gift, '{}', now())"""
    values = {"id": names["notice"], "member": names["member"], "gift": ids["gift_id"]}
    world.tx(Login.OWNER, lambda tx: tx.execute(text(notice), values))
    attempt = world.made(f"/quizzes/{ids['quiz_id']}/attempts", "member", None)
    ids["attempt_id"], names["question"] = attempt["id"], attempt["questions"][0]["id"]
    event = {
        "id": "tip-1/adopted", "type": "tip.outcome", "member": "u-1", "occurred_at": "2026-01-05T10:00:00+08:00",
        "data": {"case": "tip-1", "stage": "adopted", "grade": 2},
    }  # fmt: skip
    ids["event_id"] = world.made("/credit-events", "client", event)["id"]
    ids["member"], ids["member_id"] = "u-1", names["member"]
    ids["batch_id"] = world.made("/claim-codes", "client", {"points": 5, "count": 2})["batch"]
    rule = {"event": "activity.attended", "points": {"base": {"fixed": 5}}, "visibility": "public"}
    made = {"key": "fuzz-rule", "title": WORD, "document": rule}
    ids["key"], ids["number"] = world.made("/admin/earning-rules", "owner", made)["key"], "1"
    today = datetime.now(UTC).date()
    provider = {"name": "Telco", "url": "https://example.com/top-up"}
    ids["provider_id"] = world.made("/admin/top-up-providers", "owner", provider)["id"]
    hook = {"url": "https://example.com/x", "events": ["credit.booked"]}
    ids["webhook_id"] = world.made("/admin/webhooks", "owner", hook)["id"]
    tried = world.send("POST", f"/admin/webhooks/{ids['webhook_id']}/test", "owner")
    assert tried.status_code == 202, tried.text
    ids["delivery_id"] = tried.json["id"]
    virtual = world.made("/admin/gifts", "owner", {"name": "Air", "kind": "virtual", **stocked})["id"]
    connection = {"provider": ids["provider_id"], "product": "x", "target": "phone"}
    answer = world.send("PUT", f"/admin/gifts/{virtual}/top-up", "owner", json=connection)
    assert answer.status_code == 200
    names["virtual"] = virtual
    names["today"], ids["day"] = today.isoformat(), (today + timedelta(days=1)).isoformat()
    world.made("/admin/days-off", "owner", {"date": ids["day"], "reason": "update"})
    ids["cause_id"] = world.made("/admin/causes", "owner", {"name": "Books"})["id"]
    home = {"name": "Li", "phone": "123456", "address": "Street 1"}
    ids["address_id"] = world.made("/me/addresses", "member", home)["id"]
    segment = {"name": WORD, "filter": {"level_from": 1}}
    fair = {"title": "Fair", "place": "Park", "starts_at": "2030-12-01T10:00:00Z", "ends_at": "2030-12-01T12:00:00Z"}
    fair["state"] = "published"
    ids["activity_id"] = world.made("/admin/activities", "owner", fair)["id"]
    ids["segment_id"] = world.made("/admin/segments", "owner", segment)["id"]
    ruled = {"name": WORD, "kind": "blackout", "first_day": "2020-01-01", "last_day": "2020-01-02"}
    ids["rule_id"] = world.made("/admin/redemption-rules", "owner", ruled)["id"]
    campaign = {"key": "fuzz-campaign", "name": WORD, "factor": "2"}
    ids["campaign_key"] = world.made("/admin/campaigns", "owner", campaign)["key"]
    budget = {"period": "total", "limit_points": 10**9, "action": "stop"}
    assert world.send("PUT", "/admin/budgets/programme", "owner", json=budget).status_code == 200
    ids["scope"], ids["debit_id"] = "programme", "dbt_none"
    asked = {"member": ids["member_id"], "points": 5, "reason": "goodwill"}
    ids["adjustment_id"] = world.made("/admin/adjustments", "owner", asked)["id"]
    awards = world.send("GET", "/admin/awards?state=active", "owner").json["items"]
    ids["award_id"] = awards[0]["id"]
    _reported(world)
    ids["period"], ids["code"] = "week", "thanks"
    few = {"left": 1, "below": 2}
    world.tx(Login.BACKOFFICE, lambda tx: tell_staff(tx, "item.low", "item:none", few, datetime.now(UTC)))
    ids["staff_notice_id"] = world.send("GET", "/admin/notices", "owner").json["items"][0]["id"]
    honour = {"member": ids["member_id"], "text": WORD}
    ids["commendation_id"] = world.made("/admin/honours", "owner", honour)["id"]
    twins = {"member": world.names["double"], "into": world.names["twin"], "reason": "one person"}
    ids["merge_id"] = world.made("/admin/member-merges", "owner", twins)["id"]
    lost = {"member": ids["member_id"], "reason": "lost both", "identified": "in person"}
    ids["reset_id"] = world.made("/admin/password-resets", "owner", lost)["id"]
    ids["provider"] = "oidc"
    told = {"title": WORD, "body": WORD, "until_at": f"{today + timedelta(days=30)}T00:00:00Z"}
    ids["announcement_id"] = world.made("/admin/announcements", "owner", {**told, "state": "published"})["id"]
    assert world.send("POST", "/me/notifications/read", "member").status_code == 200  # opening it leaves a mark, once
    names["draft"] = world.made("/admin/announcements", "owner", told)["id"]
    ids["lang"] = "zh"
    ids["month"] = "2099-12"
    offer = {"version": 0, "prizes": [5], "budget_points": 5, "grace_days": 3}
    assert world.send("PUT", "/admin/prizes/2099-12", "owner", json=offer).status_code == 200


def _reported(world: World) -> None:
    now, zone = datetime.now(UTC), ZoneInfo("Asia/Shanghai")
    day = now.astimezone(zone).date() - timedelta(days=1)
    world.tx(Login.BACKOFFICE, lambda tx: make(tx, "daily", Period(day, day), now, zone, "CNY"))
    world.ids["report_id"] = f"daily-{day}"


def filled(app: Flask) -> World:
    """The mall on an empty database, filled."""
    world = World(app)
    _people(world)
    _things(world)
    return world
