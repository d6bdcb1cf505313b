"""A valid body of every operation that takes one, with every field of it at least once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from world import PASSWORD, World

AT = "2026-01-06T10:00:00+08:00"
LATER = "2027-06-01T00:00:00+08:00"
WORDS = {"zh": "字", "en": "word"}
Body = dict[str, Any]
Bodies = Callable[[World], list[Body]]


def _event(kind: str, **data: Any) -> Body:
    return {"id": f"fuzz/{kind}", "type": kind, "member": "u-2", "occurred_at": AT, "data": data}


EVENTS = [
    _event("tip.outcome", case="tip-9", stage="adopted", grade=1, share=50),
    _event("quiz.result", quiz="q", score=3, max_score=5),
    _event("activity.attended", activity="fair"),
    _event("points.credit", points=5, label="bonus"),
]
LIMIT = {"per": "member", "period": "day", "quantity": 1}
GIFT = {
    "code": "fuzzed", "description": WORDS, "status": "draft", "limits": [LIMIT], "min_level": 1,
    "visible_from": AT, "on_sale_from": AT, "on_sale_until": LATER, "needs_preparation": True,
    "needs_approval": True, "featured": True, "name": WORDS, "points": 5, "cause": None, "low_pool": 5,
}  # fmt: skip
CASH = {"amount": 500, "currency": "CNY"}
SPANS = ["09:00-12:00", "13:00-18:00"]
POINT = {
    "name": WORDS, "address": WORDS, "hours": WORDS, "phone": "1234", "code": "fuzzed", "is_default": False,
    "opening": {
        **dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), SPANS),
        "exceptions": [{"date": "2026-10-01", "hours": SPANS}],
    },
}  # fmt: skip
QUESTION = {"text": WORDS, "options": [WORDS, WORDS], "answer": 0, "explanation": WORDS}
QUIZ = {"code": "fuzzed", "category": "law", "title": WORDS, "summary": WORDS, "questions": [QUESTION]}
CLIENT = {"scopes": ["credits:write"], "daily_cap_points": 5, "allowed_networks": ["10.0.0.0/8"]}
SHELF = {"name": WORDS, "code": "fuzzed", "position": 3}
RULE = {"event": "activity.attended", "points": {"base": {"fixed": 5}}, "visibility": "public"}
TIP_RULE = {**RULE, "event": "tip.outcome"}
CAMPAIGN = {
    "name": WORDS, "factor": "2", "rules": ["tip-outcome"], "min_level": 2, "condition": "level > 1", "review": True,
    "active": {"first_day": "2026-12-01", "last_day": "2026-12-31", "weekdays": [6, 7], "hours": [[8, 20]]},
}  # fmt: skip
LIMITS = {
    "approve_above_award_points": 5, "approve_above_minted_points": 5, "backtest_budget_points": 5,
    "backtest_required": False,
}  # fmt: skip
LEVELS = [{"from_points": 10 * place, "name": WORDS, "perks": WORDS} for place in range(5)]
DOWNGRADE = {"policy": "rolling", "months": 12, "warn_days": 30}
ACTIVITY = {
    "title": WORDS, "about": WORDS, "place": WORDS, "starts_at": "2030-12-01T10:00:00Z",
    "ends_at": "2030-12-01T12:00:00Z", "sign_up_needed": False, "capacity": 5, "state": "published",
}  # fmt: skip
ANNOUNCEMENT = {
    "title": WORDS, "body": WORDS, "link": "/activities", "important": True, "from_at": "2099-11-01T00:00:00Z",
    "state": "draft",
}  # fmt: skip
SPAN_FACTS = ("level", "days_of_membership", "effectiveness", "adopted_tips", "earned_points")
FILTER = {
    **{f"{fact}_from": 1 for fact in SPAN_FACTS}, **{f"{fact}_to": 5 for fact in SPAN_FACTS},
    "joined_from": "2026-12-01", "joined_to": "2026-12-31", "households": ["block 3"],
}  # fmt: skip
NOT_A_BLACKOUT = dict.fromkeys(
    ("per", "unit", "period", "amount", "min_level", "min_days", "min_percent", "segment", "members")
)
DELIVERY = {"name": "Li", "phone": "123456", "address": "Street 1"}
SOON = f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%dT00:00:00Z}"
"""A moment ahead, and not too far."""


def _bodies(*bodies: Body) -> Bodies:
    return lambda world: list(bodies)


def _shelves(world: World) -> Body:
    return {"category": world.ids["category_id"], "tags": [world.ids["tag_id"]]}


def _redemption_rules(world: World) -> list[Body]:
    shared = {"name": WORDS, "active": False}
    return [
        {**shared, "kind": "limit", "per": "household", "unit": "quantity", "period": "month", "amount": 3,
         "category": world.ids["category_id"], "above_points": 5},
        {**shared, "kind": "level", "min_level": 2, "gift": world.ids["gift_id"]},
        {**shared, "kind": "membership", "min_days": 1},
        {**shared, "kind": "effectiveness", "min_percent": 60},
        {**shared, "kind": "segment", "segment": world.ids["segment_id"], "members": "only"},
        {**shared, "kind": "blackout", "first_day": "2026-12-01", "last_day": "2026-12-31", "weekdays": [6],
         "hours": [[8, 20]]},
    ]  # fmt: skip


def _orders(world: World) -> list[Body]:
    return [
        {"gift": world.names["virtual"], "quantity": 1, "target": "13800138000"},
        {"gift": world.names["delivery"], "variant": world.names["variant"], "quantity": 1, "delivery": DELIVERY},
        {"gift": world.ids["gift_id"], "quantity": 1, "pickup_point": world.ids["point_id"]},
        {
            "gift": world.names["delivery"],
            "variant": world.names["variant"],
            "quantity": 1,
            "address": world.ids["address_id"],
        },
    ]


BODIES: dict[str, tuple[str, Bodies]] = {
    "post_member": ("stranger", _bodies({"username": "fuzz-new", "password": PASSWORD, "nickname": "new"})),
    "patch_me": ("member", _bodies({"nickname": "other", "locale": "en", "avatar": "owl"})),
    "post_session": ("stranger", _bodies({"username": "fuzz-member", "password": PASSWORD})),
    "post_staff_session": (
        "stranger", _bodies({"username": "fuzz-owner", "password": PASSWORD, "otp": "123456"}),
    ),
    "confirm_authenticator": ("owner", _bodies({"otp": "123456"})),
    "post_step_up": ("owner", _bodies({"password": PASSWORD, "otp": "123456"})),
    "put_own_password": ("owner", _bodies({"password": "not this one", "new_password": "another long phrase"})),
    "post_welcome": ("stranger", _bodies({"token": "x" * 43, "password": "another long phrase"})),
    "post_staff_account": ("owner", _bodies({"username": "fuzz-colleague", "role": "catalog"})),
    "patch_staff_account": ("owner", _bodies({"role": "catalog", "disabled": False})),
    "put_security": ("owner", _bodies({"otp_required": False})),
    "put_adjustment_limits": ("owner", _bodies(
        {"most_points": 100_000, "month_points": 10**9, "owner_above_points": 10**9},
    )),
    "post_gifts_bulk": ("owner", lambda world: [
        {"gifts": [world.ids["gift_id"]], "status": "active"}, {"gifts": [world.ids["gift_id"]], "category": None},
        {"gifts": [world.ids["gift_id"]], "tag": world.ids["tag_id"]},
        {"gifts": [world.ids["gift_id"]], "untag": world.ids["tag_id"]},
        {"gifts": [world.ids["gift_id"]], "percent": 10},
    ]),
    "post_gift_move": ("owner", _bodies({"way": "up"})),
    "post_pickup_look": ("owner", _bodies({"code": "123456"})),
    "post_client_reconciliation": ("owner", _bodies(
        {"events": [{"id": "fuzz/1", "points": 5}], "since": AT, "until": LATER},
    )),
    "post_credit_event": ("client", _bodies(*EVENTS)),
    "reconcile_credit_events": ("client", _bodies(
        {"events": [{"id": "fuzz/1", "points": 5}], "since": AT, "until": LATER},
    )),
    "reverse_credit_event": ("client", _bodies({"reason": "wrong person"})),
    "post_login_link": ("client", _bodies({"member": "u-1", "next": "/mall"})),
    "post_claim_codes": ("client", _bodies({"points": 5, "count": 2, "expires_at": LATER})),
    "post_claim": ("member", _bodies({"code": "AAAA-BBBB"})),
    "post_quiz": ("owner", _bodies({"document": QUIZ, "draft": False})),
    "patch_quiz": ("owner", _bodies({
        "time_limit_seconds": 60, "attempts": {"count": 3, "period": "day"}, "pass_percent": 60, "shuffle": True,
        "opens_at": AT, "closes_at": LATER, "retired": False, "version": 1, "title": WORDS,
        "summary": WORDS, "category": "law", "draw": [{"category": "law", "count": 1}], "published": True,
        "hold_results": False,
    })),
    "post_result_decisions": ("owner", lambda world: [
        {"action": "void", "reason": "seen", "results": [world.ids["attempt_id"]]},
    ]),
    "post_quiz_release": ("owner", _bodies({"action": "confirm", "reason": "seen", "flagged_too": True})),
    "post_quiz_category": ("owner", _bodies({"code": "fuzzed-too", "name": WORDS})),
    "patch_quiz_category": ("owner", _bodies({"name": WORDS, "version": 1})),
    "post_bank_questions": ("owner", _bodies({"questions": [{"code": "fuzzed", "category": "law", **QUESTION}]})),
    "patch_bank_question": ("owner", _bodies({"active": True})),
    "hand_in_answers": ("member", lambda world: [{"answers": {world.names["question"]: "b"}}]),
    "choose_board": ("member", _bodies({"opted_in": True})),
    "post_quote": ("member", lambda world: [
        {"gift": world.names["delivery"], "variant": world.names["variant"], "quantity": 1},
    ]),
    "post_order": ("member", _orders),
    "post_orders_bulk": ("owner", lambda world: [
        {"orders": [world.ids["order_id"]], "to": "confirmed", "reason": "fuzz"},
    ]),
    "post_api_client": (
        "owner", _bodies({"name": "new", "signed_only": False, "key_expires_at": LATER, **CLIENT}),
    ),
    "patch_api_client": ("owner", _bodies({"disabled": False, **CLIENT})),
    "post_api_key": ("owner", _bodies({"expires_at": LATER})),
    "post_gift": (
        "owner", lambda world: [
            {**GIFT, "kind": "pickup", "stock": 5, **_shelves(world)},
            {"name": WORDS, "kind": "pickup", "points": 5, "cash": CASH},
        ],
    ),
    "patch_gift": ("owner", lambda world: [{**GIFT, **_shelves(world)}, {"cash": CASH}]),
    "post_variant": ("owner", _bodies({"name": WORDS, "points": 5, "stock": 5})),
    "post_read": ("member", lambda world: [{"until": world.names["notice"]}]),
    "post_tag": ("owner", _bodies({**SHELF, "code": "fuzzed-tag"})),
    "patch_tag": ("owner", _bodies({**SHELF, "code": "fuzzed-tag"})),
    "put_pictures": ("owner", lambda world: [{"pictures": [{"id": world.names["picture"], "alt": WORDS}]}]),
    "put_frame": ("owner", _bodies({"shape": "1:1", "size": 60, "x": 10, "y": 90})),
    "patch_variant": ("owner", _bodies({"name": WORDS, "points": 5, "active": True})),
    "put_variants": ("owner", lambda world: [{"variants": [world.ids["variant_id"]]}]),
    "post_stock": ("owner", lambda world: [{"change": 5, "reason": "new", "variant": world.names["variant"]}]),
    "post_label": ("owner", _bodies({"code": "fuzzed", "name": WORDS})),
    "patch_label": ("owner", _bodies({"name": WORDS, "active": True})),
    "post_earning_rule": (
        "owner", _bodies({"key": "fuzzed", "title": WORDS, "document": RULE}),
    ),
    "patch_earning_rule": ("owner", _bodies({"title": WORDS})),
    "post_earning_rule_version": ("owner", _bodies({"document": TIP_RULE, "based_on": 1})),
    "patch_earning_rule_version": ("owner", _bodies({"revision": 1, "document": RULE})),
    "try_earning_rule_version": ("owner", _bodies({"facts": {}, "occurred_at": AT})),
    "reject_earning_rule_version": ("owner", _bodies({"reason": "why not"})),
    "publish_earning_rule_version": ("owner", _bodies({"at": LATER})),
    "retire_earning_rule_version": ("owner", _bodies({"at": LATER})),
    "post_earning_rule_backtest": ("owner", _bodies({"from": "2026-01-01T00:00:00Z", "until": AT})),
    "patch_rule_controls": ("owner", _bodies(LIMITS)),
    "post_rule_set": ("owner", lambda world: [{
        "format": "points-mall/rule-set", "format_version": 1, "controls": LIMITS,
        "earning_rules": [{"key": "fuzzed", "title": WORDS, "document": RULE}],
        "campaigns": [{"key": "fuzzed", "document": {**CAMPAIGN, "rules": ["tip-outcome"]}}],
        "budgets": [{"scope": "fuzzed", "period": "month", "limit_points": 5000, "action": "pend"}],
        "segments": [{"id": "seg_fuzzed", "name": WORDS, "filter": FILTER}],
        "redemption_rules": [{"id": "rru_fuzzed", **rule} for rule in _redemption_rules(world)[:1]],
    }, *({
        "format": "points-mall/rule-set", "format_version": 1,
        "redemption_rules": [{"id": "rru_fuzzed", **rule}],
    } for rule in _redemption_rules(world)[1:])]),
    "post_segment": ("owner", _bodies({"name": WORDS, "filter": FILTER})),
    "patch_segment": ("owner", _bodies({"version": 1, "name": WORDS, "filter": FILTER})),
    "post_segment_preview": ("owner", _bodies({"filter": FILTER})),
    "put_household": ("owner", _bodies({"household": "block 3"})),
    "post_redemption_rule": ("owner", _redemption_rules),
    "patch_redemption_rule": ("owner", _bodies({
        "version": 1, "name": WORDS, "gift": None, "category": None, "above_points": 5, "active": True,
        "first_day": "2020-01-01", "last_day": "2020-01-02", "weekdays": [6], "hours": [[8, 20]], **NOT_A_BLACKOUT,
    })),
    "post_campaign": ("owner", _bodies({"key": "fuzzed", **CAMPAIGN})),
    "put_report_settings": ("owner", _bodies({"points_per_unit": 100})),
    "put_budget": ("owner", _bodies({"period": "month", "limit_points": 5000, "action": "pend"})),
    "put_prize_month": ("owner", _bodies({"version": 0, "prizes": [5, 3], "budget_points": 10, "grace_days": 3})),
    "post_activity": ("owner", _bodies(ACTIVITY)),
    "patch_activity": ("owner", _bodies({"version": 1, **ACTIVITY})),
    "put_marked_attendance": ("owner", lambda world: [{"member": world.ids["member_id"], "reason": "seen"}]),
    "put_attendance": ("member", _bodies({"code": "4k7mp2qx"})),
    "patch_badge": ("owner", _bodies(
        {"version": 0, "title": WORDS, "condition": WORDS, "goal": 5, "active": True},
    )),
    "put_boards": ("owner", _bodies({"version": 0, "paused": False})),
    "post_nickname_reset": ("owner", _bodies({"reason": "rude"})),
    "post_announcement": ("owner", lambda world: [
        {**ANNOUNCEMENT, "until_at": SOON, "audience": "levels", "levels": [1, 2]},
        {**ANNOUNCEMENT, "until_at": SOON, "audience": "segment",
         "segment": world.ids["segment_id"]},
    ]),
    "patch_announcement": ("owner", lambda world: [
        {**ANNOUNCEMENT, "version": 1, "until_at": SOON, "audience": "levels", "levels": [1, 2],
         "segment": None},
    ]),
    "post_withdrawal": ("owner", _bodies({"version": 1})),
    "post_commendation": ("owner", lambda world: [{"member": world.ids["member_id"], "text": WORDS}]),
    "put_my_honour": ("member", _bodies({"agreed": False})),
    "put_levels": ("owner", _bodies({"version": 0, "levels": LEVELS, "downgrade": DOWNGRADE})),
    "confirm_award": ("owner", _bodies({"reason": "seen"})),
    "adjust_award": ("owner", _bodies({"reason": "seen", "points": 5})),
    "cancel_award": ("owner", _bodies({"reason": "seen"})),
    "post_award_decisions": ("owner", lambda world: [
        {"decisions": [{"award": world.ids["award_id"], "action": "adjust", "points": 5, "reason": "seen"}]},
    ]),
    "review_awards": ("owner", lambda world: [
        {"action": "confirm", "rule": "quiz-result", "quiz": world.ids["quiz_id"], "campaign": "fuzz-campaign",
         "reason": "seen"},
    ]),
    "post_adjustment": ("owner", lambda world: [
        {"member": world.ids["member_id"], "points": 5, "reason": "goodwill", "note": "why"},
    ]),
    "post_write_off": ("owner", lambda world: [
        {"member": world.ids["member_id"], "points": 5, "reason": "hardship", "note": "why"},
    ]),
    "reject_adjustment": ("owner", _bodies({"reason": "no"})),
    "post_member_note": ("owner", _bodies({"text": "Called."})),
    "post_read_sources": ("owner", _bodies({"reason": "a complaint"})),
    "post_member_freeze": ("owner", _bodies({"reason": "odd", "until": LATER})),
    "post_member_unfreeze": ("owner", _bodies({"reason": "explained"})),
    "post_password_reset": ("owner", lambda world: [
        {"member": world.names["other"], "reason": "lost both", "identified": "in person"},
    ]),
    "reject_password_reset": ("owner", _bodies({"reason": "not the one"})),
    "post_merge": ("owner", lambda world: [
        {"member": world.ids["member_id"], "into": world.names["twin"], "reason": "one person"},
    ]),
    "reject_merge": ("owner", _bodies({"reason": "two people"})),
    "patch_check_in_settings": ("owner", _bodies({
        "card_price_points": 5, "repair_days": 5, "most_cards": 5, "card_every_days": 5, "repaired_day_pays": False,
    })),
    "post_cards": ("owner", _bodies({"count": 1, "reason": "why"})),
    "post_day_off": ("owner", lambda world: [{"date": world.names["today"], "reason": "why"}]),
    "put_notice_preferences": ("member", _bodies({"off": ["wishes"]})),
    "post_repair": ("member", _bodies({"date": "2026-11-20"})),
    "put_reminder": ("member", _bodies({"hour": 20})),
    "post_appeal": ("member", lambda world: [{"debit": world.ids["debit_id"], "answer": "It was not me"}]),
    "uphold_debit": ("owner", _bodies({"reason": "seen"})),
    "waive_debit": ("owner", _bodies({"reason": "seen"})),
    "put_campaign": ("owner", _bodies(CAMPAIGN)),
    "post_cause": ("owner", _bodies({**SHELF, "description": WORDS, "goal_points": 5, "active": True})),
    "patch_cause": ("owner", _bodies({**SHELF, "description": WORDS, "goal_points": 5, "active": True})),
    "post_category": ("owner", _bodies(SHELF)),
    "patch_category": ("owner", _bodies(SHELF)),
    "post_pickup_point": ("owner", _bodies(POINT)),
    "patch_pickup_point": ("owner", _bodies({**POINT, "active": True})),
    "post_advance": (
        "owner", _bodies({"to": "completed", "tracking": "SF1", "carrier": "SF", "reason": "why not"}),
    ),
    "post_address": ("member", _bodies({**DELIVERY, "is_default": True})),
    "patch_address": ("member", _bodies({**DELIVERY, "is_default": True})),
    "post_top_up_provider": ("owner", _bodies({"name": "x", "url": "https://example.com/", "active": True})),
    "patch_top_up_provider": ("owner", _bodies({"name": "x", "url": "https://example.com/", "active": True})),
    "post_webhook": ("owner", lambda world: [
        {"url": "https://example.com/x", "events": ["order.placed"], "description": "x", "active": True,
         "client_id": world.ids["client_id"]},
    ]),
    "patch_webhook": ("owner", _bodies(
        {"url": "https://example.com/x", "events": ["order.placed"], "description": "x", "active": True},
    )),
    "put_gift_top_up": ("owner", lambda world: [
        {"provider": world.ids["provider_id"], "product": "x", "target": "phone"},
    ]),
    "decide_top_up": ("owner", _bodies({"outcome": "retry", "reason": "why not"})),
    "post_top_up_callback": ("stranger", lambda world: [
        {"order": world.ids["order_id"], "status": "done", "reason": "x", "reference": "y"},
    ]),
    "post_draw": ("owner", _bodies({
        "opens_at": LATER, "closes_at": "2027-06-02T00:00:00+08:00", "winners": 2, "losers": "returned",
        "handover": "either", "claim_days": 7,
    })),
    "patch_draw": ("owner", _bodies({
        "opens_at": "2099-12-01T00:00:00+08:00", "closes_at": "2099-12-03T00:00:00+08:00", "winners": 2,
        "losers": "returned",
        "handover": "either", "claim_days": 7,
    })),
    "post_claim_prize": ("member", lambda world: [
        {"delivery": DELIVERY}, {"address": world.ids["address_id"]}, {"pickup_point": world.ids["point_id"]},
    ]),
    "post_queue_place": ("member", _bodies({"variant": "gft_00000000000000000000000000"})),
    "post_drop": ("owner", lambda world: [{
        "variant": world.names["variant"], "pieces": 5, "at": "10:00", "weekdays": [1], "first_day": "2026-12-01",
        "last_day": "2026-12-31",
        "withdraws": True, "reserve": 5, "waiting_minutes": 10, "turn_seconds": 180,
    }]),
    "patch_drop": ("owner", _bodies({
        "pieces": 5, "at": "10:00", "weekdays": [1], "first_day": "2026-12-01", "last_day": None,
        "withdraws": True, "reserve": 5, "reserve_seen": 1, "active": True, "waiting_minutes": None, "turn_seconds": 60,
    })),
    "put_stock_alert": ("owner", lambda world: [{"variant": world.names["variant"], "low_at": 5}]),
    "post_refund": ("owner", lambda world: [
        {"quantity": 1, "reason": "broken", "restock": False}, {"points": 1, "reason": "sorry"},
        {"points": 1, "cash": 0, "reason": "sorry"},
    ]),
    "patch_policy": ("owner", _bodies({"approval_above_points": 1_000_000})),
    "post_pickup": ("owner", _bodies({"code": "123456"})),
}  # fmt: skip
"""Who sends it, and the bodies, by operationId."""
