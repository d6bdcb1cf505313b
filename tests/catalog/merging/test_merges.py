"""Two accounts of one person become one: books, orders, limits, sessions, standing; two persons, never one's own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from catalog.merging.rules import Account, Figures, afterwards, refusal
from mall.db import Login
from mall.jobs import run_job

MERGES = "/admin/member-merges"


class Pair:
    """Two accounts of one person, and two persons of the staff."""

    def __init__(self, shop: Any) -> None:
        self.shop = shop
        self.old, self.new = shop.member(500), shop.member(70)
        self.first, self.second = shop.staff("rules"), shop.staff("rules")

    def ask(self, **change: Any) -> Any:
        body = {"member": self.old.id, "into": self.new.id, "reason": "same phone", **change}
        return self.shop.post(MERGES, self.first, body)

    def merge(self) -> Any:
        answer = self.shop.post(f"{MERGES}/{self.ask().json['id']}/approve", self.second)
        assert answer.status_code == 200, answer.json
        return answer.json

    def balance(self, who: Any = None) -> dict[str, int]:
        found = self.shop.get("/me/balance", who or self.new).json
        return {name: found[name] for name in ("available", "pending", "held", "debt")}


@pytest.fixture
def pair(shop: Any) -> Pair:
    """One person, twice."""
    return Pair(shop)


def test_points_orders_and_limits_are_those_of_one_account_and_the_old_sign_in_ends(pair: Pair) -> None:
    shop = pair.shop
    gift = shop.gift(100, limits=[{"per": "member", "period": "total", "quantity": 2}])
    waiting, done = (shop.order(pair.old, gift).json["id"] for _ in range(2))
    assert shop.post("/admin/pickups", shop.owner, {"code": shop.get(f"/orders/{done}", pair.old).json["pickup_code"]})
    ahead = pair.ask().json
    assert (ahead["state"], ahead["outlook"]["refusal"]) == ("requested", None)
    assert ahead["outlook"]["after"] == {"available": 370, "pending": 0, "held": 0, "debt": 0}
    side = ahead["outlook"]["member"]
    assert [side[name] for name in ("lots", "orders", "open_orders", "sessions")] == [1, 2, 1, 1]
    assert pair.balance() == {"available": 70, "pending": 0, "held": 0, "debt": 0}
    assert shop.post(f"{MERGES}/{ahead['id']}/approve", pair.first).json["code"] == "own_request"
    merged = shop.post(f"{MERGES}/{ahead['id']}/approve", pair.second).json
    assert merged["outcome"] == {"points": 300, "debt": 0, "orders": 2, "sessions": 1, "household": False}
    assert pair.balance() == {"available": 370, "pending": 0, "held": 0, "debt": 0}
    assert shop.get("/me/balance", pair.old).status_code == 401
    listed = [order["id"] for order in shop.get("/me/orders", pair.new).json["items"]]
    assert sorted(listed) == sorted([waiting, done])
    assert shop.order(pair.new, gift).json["code"] == "limit_reached"
    assert shop.post(f"/orders/{waiting}/cancel", pair.new).status_code == 200
    with shop.app.app_context():
        run_job("merged-accounts", datetime.now(UTC))
    assert pair.balance()["available"] == 470
    assert shop.post(f"/admin/orders/{done}/refunds", shop.owner, {"reason": "broken"}).status_code in (200, 201)
    with shop.app.app_context():
        run_job("merged-accounts", datetime.now(UTC))
    assert pair.balance() == {"available": 570, "pending": 0, "held": 0, "debt": 0}
    told = [one["text"] for one in shop.get("/me/notifications", pair.new).json["items"]]
    assert "Two accounts of yours are one now: points and orders of both are here." in told
    actions = shop.run(Login.OWNER, _actions)
    assert actions == ["member.merge_requested", "member.merge_approved"]


def _actions(tx: Any) -> list[str]:
    return list(tx.scalars(text("SELECT action FROM audit_entries WHERE action LIKE 'member.%' ORDER BY id")))


def test_what_one_account_owes_is_paid_by_the_other_and_standing_follows(pair: Pair) -> None:
    shop = pair.shop
    shop.claw_back(pair.old, 520)
    for who, points in ((pair.old, 40), (pair.new, 2)):
        shop.write("INSERT INTO standings VALUES (:member, :points)", member=who.id, points=points)
    shop.write("INSERT INTO board_members VALUES (:member, now())", member=pair.old.id)
    shop.write("INSERT INTO sources.member_badges VALUES (:member, 'newcomer', now())", member=pair.old.id)
    assert pair.merge()["outcome"]["debt"] == 20
    assert pair.balance() == {"available": 50, "pending": 0, "held": 0, "debt": 0}
    with shop.app.app_context():
        assert run_job("merged-accounts", datetime.now(UTC)) == {"points": 0, "standings": 1}
        assert run_job("merged-accounts", datetime.now(UTC)) == {}
    assert shop.sql("SELECT public_points FROM standings WHERE member_id = :id", id=pair.new.id) == 42
    assert shop.sql("SELECT public_points FROM standings WHERE member_id = :id", id=pair.old.id) == 0
    assert shop.sql("SELECT count(*) FROM board_members") == 0
    assert shop.sql("SELECT member_id FROM sources.member_badges WHERE member_id = :id", id=pair.new.id) == pair.new.id
    # A credit that was under way goes the same way, and a third account is not a name of a name.
    shop.credit(pair.old, 5)
    with shop.app.app_context():
        assert run_job("merged-accounts", datetime.now(UTC)) == {"points": 5, "standings": 0}
    third = shop.member(1)
    pair.old, pair.new = pair.new, third
    pair.merge()
    assert shop.sql("SELECT count(*) FROM members WHERE alias_of = :id", id=third.id) == 2
    assert pair.balance(third)["available"] == 56


def test_where_one_account_was_the_person_was_and_boards_count_both(pair: Pair) -> None:
    shop, now = pair.shop, datetime.now(UTC)
    hour = timedelta(hours=1)
    fair = {"title": "Fair", "place": "Park", "state": "published"}
    times = {"starts_at": (now - hour).isoformat(), "ends_at": (now + hour).isoformat()}
    activity = shop.post("/admin/activities", shop.owner, {**fair, **times}).json["id"]
    words = {"zh": "算术", "en": "Sums"}
    question = {"text": words, "options": [words, {"zh": "别的", "en": "Other"}], "answer": 0, "explanation": words}
    paper = {"code": "sums", "category": "law", "title": words, "summary": words, "questions": [question]}
    quiz = shop.post("/admin/quizzes", shop.owner, {"document": paper}).json["id"]
    once = {"attempts": {"count": 1, "period": "total"}}
    assert shop.post(f"/admin/quizzes/{quiz}", shop.owner, once, method="PATCH").status_code == 200

    def attend(who: Any) -> Any:
        mark = {"member": who.id, "reason": "was there"}
        return shop.post(f"/admin/activities/{activity}/attendance", shop.owner, mark, method="PUT")

    def board(who: Any) -> list[tuple[int, bool]]:
        return [(line["points"], line["mine"]) for line in shop.get("/leaderboards/week", who).json["items"]]

    earned = attend(pair.old).json["points"]
    begun = shop.post(f"/quizzes/{quiz}/attempts", pair.old).json["id"]
    assert shop.post("/me/board", pair.new, {"opted_in": True}, method="PUT").status_code == 200
    assert (earned, board(pair.new)) == (10, [])
    pair.merge()
    with shop.app.app_context():
        run_job("merged-accounts", datetime.now(UTC))
    assert board(pair.new) == [(10, True)]
    assert attend(pair.new).json["code"] == "already_attended"
    gone_on_with = shop.post(f"/quizzes/{quiz}/attempts", pair.new).json["id"]
    assert (gone_on_with, shop.sql("SELECT count(*) FROM quiz_attempts")) == (begun, 1)
    assert shop.sql("SELECT count(*) FROM participations") == 1
    assert shop.wallet(pair.new)["available"] == 580


def test_of_a_quiz_the_best_result_of_both_accounts_pays_and_held_results_meet_without_harm(pair: Pair) -> None:
    shop, words = pair.shop, {"zh": "算术", "en": "Sums"}
    question = {"text": words, "options": [words, words], "answer": 0, "explanation": words}

    def quiz(code: str, **settings: Any) -> str:
        paper = {"code": code, "category": "law", "title": words, "summary": words, "questions": [question] * 5}
        made = shop.post("/admin/quizzes", shop.owner, {"document": paper}).json["id"]
        if settings:
            assert shop.post(f"/admin/quizzes/{made}", shop.owner, settings, method="PATCH").status_code == 200
        return str(made)

    def take(who: Any, quiz: str, right: int) -> int:
        begun = shop.post(f"/quizzes/{quiz}/attempts", who).json
        chosen = {one["id"]: "a" if place < right else "b" for place, one in enumerate(begun["questions"])}
        answer = shop.post(f"/attempts/{begun['id']}/answers", who, {"answers": chosen})
        assert answer.status_code == 200, answer.json
        return int(answer.json["points"])

    free, held = quiz("sums"), quiz("held", hold_results=True)
    assert (take(pair.old, free, 4), take(pair.new, free, 3)) == (20, 10)
    assert (take(pair.old, held, 5), take(pair.new, held, 5)) == (30, 30)
    third = shop.member(0)
    pair.merge()
    with shop.app.app_context():
        run_job("merged-accounts", datetime.now(UTC))
    before = shop.wallet(pair.new)["available"]
    assert (take(pair.new, free, 4), take(pair.new, free, 3)) == (0, 0)
    assert shop.wallet(pair.new)["available"] == before
    assert take(pair.new, free, 5) == 10  # more than either had: the difference alone
    pair.old, pair.new = pair.new, third
    pair.merge()
    with shop.app.app_context():
        run_job("merged-accounts", datetime.now(UTC))
    assert take(third, free, 5) == 0
    waiting = "SELECT count(*) FROM quiz_attempts WHERE review = 'waiting'"
    assert shop.sql(waiting) == 2
    assert shop.sql(f"{waiting} AND member_id = :id", id=third.id) == 1
    release = {"action": "void", "reason": "twice", "flagged_too": True}
    assert shop.post(f"/admin/quizzes/{held}/releases", shop.owner, release).status_code < 300


def test_days_checked_in_under_both_accounts_are_one_row_and_unused_cards_are_kept(pair: Pair) -> None:
    shop, today = pair.shop, datetime.now(UTC).date()
    days = "INSERT INTO check_ins (member_id, day, streak, points) VALUES (:member, :day, :streak, 5)"
    card = """INSERT INTO make_up_cards (id, member_id, origin, earned_day, created_at)
     VALUES (:id, :member, 'streak', :day, now())"""

    def fill(tx: Any) -> None:
        for who, back, streak in ((pair.old, 4, 1), (pair.old, 3, 2), (pair.new, 2, 1), (pair.old, 2, 3)):
            tx.execute(text(days), {"member": who.id, "day": today - timedelta(days=back), "streak": streak})
        for number, (who, back) in enumerate(((pair.old, 2), (pair.new, 2), (pair.old, 9))):
            values = {"id": f"mkc_{who.id[-20:]}{number}", "member": who.id, "day": today - timedelta(days=back)}
            tx.execute(text(card), values)

    shop.run(Login.EARNING, fill)
    before = pair.balance(pair.old)["available"] + pair.balance()["available"]
    pair.merge()
    assert (
        run_job("merged-accounts", datetime.now(UTC)) is not None
        and run_job("merged-accounts", datetime.now(UTC)) is not None
    )
    rows = "SELECT member_id, :today - day, streak, points FROM check_ins WHERE member_id IN (:old, :new) ORDER BY day"
    cards = "SELECT member_id, :today - earned_day FROM make_up_cards WHERE member_id IN (:old, :new) ORDER BY 2"
    asked = {"today": today, "old": pair.old.id, "new": pair.new.id}
    kept = shop.run(Login.EARNING, lambda tx: [list(map(tuple, tx.execute(text(q), asked))) for q in (rows, cards)])
    new = pair.new.id
    assert kept == [[(new, 4, 1, 5), (new, 3, 2, 5), (new, 2, 3, 10)], [(new, 2), (new, 9)]]
    assert pair.balance()["available"] == before


def test_what_sources_send_later_follows_and_no_source_sees_what_another_paid(pair: Pair, make_client: Any) -> None:
    shop = pair.shop
    tips, fairs = (make_client(["credits:write", "members:read"]) for _ in range(2))

    def tell(source: Any, member: str, name: str, stage: str) -> Any:
        event = {
            "id": f"{name}/{stage}",
            "type": "tip.outcome",
            "member": member,
            "data": {"case": name, "stage": stage},
        }
        at = f"2026-11-0{('received', 'adopted', 'solved').index(stage) + 1}T10:00:00+08:00"
        answer = shop.post("/credit-events", source, {**event, "occurred_at": at})
        assert answer.status_code == 201, answer.json
        return answer.json["points"]

    first, other = tell(tips, "u-1", "a", "adopted"), tell(fairs, "v-1", "b", "adopted")
    one, two = (
        shop.sql("SELECT member_id FROM sources.source_members WHERE source_id = :id", id=source.id)
        for source in (tips, fairs)
    )
    pair.old, pair.new = (type(pair.new)(member, {}) for member in (one, two))
    assert pair.merge()["outcome"]["points"] == first
    for source, name in ((tips, "u-1"), (fairs, "v-1")):
        seen = shop.get(f"/members/{name}", source).json
        assert (seen["claimed"], seen["available"]) == (False, None)
    change = tell(tips, "u-1", "a", "solved")
    assert change > 0 and shop.wallet(pair.new)["available"] == first + other + change
    taken = shop.post("/credit-events/a/solved/reversal", tips, {"reason": "mistaken"})
    assert taken.json["points"] == -change
    assert shop.wallet(pair.new)["available"] == first + other
    assert shop.wallet(pair.old)["available"] == 0


def test_what_is_not_possible_says_so_and_changes_nothing(pair: Pair) -> None:
    shop = pair.shop
    unclaimed = shop.member(1)
    shop.write("UPDATE members SET username = NULL, username_key = NULL, password_hash = NULL WHERE id = :id",
               id=unclaimed.id)  # fmt: skip
    assert pair.ask(into=unclaimed.id).json["code"] == "merge_other_way"
    assert pair.ask(into=pair.old.id).json["code"] == "same_account"
    assert pair.ask(into="mem_none").status_code == 422
    assert pair.ask(member="mem_none").status_code == 404
    asked = pair.ask().json["id"]
    assert pair.ask().json["code"] == "merge_asked"
    assert shop.post(f"/admin/members/{pair.old.id}/freeze", pair.first, {"reason": "looks odd"}).status_code == 200
    before = shop.snapshot()
    assert shop.post(f"{MERGES}/{asked}/approve", pair.second).json["code"] == "member_not_active"
    assert shop.snapshot() == before
    assert shop.post(f"{MERGES}/{asked}/reject", pair.second, {"reason": "two people"}).json["state"] == "rejected"
    assert shop.post(f"{MERGES}/{asked}/approve", pair.second).json["code"] == "already_decided"
    assert shop.sql("SELECT count(*) FROM members WHERE alias_of IS NOT NULL") == 0


def test_nobody_merges_or_adjusts_for_themselves_their_household_or_a_colleague(pair: Pair) -> None:
    shop = pair.shop
    own = shop.sql("SELECT username FROM staff WHERE id = :id", id=pair.first.id)
    rename = "UPDATE members SET username = :name, username_key = :name WHERE id = :id"
    shop.write(rename, name=own, id=pair.old.id)
    assert pair.ask().json["code"] == "own_account"
    asked = {"member": pair.old.id, "points": 5, "reason": "goodwill"}
    assert shop.post("/admin/adjustments", pair.first, asked).json["code"] == "own_account"
    assert shop.post("/admin/adjustments", pair.second, asked).json["code"] == "own_team"
    assert shop.post("/admin/adjustments", shop.owner, asked).status_code == 201
    for member in (pair.old, pair.new):
        shop.post(f"/admin/members/{member.id}/household", shop.owner, {"household": "h7"}, method="PUT")
    other = {**asked, "member": pair.new.id}
    assert shop.post("/admin/adjustments", pair.first, other).json["code"] == "own_team"
    assert shop.post("/admin/adjustments", pair.second, other).status_code == 201
    assert shop.sql("SELECT count(*) FROM adjustments") == 2


def test_an_order_placed_while_accounts_merge_is_in_one_book_or_refused(pair: Pair) -> None:
    shop = pair.shop
    gift = shop.gift(100)
    asked = pair.ask().json["id"]
    calls: list[Callable[[], Any]] = [lambda: shop.order(pair.old, gift) for _ in range(3)]
    calls.append(lambda: shop.post(f"{MERGES}/{asked}/approve", pair.second))
    *orders, merged = shop.at_once(calls)
    assert merged.status_code == 200
    placed = sum(answer.status_code == 201 for answer in orders)
    assert {answer.status_code for answer in orders} <= {201, 401, 409}
    assert pair.balance()["available"] == 570 - 100 * placed
    assert len(shop.get("/me/orders", pair.new).json["items"]) == placed


FIGURES = st.builds(
    lambda available, pending, debt, owes: Figures(0 if owes else available, pending, 0, debt if owes else 0),
    *[st.integers(0, 1000)] * 3, st.booleans(),
)  # fmt: skip


@given(FIGURES, FIGURES)
def test_a_merge_neither_makes_nor_loses_points(one: Figures, other: Figures) -> None:
    after = afterwards(one, other)
    worth = [side.available + side.pending - side.debt for side in (one, other, after)]
    assert worth[0] + worth[1] == worth[2] and (after.available == 0 or after.debt == 0)


def test_accounts_that_were_merged_frozen_or_are_the_same_are_refused() -> None:
    fine = Account("a", "active", False, True)
    assert refusal(fine, Account("b", "active", False, True)) is None
    assert refusal(Account("b", "active", False, False), fine) is None
    assert refusal(fine, Account("b", "active", True, True)) == "merged_already"
    assert refusal(fine, Account("b", "closed", False, True)) == "member_not_active"
