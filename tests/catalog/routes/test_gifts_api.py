"""Gifts over HTTP: lists, search, filters, pages; and what staff change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from catalog.jobs import count_popular


def _names(answer):
    assert answer.status_code == 200, answer.json
    return [gift["name"] for gift in answer.json["items"]]


def _gift(shop, name, points=100, **more):
    return shop.gift(points, name=name, **more)


def test_a_gift_is_shown_in_the_readers_language(shop):
    gift = shop.gift(100, 7, name={"zh": "杯子", "en": "Mug"}, description={"zh": "白", "en": "White"})
    english, chinese = shop.get(f"/gifts/{gift}").json, shop.get(f"/gifts/{gift}", **{"Accept-Language": "zh"}).json
    assert (english["name"], english["description"], chinese["name"]) == ("Mug", "White", "杯子")
    assert (english["stock"], english["state"], english["points"], english["affordable"]) == (7, "on_sale", 100, None)
    assert shop.get(f"/gifts/{gift}", shop.member(99)).json["affordable"] is False
    assert shop.get(f"/gifts/{gift}", shop.member(100)).json["affordable"] is True


def test_drafts_future_and_ended_gifts_are_not_listed(shop):
    now = datetime.now(UTC)
    soon, past = (now + timedelta(hours=1)).isoformat(), (now - timedelta(hours=1)).isoformat()
    _gift(shop, "draft", status="draft")
    _gift(shop, "archived", status="archived")
    _gift(shop, "future", visible_from=soon)
    _gift(shop, "ended", on_sale_until=past)
    _gift(shop, "upcoming", on_sale_from=soon)
    _gift(shop, "sold out", stock=0)
    _gift(shop, "now")
    items = shop.get("/gifts?sort=newest").json["items"]
    states = [(gift["name"], gift["state"]) for gift in items]
    assert states == [("now", "on_sale"), ("sold out", "sold_out"), ("upcoming", "upcoming")]


def test_search_finds_chinese_and_any_case_and_width(shop):
    _gift(shop, {"zh": "帆布环保袋", "en": "Canvas tote"}, description="大号 ＵＳＢ 100%")
    _gift(shop, {"zh": "保温杯", "en": "Thermos"})
    for q, found in {
        "环保": ["Canvas tote"], "保": ["Thermos", "Canvas tote"], "CANVAS": ["Canvas tote"], "usb": ["Canvas tote"],
        "环保 tote": ["Canvas tote"], "环保 thermos": [], "%": ["Canvas tote"], "_": [], "": ["Thermos", "Canvas tote"],
        "'; DROP TABLE gifts": [],
    }.items():  # fmt: skip
        assert (
            _names(
                shop.app.test_client().get(
                    "/api/v1/gifts", query_string={"q": q, "sort": "newest"}, headers={"Accept-Language": "en"}
                )
            )
            == found
        ), q


def test_a_category_is_found_by_id_or_code(shop):
    category = shop.post("/admin/categories", shop.owner, {"name": {"zh": "生活", "en": "Daily"}, "code": "daily"}).json
    _gift(shop, "mug", category=category["id"])
    _gift(shop, "other")
    assert _names(shop.get(f"/gifts?category={category['id']}")) == ["mug"]
    assert _names(shop.get("/gifts?category=daily")) == ["mug"]
    assert _names(shop.get("/gifts?category=none")) == []
    assert shop.get("/categories").json["items"] == [{"id": category["id"], "code": "daily", "name": "Daily"}]


@pytest.mark.parametrize("sort", ["popular", "recommended", "points", "newest", "affordable"])
def test_pages_of_any_order_add_up_to_the_list(shop, sort):
    for number, points in enumerate([50, 10, 30, 30, 20, 40, 60]):
        _gift(shop, f"gift {number}", points, featured=number in (2, 5))
    member = shop.member(30)
    whole = _names(shop.get(f"/gifts?sort={sort}", member))
    assert len(set(whole)) == 7
    pieces, cursor = [], ""
    while cursor is not None:
        page = shop.get(f"/gifts?sort={sort}&limit=2" + (f"&cursor={cursor}" if cursor else ""), member).json
        pieces += [gift["name"] for gift in page["items"]]
        cursor = page["next_cursor"]
    assert pieces == whole
    expected = {
        "popular": ["gift 5", "gift 2", "gift 6", "gift 4", "gift 3", "gift 1", "gift 0"],
        "recommended": [f"gift {number}" for number in range(6, -1, -1)],
        "points": ["gift 1", "gift 4", "gift 2", "gift 3", "gift 5", "gift 0", "gift 6"],
        "newest": [f"gift {number}" for number in range(6, -1, -1)],
        "affordable": ["gift 2", "gift 4", "gift 3", "gift 1", "gift 5", "gift 6", "gift 0"],
    }
    assert whole == expected[sort]


def test_affordable_leaves_out_what_points_do_not_reach(shop):
    _gift(shop, "cheap", 10)
    _gift(shop, "dear", 1000)
    assert _names(shop.get("/gifts?affordable=true", shop.member(10))) == ["cheap"]
    assert sorted(_names(shop.get("/gifts?affordable=true"))) == ["cheap", "dear"]


def test_what_is_ordered_becomes_popular(shop):
    wanted, _other = _gift(shop, "wanted", 1), _gift(shop, "other", 1)
    shop.order(shop.member(5), wanted, 3)
    assert _names(shop.get("/gifts")) == ["other", "wanted"]
    assert count_popular(datetime.now(UTC)) == {"gifts": 1}
    assert _names(shop.get("/gifts")) == ["wanted", "other"]


@pytest.mark.parametrize(
    "query", ["sort=x", "limit=0", "limit=101", "limit=x", "cursor=x", "cursor=W10", "nonsense=1", "affordable=yes"]
)
def test_a_bad_query_is_named(shop, query):
    answer = shop.get(f"/gifts?{query}")
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [query.split("=")[0]]


def test_staff_make_and_change_a_gift(shop):
    editor = shop.staff("catalog")
    body = {"name": "Mug", "kind": "pickup", "points": 100, "stock": 5}
    made = shop.post("/admin/gifts", editor, body)
    assert made.status_code == 201
    gift = made.json["id"]
    assert (made.json["name"], made.json["status"], made.json["stock"]) == ({"zh": "Mug"}, "active", 5)
    changed = shop.post(f"/admin/gifts/{gift}", editor, {"points": 120, "status": "archived"}, method="PATCH")
    assert (changed.status_code, changed.json["points"], changed.json["status"]) == (200, 120, "archived")
    assert shop.get(f"/admin/gifts/{gift}", editor).json == changed.json
    assert shop.get("/admin/gifts?status=archived", editor).json["items"] == [changed.json]
    assert shop.get("/admin/gifts?status=draft", editor).json["items"] == []
    trail = "SELECT array_agg(action ORDER BY at, action) FROM audit_entries WHERE subject = :subject"
    assert shop.sql(trail, subject=f"gift:{gift}") == ["gift.created", "stock.received", "gift.changed"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"points": 0}, "points"), ({"points": "1"}, "points"), ({"kind": "x"}, "kind"), ({"name": ""}, "name"),
        ({"name": {}}, "name"), ({"name": {"de": "x"}}, "name"), ({"name": {"zh": ""}}, "name"), ({"name": 5}, "name"),
        ({"stock": -1}, "stock"), ({"min_level": 0}, "min_level"), ({"category": "nope"}, "category"),
        ({"limits": [{"per": "member", "period": "hour", "quantity": 1}]}, "limits"), ({"limits": {}}, "limits"),
        ({"limits": [{"per": "member", "period": "day", "quantity": 1}] * 2}, "limits"), ({"price": 1}, "price"),
        ({"on_sale_from": "2026-01-02T00:00:00Z", "on_sale_until": "2026-01-01T00:00:00Z"}, "on_sale_until"),
        ({"on_sale_from": "soon"}, "on_sale_from"), ({"cash": {"amount": 1, "currency": "USD"}}, "cash"),
    ],
)  # fmt: skip
def test_a_bad_gift_is_refused_by_name(shop, body, field):
    answer = shop.post("/admin/gifts", shop.owner, {"name": "Mug", "kind": "pickup", "points": 1, **body})
    assert answer.status_code == 422
    assert [name.split(".")[0] for name in answer.json["errors"]] == [field]
    assert shop.sql("SELECT count(*) FROM gifts") == 0


def test_a_code_is_used_once(shop):
    shop.gift(1, code="mug")
    answer = shop.post("/admin/gifts", shop.owner, {"name": "x", "kind": "pickup", "points": 1, "code": "mug"})
    assert (answer.status_code, answer.json["code"]) == (409, "code_taken")


def test_stock_is_received_and_corrected_with_its_history(shop):
    gift = shop.gift(1, stock=3)
    received = shop.post(f"/admin/gifts/{gift}/stock", shop.owner, {"change": 100, "reason": "delivery"})
    assert (received.status_code, received.json) == (201, {"stock": 103})
    assert shop.post(f"/admin/gifts/{gift}/stock", shop.owner, {"change": -3}).json == {"stock": 100}
    before = shop.snapshot()
    refused = shop.post(f"/admin/gifts/{gift}/stock", shop.owner, {"change": -101})
    assert (refused.status_code, refused.json["code"]) == (409, "stock_below_zero")
    for bad in (0, 1.5, "1", None, 2**63):
        assert shop.post(f"/admin/gifts/{gift}/stock", shop.owner, {"change": bad}).status_code == 422
    assert shop.snapshot() == before
    history = shop.get(f"/admin/gifts/{gift}/stock", shop.owner).json["items"]
    assert [(move["kind"], move["change"]) for move in history] == [
        ("corrected", -3), ("received", 100), ("received", 3),
    ]  # fmt: skip


def test_voucher_codes_are_imported_line_by_line(shop):
    gift = shop.gift(1, kind="voucher")
    answer = shop.vouchers(gift, "code", "AAA", "", "BBB", "AAA", "x,y")
    assert answer.status_code == 201
    assert {name: answer.json[name] for name in ("imported", "refused", "stock")} == {
        "imported": 2, "refused": 3, "stock": 2,
    }  # fmt: skip
    assert [(line["line"], line["result"]) for line in answer.json["lines"]] == [
        (2, "imported"), (3, "empty"), (4, "imported"), (5, "duplicate"), (6, "columns"),
    ]  # fmt: skip
    again = shop.vouchers(gift, "BBB", "CCC")
    assert [line["result"] for line in again.json["lines"]] == ["duplicate", "imported"]
    assert shop.get(f"/gifts/{gift}").json["stock"] == 3
    stored = shop.sql("SELECT string_agg(encode(code_box, 'escape'), '') FROM voucher_codes")
    assert "AAA" not in stored
    assert shop.vouchers(shop.gift(1), "A").json["code"] == "not_a_voucher"
    assert shop.post(f"/admin/gifts/{gift}/stock", shop.owner, {"change": 1}).json["code"] == "voucher_stock"
    assert shop.vouchers(gift, "\udcff".encode("utf-8", "surrogateescape").decode("latin-1")).status_code == 201
    bad = shop.post(f"/admin/gifts/{gift}/vouchers", shop.owner, data=b"\xff\xfe", content_type="text/csv")
    assert (bad.status_code, list(bad.json["errors"])) == (422, ["body"])


def test_one_bad_line_imports_no_code_and_a_file_names_the_reasons(shop):
    gift = shop.gift(1, kind="voucher")
    shop.vouchers(gift, "OLD-1")
    before, path = shop.snapshot(), f"/admin/gifts/{gift}/vouchers"
    rows = "兑换码\nNEW-1\n\nOLD-1\nNEW-2,2027-01-01\n".encode("gb18030")  # as Excel saves it in China
    refused = shop.post(path, shop.owner, data=rows, content_type="text/csv")
    told = [(line["line"], line["result"]) for line in refused.json["lines"]]
    assert (refused.status_code, refused.json["code"], refused.json["imported"]) == (409, "bad_lines", 0)
    assert told == [(2, "imported"), (3, "empty"), (4, "duplicate"), (5, "columns")]
    assert (
        "4,duplicate,This code is there already." in refused.json["file"]
        and "NEW" not in refused.text
        and "OLD" not in refused.text
    )
    assert shop.snapshot() == before
    done = shop.post(path + "?only_good=true", shop.owner, data=rows, content_type="text/csv")
    assert (done.status_code, done.json["imported"], done.json["stock"]) == (201, 1, 2)
    blank = shop.post(path, shop.owner, data=b"NEW-3\n\nNEW-4\nOLD-1\n", content_type="text/csv")
    assert (blank.status_code, blank.json["imported"], blank.json["refused"]) == (201, 2, 2)


def test_pickup_points_have_one_default(shop):
    first = shop.get("/admin/pickup-points", shop.owner).json["items"]
    assert [point["is_default"] for point in first] == [True]
    assert first[0]["name"]["zh"] == "海淀街道社区服务中心"
    made = shop.post("/admin/pickup-points", shop.owner, {"name": "Library", "address": "1 Road", "is_default": True})
    assert made.status_code == 201
    points = shop.get("/admin/pickup-points", shop.owner).json["items"]
    defaults = [(point["id"], point["is_default"]) for point in points]
    assert defaults == [(made.json["id"], True), (first[0]["id"], False)]
    closing = shop.post(f"/admin/pickup-points/{made.json['id']}", shop.owner, {"active": False}, method="PATCH")
    assert closing.status_code == 422
    order = shop.order(shop.member(1), shop.gift(1)).json
    assert order["pickup_point"]["id"] == made.json["id"]
    other = shop.order(shop.member(1), shop.gift(1), pickup_point=first[0]["id"]).json
    assert other["pickup_point"]["id"] == first[0]["id"]


@pytest.mark.parametrize("role", ["fulfilment", "rules", "auditor"])
def test_only_catalog_staff_change_the_catalog(shop, role):
    gift = shop.gift(1)
    who = shop.staff(role)
    for path, body in (
        ("/admin/gifts", {"name": "x", "kind": "pickup", "points": 1}),
        (f"/admin/gifts/{gift}/stock", {"change": 1}),
        ("/admin/categories", {"name": "x"}),
        ("/admin/pickup-points", {"name": "x", "address": "y"}),
    ):
        assert shop.post(path, who, body).status_code == 403
        assert shop.post(path, None, body).status_code == 401
        assert shop.post(path, shop.member(), body).status_code == 403
