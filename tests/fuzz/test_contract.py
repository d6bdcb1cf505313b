"""The conventions of the HTTP contract, on every operation that the OpenAPI document lists."""

from __future__ import annotations

import itertools
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from bodies import BODIES, EVENTS
from test_bad_input import assert_problem
from world import API_URL, PASSWORD, World

ROOT = Path(__file__).resolve().parents[2]
ROLES = ("owner", "rules", "catalog", "fulfilment", "auditor")
KEY_REQUIRED = {
    "post_order", "post_cancel", "post_check_in", "post_claim", "post_claim_codes", "hand_in_answers", "post_gift",
    "post_variant", "post_stock", "post_vouchers", "post_advance", "post_pickup", "post_shipments", "decide_top_up",
    "post_adjustment", "post_write_off", "approve_adjustment", "post_refund", "post_repair", "post_make_up_card",
    "post_cards", "approve_merge", "approve_password_reset",
}  # fmt: skip
"""POSTs that move points or stock."""
NO_KEY = {
    "post_orders_bulk", "post_stripe_webhook", "post_earning_rule_backtest", "post_step_up", "post_pickup_look",
    "post_welcome",
}  # fmt: skip
"""POSTs that are the same once as twice without one: events have ids of their own, one back-test runs at a time, a
link is good once."""
FILES = {"post_vouchers", "post_shipments", "post_bank_file"}
"""POSTs whose body is a file."""
ALLOWED = {
    "list_admin_draws": "catalog auditor",
    "get_admin_draw": "catalog auditor",
    "post_draw": "catalog",
    "patch_draw": "catalog",
    "list_drops": "catalog auditor",
    "list_admin_activities": "rules auditor",
    "post_activity": "rules",
    "get_admin_activity": "rules auditor",
    "patch_activity": "rules",
    "list_participants": "rules auditor",
    "get_venue_code": "rules fulfilment",
    "put_marked_attendance": "rules fulfilment",
    "list_queues": "catalog auditor",
    "list_badges": "rules auditor",
    "get_badge": "rules auditor",
    "patch_badge": "rules",
    "get_boards": "rules auditor",
    "put_boards": "rules",
    "get_staff_board": "rules auditor",
    "post_nickname_reset": "rules",
    "list_announcements": "rules catalog auditor",
    "post_announcement": "rules catalog",
    "get_announcement": "rules catalog auditor",
    "patch_announcement": "rules catalog",
    "post_withdrawal": "rules catalog",
    "post_staff_notice_done": "catalog fulfilment",
    "get_report": "rules catalog auditor",
    "get_report_settings": "rules catalog auditor",
    "get_report_workbook": "rules catalog auditor",
    "list_reports": "rules catalog auditor",
    "put_report_settings": "",
    "post_drop": "catalog",
    "patch_drop": "catalog",
    "put_stock_alert": "catalog",
    "list_low_items": "catalog auditor",
    "list_staff_quizzes": "rules catalog auditor",
    "post_quiz": "rules catalog",
    "patch_quiz": "rules catalog",
    "list_flagged": "rules catalog auditor",
    "list_quiz_results": "rules catalog auditor",
    "post_result_decisions": "rules",
    "post_quiz_release": "rules",
    "list_quiz_releases": "rules catalog auditor",
    "list_quiz_categories": "rules catalog auditor",
    "post_quiz_category": "rules catalog",
    "patch_quiz_category": "rules catalog",
    "delete_quiz_category": "rules catalog",
    "list_bank_questions": "rules catalog auditor",
    "post_bank_questions": "rules catalog",
    "post_bank_file": "rules catalog",
    "get_bank_file": "rules catalog auditor",
    "patch_bank_question": "rules catalog",
    "post_refund": "fulfilment catalog",
    "get_policy": "catalog fulfilment auditor",
    "patch_policy": "",
    "list_earning_rules": "rules auditor",
    "post_earning_rule": "rules",
    "get_earning_rule": "rules auditor",
    "patch_earning_rule": "rules",
    "list_earning_rule_history": "rules auditor",
    "list_earning_rule_versions": "rules auditor",
    "post_earning_rule_version": "rules",
    "get_earning_rule_version": "rules auditor",
    "patch_earning_rule_version": "rules",
    "compare_earning_rule_version": "rules auditor",
    "try_earning_rule_version": "rules auditor",
    "get_rule_controls": "rules auditor",
    "patch_rule_controls": "",
    "submit_earning_rule_version": "rules",
    "approve_earning_rule_version": "rules",
    "reject_earning_rule_version": "rules",
    "discard_earning_rule_version": "rules",
    "publish_earning_rule_version": "rules",
    "roll_back_earning_rule": "rules",
    "retire_earning_rule_version": "rules",
    "post_earning_rule_backtest": "rules",
    "get_earning_rule_backtest": "rules auditor",
    "list_earning_rule_backtests": "rules auditor",
    "list_members": "rules catalog auditor",
    "get_admin_member": "rules catalog auditor",
    "list_audit": "auditor",
    "list_staff_accounts": "",
    "get_staff_account": "",
    "post_staff_account": "",
    "patch_staff_account": "",
    "post_staff_password_reset": "",
    "delete_staff_authenticator": "",
    "get_security": "auditor",
    "put_security": "",
    "get_adjustment_limits": "rules auditor",
    "put_adjustment_limits": "",
    "post_gifts_bulk": "catalog",
    "post_gift_copy": "catalog",
    "post_gift_move": "catalog",
    "post_pickup_look": "fulfilment",
    "post_client_reconciliation": "",
    "list_api_clients": "",
    "get_api_client": "",
    "post_api_client": "",
    "patch_api_client": "",
    "list_webhooks": "",
    "get_webhook": "",
    "post_webhook": "",
    "patch_webhook": "",
    "delete_webhook": "",
    "post_webhook_secret": "",
    "delete_former_secret": "",
    "post_webhook_test": "",
    "list_webhook_deliveries": "",
    "post_redelivery": "",
    "post_api_key": "",
    "delete_api_key": "",
    "post_gift": "catalog",
    "list_admin_gifts": "catalog auditor",
    "post_shipments": "fulfilment",
    "list_admin_causes": "catalog auditor",
    "post_cause": "catalog",
    "patch_cause": "catalog",
    "list_staff_notices": "catalog fulfilment auditor",
    "list_top_up_providers": "catalog auditor",
    "get_top_up_provider": "catalog auditor",
    "post_top_up_provider": "catalog",
    "patch_top_up_provider": "catalog",
    "post_top_up_secret": "catalog",
    "get_gift_top_up": "catalog auditor",
    "put_gift_top_up": "catalog",
    "list_top_ups": "fulfilment catalog auditor",
    "decide_top_up": "fulfilment",
    "get_orders_to_ship": "fulfilment",
    "list_carriers": "rules catalog fulfilment auditor",
    "get_admin_gift": "catalog auditor",
    "patch_gift": "catalog",
    "post_variant": "catalog",
    "list_admin_tags": "catalog auditor",
    "post_tag": "catalog",
    "patch_tag": "catalog",
    "remove_tag": "catalog",
    "remove_category": "catalog",
    "list_variants": "catalog auditor",
    "patch_variant": "catalog",
    "put_variants": "catalog",
    "list_pictures": "catalog auditor",
    "post_picture": "catalog",
    "put_pictures": "catalog",
    "put_frame": "catalog",
    "search_everywhere": "rules catalog fulfilment auditor",
    "post_stock": "catalog",
    "list_movements": "catalog auditor",
    "post_vouchers": "catalog",
    "list_admin_categories": "catalog auditor",
    "post_category": "catalog",
    "patch_category": "catalog",
    "list_pickup_points": "rules catalog fulfilment auditor",
    "post_pickup_point": "catalog",
    "patch_pickup_point": "catalog",
    "list_labels": "rules auditor",
    "post_label": "rules",
    "patch_label": "rules",
    "list_budgets": "rules auditor",
    "get_budget": "rules auditor",
    "put_budget": "rules",
    "delete_budget": "rules",
    "list_prize_months": "rules auditor",
    "get_prize_month": "rules auditor",
    "put_prize_month": "rules",
    "list_commendations": "rules auditor",
    "post_commendation": "rules",
    "delete_commendation": "rules",
    "get_levels": "rules catalog auditor",
    "put_levels": "rules",
    "list_awards": "rules auditor",
    "get_award": "rules auditor",
    "confirm_award": "rules",
    "adjust_award": "rules",
    "cancel_award": "rules",
    "post_award_decisions": "rules",
    "review_awards": "rules",
    "list_adjustments": "rules auditor",
    "get_adjustment": "rules auditor",
    "post_adjustment": "rules",
    "get_audit_file": "auditor",
    "post_read_sources": "rules auditor",
    "get_integrations": "auditor",
    "list_client_requests": "auditor",
    "list_member_notes": "rules auditor",
    "post_member_note": "rules",
    "get_member_freeze": "rules auditor",
    "post_member_freeze": "rules",
    "post_member_unfreeze": "rules",
    "list_password_resets": "rules auditor",
    "get_password_reset": "rules auditor",
    "post_password_reset": "rules",
    "approve_password_reset": "rules",
    "reject_password_reset": "rules",
    "list_merges": "rules auditor",
    "get_merge": "rules auditor",
    "post_merge": "rules",
    "approve_merge": "rules",
    "reject_merge": "rules",
    "post_write_off": "rules",
    "approve_adjustment": "rules",
    "reject_adjustment": "rules",
    "list_appeals": "rules auditor",
    "uphold_debit": "rules",
    "waive_debit": "rules",
    "get_rule_set": "rules auditor",
    "post_rule_set": "rules",
    "get_check_in_settings": "rules auditor",
    "patch_check_in_settings": "rules",
    "list_days_off": "rules auditor",
    "post_day_off": "rules",
    "delete_day_off": "rules",
    "post_cards": "rules",
    "list_redemption_rules": "rules auditor",
    "get_redemption_rule": "rules auditor",
    "post_redemption_rule": "rules",
    "patch_redemption_rule": "rules",
    "delete_redemption_rule": "rules",
    "list_segments": "rules auditor",
    "get_segment": "rules auditor",
    "get_segment_preview": "rules auditor",
    "post_segment": "rules",
    "post_segment_preview": "rules",
    "patch_segment": "rules",
    "delete_segment_for_good": "rules",
    "put_household": "rules",
    "list_campaigns": "rules auditor",
    "get_campaign": "rules auditor",
    "post_campaign": "rules",
    "put_campaign": "rules",
    "delete_campaign": "rules",
    "post_campaign_publication": "rules",
    "post_campaign_end": "rules",
    "list_admin_orders": "catalog fulfilment auditor",
    "get_admin_order": "catalog fulfilment auditor",
    "post_advance": "fulfilment",
    "post_orders_bulk": "fulfilment",
    "post_pickup": "fulfilment",
    "verify_ledger_now": "auditor",
}
"""Roles besides the owner, by operation of the back office."""
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def operations(world: World) -> list[tuple[str, str, dict[str, Any]]]:
    """(method, path, operation) of everything the document lists."""
    gift = world.names["delivery"]
    made = world.made(f"/admin/gifts/{gift}/variants", "owner", {"name": "Red", "stock": 5})
    world.names["variant"] = made["id"]
    document = world.app.test_client().get(API_URL + "/openapi.json").json
    return [
        (method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method != "parameters"
    ]


def _real(world: World, path: str) -> str:
    return path.removeprefix(API_URL).format(**world.ids)


def _caller(operation: dict[str, Any], path: str) -> str:
    needs = {name for option in operation.get("security", []) for name in option}
    if "key" in needs:
        return "client"
    if "token" in needs:
        return "owner" if "/admin/" in path or "/staff/" in path else "member"
    return "stranger"


def _headers(operation: dict[str, Any]) -> list[dict[str, Any]]:
    return [p for p in operation.get("parameters", []) if p["in"] == "header" and p["name"] == "Idempotency-Key"]


def test_a_key_is_required_where_points_or_stock_move_and_accepted_on_every_other_post(
    world: World, operations: Any
) -> None:
    posts = {o["operationId"]: _headers(o) for method, _, o in operations if method == "POST"}
    assert {name for name, found in posts.items() if found and found[0]["required"]} == KEY_REQUIRED
    assert {name for name, found in posts.items() if not found} == NO_KEY
    before = world.snapshot()
    for method, path, operation in operations:
        name = operation["operationId"]
        if name in KEY_REQUIRED:
            more: dict[str, Any] = {"json": BODIES[name][1](world)[0]} if name in BODIES else {}
            if name in FILES:
                more = {"data": b"A-8\n", "content_type": "text/csv"}
            more["headers"] = {"Idempotency-Key": ""}
            answer = world.send(method, _real(world, path), _caller(operation, path), **more)
            assert assert_problem(answer, 400)["code"] == "idempotency_key_missing", name
    assert world.snapshot() == before


def _calls(world: World) -> list[tuple[str, str, Any, Any]]:
    """(caller, path, body, another body) of POSTs that succeed, each once."""
    number, ids = next(_numbers), world.ids
    event, order = {**EVENTS[0], "id": f"twice-{number}"}, {"gift": ids["gift_id"], "quantity": 1}
    gift, scopes = {"name": "Cup", "kind": "pickup", "points": 10, "stock": 5}, {"scopes": ["credits:write"]}
    return [
        ("member", "/orders", order, {**order, "quantity": 2}),
        ("member", "/quotes", order, {**order, "quantity": 2}),
        ("client", "/claim-codes", {"points": 5, "count": 2}, {"points": 6, "count": 2}),
        ("client", "/login-links", {"member": "u-1"}, {"member": "u-2"}),
        ("client", "/credit-events", event, {**event, "id": "other"}),
        ("client", "/credit-events/batch", {"events": [event]}, {"events": [event, event]}),
        ("owner", "/admin/gifts", gift, {**gift, "points": 11}),
        ("owner", f"/admin/gifts/{ids['gift_id']}/stock", {"change": 5}, {"change": 6}),
        ("owner", "/admin/categories", {"name": f"S{number}"}, {"name": "other"}),
        ("owner", "/admin/api-clients", {"name": f"c-{number}", **scopes}, {"name": "x", **scopes}),
        ("stranger", "/sessions", {"username": "fuzz-member", "password": PASSWORD}, None),
        ("stranger", "/members", {"username": f"new-{number}", "password": PASSWORD}, None),
    ]  # fmt: skip


def test_the_same_key_and_body_give_the_first_answer_and_another_body_is_refused(world: World) -> None:
    for who, path, body, other in _calls(world):
        headers = {"Idempotency-Key": f"again-{next(_numbers)}"}
        first = world.send("POST", path, who, json=body, headers=headers)
        assert first.status_code in (200, 201), first.get_data(as_text=True)
        assert "Idempotency-Replayed" not in first.headers
        after = world.snapshot()
        second = world.send("POST", path, who, json=body, headers=headers)
        assert (second.status_code, second.headers["Idempotency-Replayed"]) == (first.status_code, "true"), path
        shown = dict(second.json)
        if shown.pop("secret_shown_once", False):
            lost = [name for name, value in shown.items() if value is None and first.json[name] is not None]
            assert lost, path
            assert {**shown, **{name: first.json[name] for name in lost}} == first.json
        else:
            assert shown == first.json
        if other is not None:
            third = world.send("POST", path, who, json=other, headers=headers)
            assert assert_problem(third, 422)["code"] == "idempotency_key_reused"
        assert world.snapshot() == after, path


def test_keys_of_two_callers_are_two_keys(world: World) -> None:
    headers = {"Idempotency-Key": "shared"}
    first = world.send("POST", "/quotes", "member", json={"gift": world.ids["gift_id"], "quantity": 1}, headers=headers)
    second = world.send("POST", "/quotes", "other", json={"gift": world.ids["gift_id"], "quantity": 1}, headers=headers)
    assert (first.json["available"] > 0, second.json["available"]) == (True, 0)


def test_a_refusal_leaves_the_key_free(world: World) -> None:
    headers = {"Idempotency-Key": f"free-{next(_numbers)}"}
    gift = world.made("/admin/gifts", "owner", {"name": "Rare", "kind": "pickup", "points": 10, "stock": 0})["id"]
    refused = world.send("POST", "/orders", "member", json={"gift": gift, "quantity": 1}, headers=headers)
    assert assert_problem(refused, 409)["code"] == "sold_out"
    assert world.send("POST", f"/admin/gifts/{gift}/stock", "owner", json={"change": 1}).status_code == 201
    taken = world.send("POST", "/orders", "member", json={"gift": gift, "quantity": 1}, headers=headers)
    assert taken.status_code == 201
    assert "Idempotency-Replayed" not in taken.headers


def test_every_answer_has_a_request_id(world: World, operations: Any) -> None:
    client = world.app.test_client()
    paths = ["/", "/mall", "/api/docs", "/api/v1/openapi.json", "/livez", "/nowhere", "/api/v1/nowhere"]
    paths += ["/static/css/app.css", *(path.format(**world.ids) for method, path, _ in operations if method == "GET")]
    for path in paths:
        answer = client.get(path)
        assert re.fullmatch(r"req_[0-9a-z]{26}", answer.headers["Request-Id"]), path
        assert len(answer.headers.getlist("Request-Id")) == 1
    given = client.get("/livez", headers={"Request-Id": "from-a-proxy.1234"})
    assert given.headers["Request-Id"] == "from-a-proxy.1234"


def test_401_says_how_to_sign_in_and_405_what_is_allowed(world: World, operations: Any) -> None:
    for method, path, operation in operations:
        who = _caller(operation, path)
        url = _real(world, path)
        if who != "stranger" and {} not in operation["security"]:
            refused = world.send(method, url)
            assert assert_problem(refused, 401)["code"] == "authentication_required", (method, path)
            assert refused.headers["WWW-Authenticate"].startswith("Bearer")
            refused = world.send(method, url, headers={"Authorization": "Bearer mss_wrong"})
            assert_problem(refused, 401)
            assert refused.headers["WWW-Authenticate"].startswith("Bearer")
        wrong = world.send("PROPFIND", url, who)
        assert assert_problem(wrong, 405)["code"] == "method_not_allowed"
        assert method in wrong.headers["Allow"]


def test_titles_follow_the_readers_language_and_codes_never_change(world: World) -> None:
    chinese = world.send("GET", "/me").json
    french = world.send("GET", "/me", headers={"Accept-Language": "fr"}).json
    assert {**french, "request_id": ""} == {**chinese, "request_id": ""}
    english = world.send("GET", "/me", headers={"Accept-Language": "en-GB,en;q=0.9"}).json
    assert (english["title"], english["code"]) == ("Please sign in.", "authentication_required")
    assert chinese["code"] == english["code"]
    assert re.search(r"[\u4e00-\u9fff]", chinese["title"])


WALKED_ELSEWHERE = {"/api/v1/gifts/{gift_id}/queue/drawn"}
"""A list that is there only while a waiting room is open: ``tests/catalog/queue`` walks its pages."""


def _lists(operations: Any, world: World) -> list[tuple[str, str]]:
    document = world.app.test_client().get(API_URL + "/openapi.json").json
    found = []
    for method, path, operation in operations:
        ref = operation["responses"].get("200", {}).get("content", {}).get("application/json", {}).get("schema", {})
        schema = document["components"]["schemas"].get(ref.get("$ref", "").rsplit("/", 1)[-1], {})
        if method == "GET" and "items" in schema.get("properties", {}) and path not in WALKED_ELSEWHERE:
            found.append((path, _caller(operation, path)))
    return found


def test_every_list_has_pages(world: World, operations: Any) -> None:
    lists = _lists(operations, world)
    assert len(lists) >= 14
    for number in range(3):  # more than one page of things that are few
        world.made("/admin/categories", "owner", {"name": f"Shelf {number}"})
        world.made("/orders", "member", {"gift": world.ids["gift_id"], "quantity": 1})
    for path, who in lists:
        url = _real(world, path)
        whole = world.send("GET", f"{url}?limit=100", who).json
        assert set(whole) >= {"items", "next_cursor"}, path
        assert whole["next_cursor"] is None or len(whole["items"]) == 100, path
        default = world.send("GET", url, who).json
        assert default["items"] == whole["items"][:20], path
        walked: list[Any] = []
        cursor: str | None = ""
        while cursor is not None and len(walked) < 10:
            page = world.send("GET", f"{url}?limit=1" + (f"&cursor={cursor}" if cursor else ""), who).json
            assert len(page["items"]) <= 1
            walked, cursor = walked + page["items"], page["next_cursor"]
        assert walked == whole["items"][: len(walked)], path
        assert cursor is not None or len(walked) == len(whole["items"]), path
        for wrong in ("limit=0", "limit=101", "limit=x", "cursor=x", "cursor=%00"):
            assert_problem(world.send("GET", f"{url}?{wrong}", who), 422)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["", "/", "/nothing", "/gifts/x/y/z", "/%00", "//gifts", "/orders/%2F"])
def test_the_back_office_answers_401_and_403_before_404(world: World, method: str, path: str) -> None:
    path = f"/admin{path}"
    assert_problem(world.send(method, path), 401)
    assert_problem(world.send(method, path, headers={"Authorization": "Bearer mss_x"}), 401)
    assert_problem(world.send(method, path, "member"), 403)
    assert_problem(world.send(method, path, "client"), 403)
    assert_problem(world.send(method, path, "auditor"), 403, 404, 405)


def test_every_role_is_let_in_where_the_table_says_and_nowhere_else(world: World, operations: Any) -> None:
    admin = [one for one in operations if "/admin/" in one[1]]
    assert {operation["operationId"] for _, _, operation in admin} == set(ALLOWED)
    before = world.snapshot()
    for method, path, operation in admin:
        name, url = operation["operationId"], _real(world, path)
        if method == "DELETE":
            url = url.removesuffix("/former-secret").rsplit("/", 1)[0] + "/key_none"
        if name == "delete_former_secret":
            url += "/former-secret"
        if name == "delete_staff_authenticator":
            url = "/admin/staff/stf_none/authenticator"
        allowed = {"owner", *ALLOWED[name].split()}
        body: dict[str, Any] = {} if method in ("GET", "DELETE") else {"json": {"surplus": 1}}
        if method == "POST" and not operation.get("requestBody", {}).get("required"):
            # Without a body nothing in it can be refused: these are asked for what is not there.
            absent = {key: 999_999 if str(value).isdigit() else "none" for key, value in world.ids.items()}
            url = path.removeprefix(API_URL).format(**absent)
        if name in ("get_orders_to_ship", "get_audit_file", "get_bank_file"):  # the first two leave a mark in the audit
            url += "?format=none"
        if name in FILES:
            body = {"data": b"\xff", "content_type": "text/csv"}
        for role in ROLES:
            answer = world.send(method, url, role, **body)
            text = (name, role, answer.data[:500])
            if role in allowed:
                assert answer.status_code not in (401, 403), text
                assert answer.status_code < 500, text
            else:
                assert answer.status_code == 403, text
                assert answer.json["code"] == "role_missing"
        for who in ("member", "client"):
            assert_problem(world.send(method, url, who, **body), 403)
        assert_problem(world.send(method, url, **body), 401)
    assert world.snapshot() == before


@pytest.mark.parametrize("name", ["a/b", "a//b", "/a", "a/", "tip:1~x._-/y", "x" * 128, "a/reversal/b", ".", "a/.."])
def test_ids_of_sources_work_raw_and_escaped(world: World, name: str) -> None:
    event = {**EVENTS[0], "id": name, "member": name, "data": {"case": name, "stage": "received"}}
    booked = world.made("/credit-events", "client", event)
    for written in {name, name.replace("/", "%2F"), name.replace("/", "%2f"), "".join(f"%{ord(c):02X}" for c in name)}:
        if written in (".", "a/.."):
            continue  # a client resolves these before it sends them
        assert world.send("GET", f"/credit-events/{written}", "client").json == booked, written
        assert world.send("GET", f"/members/{written}", "client").json["member"] == name
    taken = world.made(f"/credit-events/{name.replace('/', '%2F')}/reversal", "client", {"reason": "test"})
    assert (taken["event_id"], taken["status"]) == (name, "reversed")


def test_the_document_is_served_and_its_reader_needs_no_network(world: World) -> None:
    client = world.app.test_client()
    document = client.get("/api/v1/openapi.json")
    assert (document.status_code, document.mimetype) == (200, "application/json")
    assert document.json["openapi"].startswith("3.1")
    page = client.get("/api/docs")
    assert page.status_code == 200
    loaded = re.findall(r"""(?:src|href)=["']([^"']+)""", page.get_data(as_text=True))
    assert loaded
    for address in loaded:
        assert address.startswith(("/", "#", "data:")) and not address.startswith("//"), address
        if address.startswith("/"):
            assert client.get(address).status_code == 200, address
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    assert client.get("/api/docs/errors").status_code == 200


LIMITED = """
import json, sys
from mall.app import create_app
client = create_app().test_client()
first = client.get("/api/v1/openapi.json")
for _ in range(5000):  # on a busy machine a hundred in one second take some seconds to happen
    last = client.get("/api/v1/openapi.json")
    if last.status_code == 429:
        break
assert last.status_code == 429
print(json.dumps([dict(first.headers), dict(last.headers), last.json]))
"""


def test_limits_are_announced_and_429_says_when_to_come_back(world: World) -> None:
    url = world.app.config["SQLALCHEMY_BINDS"]["owner"]["url"].set(drivername="postgresql")
    environment = {
        **os.environ,
        "DATABASE_URL": url.render_as_string(hide_password=False),
        "REDIS_URL": world.app.extensions["redis_url"],
        "MALL_VAR": str(world.app.extensions["settings"].var / "limits"),
        "RATELIMIT_ENABLED": "1",
        "SECRET_KEY": world.app.extensions["settings"].secret_key,
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-c", LIMITED]
    ran = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr[-2000:]
    first, last, body = json.loads(ran.stdout.strip().splitlines()[-1])
    assert first["RateLimit-Policy"] == '"default";q=100;w=1'
    assert re.fullmatch(r'"default";r=\d+;t=\d+', first["RateLimit"])
    assert int(last["Retry-After"]) >= 1
    assert last["RateLimit"].startswith('"default";r=0;')
    assert (body["code"], body["status"]) == ("too_many_requests", 429)
