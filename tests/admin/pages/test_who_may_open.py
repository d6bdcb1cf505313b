"""Every role against every page and form of the back office; complete, because the table is compared with the app."""

from __future__ import annotations

import re

import pytest

from mall.identity.roles import ROLES

EVERYBODY = frozenset({"anyone", *ROLES})
ANY_STAFF = frozenset(ROLES)


def only(*roles: str) -> frozenset[str]:
    """An owner and ``roles``."""
    return frozenset({"owner", *roles})


RULE = "/admin/rules/<key>"
HEADING = "<kind>"
VERSION = f"{RULE}/versions/<int:number>"
STEPS = ("submit", "approve", "reject", "discard", "publish", "rollback", "retire", "backtests")
MAY = {
    **{
        f"GET /admin/{page}": only("rules", "catalog", "auditor")
        for page in (
            "quizzes",
            "quizzes/<quiz_id>",
            "quizzes/<quiz_id>/preview",
            "quizzes/<quiz_id>/results",
            "quizzes/<quiz_id>/questions",
            "quiz-questions",
            "quiz-questions/<question_id>",
            "quiz-questions-file",
            "quiz-categories",
        )
    },
    **{
        f"{verb} /admin/{page}": only("rules", "catalog")
        for verb in ("GET", "POST")
        for page in (
            "new-quiz",
            "new-quiz-question",
            "quiz-questions-import",
        )
    },
    **{
        f"POST /admin/{page}": only("rules", "catalog")
        for page in (
            "new-quiz/file",
            "quizzes/<quiz_id>",
            "quizzes/<quiz_id>/<step>",
            "quiz-questions/<question_id>",
            "quiz-questions/<question_id>/active",
            "quiz-categories",
            "quiz-categories/<category_code>",
            "quiz-categories/<category_code>/remove",
        )
    },
    **{f"POST /admin/quizzes/<quiz_id>/results/{deed}": only("rules") for deed in ("decide", "release")},
    "GET /admin/sign-in": EVERYBODY,
    "POST /admin/sign-in": EVERYBODY,
    "POST /admin/sign-in/code": EVERYBODY,
    "POST /admin/sign-out": EVERYBODY,
    "GET /admin": ANY_STAFF,
    **{f"{verb} /admin/welcome/<token>": EVERYBODY for verb in ("GET", "POST")},
    "GET /admin/me": ANY_STAFF,
    "GET /admin/search": ANY_STAFF,
    "POST /admin/count-period": only("rules", "catalog", "auditor"),
    "POST /admin/undo/<undo_id>": ANY_STAFF,
    **{f"{verb} /admin/works": ANY_STAFF for verb in ("GET", "POST")},
    **{f"GET /admin/works/<work_id>{part}": ANY_STAFF for part in ("", "/file")},
    "POST /admin/in-order/<kind>": only("catalog"),
    **{f"{verb} /admin/gifts/<gift_id>/pictures/<sha256>/crop": only("catalog") for verb in ("GET", "POST")},
    **{
        f"POST /admin/me/{part}": ANY_STAFF
        for part in (
            "confirm",
            "password",
            "authenticator",
            "authenticator/confirm",
            "authenticator/remove",
            "recovery-codes",
            "sign-out-everywhere",
        )
    },
    "GET /admin/security": only("auditor"),
    **{f"POST /admin/security/{part}": only() for part in ("authenticators", "adjustments")},
    "GET /admin/staff": only(),
    **{f"{verb} /admin/new-staff": only() for verb in ("GET", "POST")},
    "GET /admin/staff/<staff_id>": only(),
    **{f"POST /admin/staff/<staff_id>/{part}": only() for part in ("role", "disabled", "password", "authenticator")},
    "GET /admin/desk": only("fulfilment"),
    "POST /admin/desk": only("fulfilment"),
    "POST /admin/desk/hand-over": only("fulfilment"),
    "GET /admin/parcels": only("fulfilment"),
    "GET /admin/parcels/to-ship": only("fulfilment"),
    "POST /admin/parcels": only("fulfilment"),
    "GET /admin/draws": only("catalog", "auditor"),
    "POST /admin/draws": only("catalog"),
    "GET /admin/draws/<draw_id>": only("catalog", "auditor"),
    "POST /admin/draws/<draw_id>": only("catalog"),
    "GET /admin/drops": only("catalog", "auditor"),
    "POST /admin/drops": only("catalog"),
    "GET /admin/drops/<drop_id>": only("catalog", "auditor"),
    **{f"POST /admin/drops/<drop_id>{part}": only("catalog") for part in ("", "/call-off")},
    "GET /admin/notices": only("catalog", "fulfilment", "auditor"),
    "POST /admin/notices/<staff_notice_id>/done": only("catalog", "fulfilment"),
    **{f"POST /admin/gifts/<gift_id>/{deed}": only("catalog") for deed in ("quick", "duplicate", "move")},
    "POST /admin/gifts-in-bulk": only("catalog"),
    "GET /admin/gifts/<gift_id>/preview": only("catalog", "auditor"),
    "GET /admin/stock": only("catalog", "auditor"),
    "GET /admin/gifts/<gift_id>/stock": only("catalog", "auditor"),
    **{f"POST /admin/gifts/<gift_id>/{deed}": only("catalog") for deed in ("stock-alert", "codes")},
    "GET /admin/shelves": only("catalog", "auditor"),
    **{f"{verb} /admin/new-shelf/{HEADING}": only("catalog") for verb in ("GET", "POST")},
    f"GET /admin/shelves/{HEADING}/<shelf_id>": only("catalog", "auditor"),
    **{f"POST /admin/shelves/{HEADING}/<shelf_id>{part}": only("catalog") for part in ("", "/delete")},
    "GET /admin/causes": only("catalog", "auditor"),
    "GET /admin/causes/<cause_id>": only("catalog", "auditor"),
    "GET /admin/pickup-points": only("catalog", "fulfilment", "auditor"),
    "GET /admin/pickup-points/<point_id>": only("catalog", "fulfilment", "auditor"),
    **{
        f"{verb} /admin/new-{thing}": only("catalog") for verb in ("GET", "POST") for thing in ("cause", "pickup-point")
    },
    "POST /admin/causes/<cause_id>": only("catalog"),
    "POST /admin/pickup-points/<point_id>": only("catalog"),
    "GET /admin/top-up-providers": only("catalog", "auditor"),
    "POST /admin/top-up-providers": only("catalog"),
    "POST /admin/top-up-providers/<provider_id>": only("catalog"),
    "POST /admin/top-up-providers/<provider_id>/secret": only("catalog"),
    "POST /admin/top-up-gifts": only("catalog"),
    "GET /admin/top-ups": only("fulfilment", "catalog", "auditor"),
    "POST /admin/top-ups/<order_id>/decide": only("fulfilment"),
    "GET /admin/rules": only("rules", "auditor"),
    "GET /admin/new-rule": only("rules"),
    "POST /admin/new-rule": only("rules"),
    "GET /admin/rule-controls": only("rules", "auditor"),
    "POST /admin/rule-controls": only(),
    "GET /admin/rule-set": only("rules", "auditor"),
    "GET /admin/rule-set/file": only("rules", "auditor"),
    "POST /admin/rule-set": only("rules"),
    "POST /admin/rule-set/import": only("rules"),
    f"GET {RULE}/history": only("rules", "auditor"),
    f"GET {RULE}": only("rules", "auditor"),
    f"POST {RULE}/title": only("rules"),
    f"POST {RULE}/drafts": only("rules"),
    f"GET {VERSION}": only("rules", "auditor"),
    f"GET {VERSION}/edit": only("rules"),
    f"POST {VERSION}/edit": only("rules"),
    **{f"POST {VERSION}/{step}": only("rules") for step in STEPS},
    f"GET {VERSION}/backtests/<test_id>": only("rules", "auditor"),
    "GET /admin/prizes": only("rules", "auditor"),
    "POST /admin/prizes": only("rules"),
    "GET /admin/activities": only("rules", "auditor", "fulfilment"),
    "GET /admin/new-activity": only("rules"),
    "POST /admin/new-activity": only("rules"),
    "GET /admin/activities/<activity_id>": only("rules", "auditor", "fulfilment"),
    "POST /admin/activities/<activity_id>": only("rules"),
    "GET /admin/activities/<activity_id>/screen": only("rules", "fulfilment"),
    "POST /admin/activities/<activity_id>/attendance": only("rules", "fulfilment"),
    "GET /admin/labels": only("rules", "auditor"),
    "GET /admin/labels/<code>": only("rules", "auditor"),
    "POST /admin/labels/<code>": only("rules"),
    **{f"{verb} /admin/new-label": only("rules") for verb in ("GET", "POST")},
    "GET /admin/badges": only("rules", "auditor"),
    "GET /admin/badges/<code>": only("rules", "auditor"),
    "POST /admin/badges/<code>": only("rules"),
    "GET /admin/boards": only("rules", "auditor"),
    "POST /admin/boards": only("rules"),
    "POST /admin/boards/<member_id>/nickname": only("rules"),
    "GET /admin/announcements": only("rules", "catalog", "auditor"),
    **{f"{verb} /admin/new-announcement": only("rules", "catalog") for verb in ("GET", "POST")},
    "GET /admin/announcements/<announcement_id>": only("rules", "catalog", "auditor"),
    "GET /admin/announcements/<announcement_id>/preview/<lang>": only("rules", "catalog", "auditor"),
    **{f"POST /admin/announcements/<announcement_id>{part}": only("rules", "catalog") for part in ("", "/withdraw")},
    "GET /admin/honours": only("rules", "auditor"),
    "POST /admin/honours": only("rules"),
    "POST /admin/honours/<commendation_id>/retract": only("rules"),
    "GET /admin/levels": only("rules", "catalog", "auditor"),
    "POST /admin/levels": only("rules"),
    "GET /admin/redemption-rules": only("rules", "auditor"),
    "GET /admin/redemption-rules/<rule_id>": only("rules", "auditor"),
    "GET /admin/new-redemption-rule": only("rules"),
    "POST /admin/new-redemption-rule": only("rules"),
    "POST /admin/redemption-rules/<rule_id>": only("rules"),
    "POST /admin/redemption-rules/<rule_id>/delete": only("rules"),
    "GET /admin/segments": only("rules", "auditor"),
    "GET /admin/segments/<segment_id>": only("rules", "auditor"),
    "GET /admin/new-segment": only("rules"),
    "POST /admin/new-segment": only("rules"),
    "POST /admin/segments/<segment_id>": only("rules"),
    "POST /admin/segments/<segment_id>/delete": only("rules"),
    "POST /admin/members/<member_id>/household": only("rules"),
    **{f"POST /admin/members/<member_id>/{deed}": only("rules") for deed in ("notes", "freeze", "unfreeze")},
    "GET /admin/merges": only("rules", "auditor"),
    "GET /admin/merges/<merge_id>": only("rules", "auditor"),
    "GET /admin/password-resets": only("rules", "auditor"),
    "GET /admin/password-resets/<reset_id>": only("rules", "auditor"),
    "POST /admin/members/<member_id>/password-reset": only("rules"),
    **{f"POST /admin/password-resets/<reset_id>/{step}": only("rules") for step in ("approve", "reject")},
    "GET /admin/new-merge": only("rules"),
    "POST /admin/new-merge": only("rules"),
    **{f"POST /admin/merges/<merge_id>/{step}": only("rules") for step in ("approve", "reject")},
    "GET /admin/campaigns": only("rules", "auditor"),
    "GET /admin/new-campaign": only("rules"),
    "POST /admin/new-campaign": only("rules"),
    "GET /admin/campaigns/<key>": only("rules", "auditor"),
    "GET /admin/campaigns/<key>/edit": only("rules"),
    **{f"POST /admin/campaigns/<key>/{step}": only("rules") for step in ("edit", "publish", "end", "discard")},
    "GET /admin/budgets": only("rules", "auditor"),
    "GET /admin/new-budget": only("rules"),
    "POST /admin/new-budget": only("rules"),
    "GET /admin/budgets/<scope>": only("rules", "auditor"),
    "POST /admin/budgets/<scope>": only("rules"),
    "POST /admin/budgets/<scope>/lift": only("rules"),
    "GET /admin/approvals": only("rules", "auditor"),
    "GET /admin/awards": only("rules", "auditor"),
    "POST /admin/awards/<award_id>/decide": only("rules"),
    "POST /admin/awards/decide": only("rules"),
    "POST /admin/awards/review": only("rules"),
    "GET /admin/appeals": only("rules", "auditor"),
    "POST /admin/appeals/<debit_id>/decide": only("rules"),
    "GET /admin/adjustments": only("rules", "auditor"),
    "GET /admin/new-adjustment": only("rules"),
    "POST /admin/new-adjustment": only("rules"),
    **{f"POST /admin/adjustments/<adjustment_id>/{step}": only("rules") for step in ("approve", "reject")},
    "GET /admin/gifts": only("catalog", "auditor"),
    "GET /admin/new-gift": only("catalog"),
    "POST /admin/new-gift": only("catalog"),
    "GET /admin/gifts/<gift_id>": only("catalog", "auditor"),
    "POST /admin/gifts/<gift_id>": only("catalog"),
    **{f"POST /admin/gifts/<gift_id>/{part}": only("catalog") for part in ("stock", "pictures", "pictures/arrange")},
    **{f"POST /admin/gifts/<gift_id>/variants{one}": only("catalog") for one in ("", "/<variant_id>")},
    "GET /admin/order-policy": only("fulfilment", "catalog", "auditor"),
    "POST /admin/order-policy": only(),
    "GET /admin/orders": only("fulfilment", "catalog", "auditor"),
    "POST /admin/orders-in-bulk": only("fulfilment"),
    "GET /admin/picking-list": only("fulfilment"),
    "GET /admin/parcel-labels": only("fulfilment"),
    "GET /admin/orders/<order_id>": only("fulfilment", "catalog", "auditor"),
    "POST /admin/orders/<order_id>/advance": only("fulfilment"),
    "POST /admin/orders/<order_id>/refund": only("fulfilment", "catalog"),
    "GET /admin/members": only("rules", "catalog", "auditor"),
    "GET /admin/members/<member_id>": only("rules", "catalog", "auditor"),
    "GET /admin/check-ins": only("rules", "auditor"),
    "POST /admin/check-ins/settings": only("rules"),
    "POST /admin/check-ins/days": only("rules"),
    "POST /admin/check-ins/days/<day>/remove": only("rules"),
    "POST /admin/members/<member_id>/make-up-cards": only("rules"),
    "GET /admin/api-clients": only(),
    "GET /admin/new-api-client": only(),
    "GET /admin/api-clients/<client_id>/requests": only("auditor"),
    "GET /admin/integrations": only("auditor"),
    "GET /admin/webhooks": only(),
    **{f"{verb} /admin/new-webhook": only() for verb in ("GET", "POST")},
    **{f"{verb} /admin/webhooks/<webhook_id>": only() for verb in ("GET", "POST")},
    **{
        f"POST /admin/webhooks/<webhook_id>/{part}": only()
        for part in (
            "active",
            "secret",
            "former-secret",
            "test",
            "remove",
            "deliveries/<delivery_id>/redeliver",
        )
    },
    "GET /admin/reconciliation": only(),
    "POST /admin/reconciliation": only(),
    "POST /admin/new-api-client": only(),
    "GET /admin/api-clients/<client_id>": only(),
    "POST /admin/api-clients/<client_id>": only(),
    "POST /admin/api-clients/<client_id>/disabled": only(),
    "POST /admin/api-clients/<client_id>/keys": only(),
    "POST /admin/api-clients/<client_id>/keys/<key_id>/revoke": only(),
    **{f"GET /admin/figures{part}": only("rules", "catalog", "auditor") for part in ("", "/<day>")},
    "GET /admin/reports": only("rules", "catalog", "auditor"),
    "GET /admin/reports/<report_id>": only("rules", "catalog", "auditor"),
    "GET /admin/reports/<report_id>/file": only("rules", "catalog", "auditor"),
    "GET /admin/report-settings": only(),
    "POST /admin/report-settings": only(),
    "GET /admin/audit": only("auditor"),
    "POST /admin/members/<member_id>/sources": only("rules", "auditor"),
}


for _list in (
    "rules", "campaigns", "budgets", "activities", "activities/<activity_id>", "redemption-rules", "segments", "prizes",
    "honours", "awards", "appeals", "adjustments", "merges", "gifts", "stock", "gifts/<gift_id>/stock", "shelves",
    "causes", "draws", "draws/<draw_id>", "drops", "orders", "pickup-points", "top-ups", "top-up-providers", "members",
    "api-clients", "api-clients/<client_id>/requests", "staff", "reports", "notices", "audit", "figures", "labels",
    "badges", "boards", "announcements", "quizzes", "quizzes/<quiz_id>/results", "password-resets", "webhooks",
):  # fmt: skip
    MAY[f"GET /admin/files/{_list}"] = MAY[f"GET /admin/{_list}"]


def routes(app):
    """``{"GET /admin/x/<id>": path to ask}`` of all pages under /admin."""
    found = {}
    for rule in app.url_map.iter_rules():
        if rule.rule == "/admin" or rule.rule.startswith("/admin/"):
            for method in rule.methods - {"HEAD", "OPTIONS"}:
                found[f"{method} {rule.rule}"] = re.sub(r"<(?:int:)?[a-z_0-9]+>", "1", rule.rule)
    return found


def test_the_table_names_every_route(session_app):
    assert routes(session_app).keys() == MAY.keys()


@pytest.mark.parametrize("role", ROLES)
def test_a_role_opens_its_pages_and_no_others(session_app, desk, role):
    wrong = []
    for name, path in routes(session_app).items():
        if path == "/admin/sign-out":
            continue  # it would end the session that asks
        method = name.split()[0]
        status = desk(role).open(path, method=method).status_code
        if (status == 403) == (role in MAY[name]):
            wrong.append((name, status))
        assert status < 500, name
    assert wrong == []


def test_who_is_not_signed_in_is_asked_to(session_app, client, unguarded):
    for name, path in routes(session_app).items():
        answer = client.open(path, method=name.split()[0])
        if "anyone" in MAY[name]:
            assert answer.status_code < 500, name
        else:
            assert answer.status_code == 303, name
            assert answer.headers["Location"].startswith("/admin/sign-in"), name


def test_a_member_is_nobody_in_the_back_office(client, make_member, unguarded):
    member = make_member()
    client.post("/sign-in", data={"username": member.username, "password": member.password})
    assert client.get("/me").status_code == 200
    assert client.get("/admin").headers["Location"] == "/admin/sign-in"


def test_a_page_that_is_not_there_is_told_to_staff_only(client, desk):
    assert client.get("/admin/nothing").headers["Location"] == "/admin/sign-in?next=%2Fadmin%2Fnothing"
    answer = desk("catalog").get("/admin/nothing")
    assert answer.status_code == 404
    assert "There is nothing here." in answer.text and 'class="navbar navbar-vertical' in answer.text


def test_the_sidebar_shows_only_what_opens(session_app, desk):
    for role in ROLES:
        browser = desk(role)
        links = re.findall(r'<a class="nav-link" href="([^"]+)"', browser.get("/admin").text)
        assert "/admin" in links
        assert [url for url in links if browser.get(url).status_code != 200] == []


def test_sections_of_the_sidebar_are_folded_but_for_the_first_this_pages_and_those_that_were_opened(desk):
    browser = desk("owner")

    def open_parts(path):
        return re.findall(r'data-part="(\d)" open', browser.get(path).text)

    assert open_parts("/admin") == ["0"]
    assert open_parts("/admin/gifts") == ["0", "2"]
    browser.set_cookie("desk_opened", "3.1")
    assert open_parts("/admin/gifts") == ["0", "1", "2", "3"]


def test_a_short_menu_stands_open(desk):
    assert re.findall(r'data-part="(\d)" open', desk("fulfilment").get("/admin").text) == ["0", "1", "2"]
