"""Tags and categories: kept by staff, shown to members, found by name."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from mall.db import Login

KEPT = ("gifts", "tags", "categories", "audit_entries")


def _held(shop):
    def read(tx):
        return {name: tx.execute(text(f"SELECT t::text FROM {name} AS t ORDER BY 1")).scalars().all() for name in KEPT}

    return shop.run(Login.OWNER, read)


def _tag(shop, name="手工", **more):
    answer = shop.post("/admin/tags", shop.owner, {"name": name, **more})
    assert answer.status_code == 201, answer.json
    return answer.json["id"]


def _names(shop, query):
    return [one["name"] for one in shop.get(f"/gifts?{query}").json["items"]]


def test_a_tag_is_shown_filtered_by_and_found_by_name(shop, client):
    tag = _tag(shop, {"zh": "手工", "en": "Handmade"}, code="handmade")
    gift = shop.gift(100, name="竹篮", tags=[tag])
    shop.gift(100, name="杯子")
    assert shop.get(f"/gifts/{gift}").json["tags"] == [{"id": tag, "code": "handmade", "name": "Handmade"}]
    assert _names(shop, f"tag={tag}") == _names(shop, "tag=handmade") == ["竹篮"]
    assert _names(shop, "q=手工") == _names(shop, "q=handMADE") == ["竹篮"]
    assert _names(shop, "tag=nothing") == []
    assert shop.get("/tags").json["items"] == [{"id": tag, "code": "handmade", "name": "Handmade"}]
    page = client.get("/mall").get_data(as_text=True)
    assert f"tag={tag}" in page and "# 手工" in page
    assert f"/mall?tag={tag}" in client.get(f"/gifts/{gift}").get_data(as_text=True)


def test_a_renamed_tag_is_found_by_its_new_name_and_one_that_is_gone_by_none(shop):
    tag = _tag(shop)
    gift = shop.gift(100, name="竹篮", tags=[tag])
    shop.post(f"/admin/tags/{tag}", shop.owner, {"name": "非遗"}, method="PATCH")
    assert (_names(shop, "q=手工"), _names(shop, "q=非遗")) == ([], ["竹篮"])
    assert shop.post(f"/admin/tags/{tag}", shop.owner, method="DELETE").status_code == 204
    assert _names(shop, "q=非遗") == []
    assert shop.get(f"/admin/gifts/{gift}", shop.owner).json["tags"] == []
    assert shop.get("/tags").json["items"] == []
    trail = shop.sql(
        "SELECT string_agg(action, ' ' ORDER BY id) FROM audit_entries WHERE subject = :tag", tag=f"tag:{tag}"
    )
    assert trail == "tag.created tag.changed tag.deleted"


@pytest.mark.parametrize("wrong", [["tag_00000000000000000000000000"], ["x"], "x", [1], ["a"] * 21])
def test_a_gift_takes_only_tags_that_exist(shop, wrong):
    gift = shop.gift(100)
    before = _held(shop)
    answer = shop.post(f"/admin/gifts/{gift}", shop.owner, {"tags": wrong}, method="PATCH")
    assert answer.status_code == 422
    assert all(name.startswith("tags") for name in answer.json["errors"])
    assert _held(shop) == before


def test_a_tag_twice_is_refused(shop):
    tag = _tag(shop)
    gift = shop.gift(100)
    before = _held(shop)
    answer = shop.post(f"/admin/gifts/{gift}", shop.owner, {"tags": [tag, tag]}, method="PATCH")
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["tags"])
    assert _held(shop) == before


def test_a_code_is_used_once(shop):
    _tag(shop, code="a")
    other = _tag(shop, "b")
    before = _held(shop)
    assert shop.post("/admin/tags", shop.owner, {"name": "c", "code": "a"}).json["code"] == "code_taken"
    assert shop.post(f"/admin/tags/{other}", shop.owner, {"code": "a"}, method="PATCH").json["code"] == "code_taken"
    assert _held(shop) == before


def test_a_category_in_use_stays(shop):
    used, free = (shop.post("/admin/categories", shop.owner, {"name": name}).json["id"] for name in ("A", "B"))
    shop.gift(100, category=used)
    before = _held(shop)
    answer = shop.post(f"/admin/categories/{used}", shop.owner, method="DELETE")
    assert (answer.status_code, answer.json["code"], answer.json["gifts"]) == (409, "category_in_use", 1)
    assert _held(shop) == before
    assert shop.post(f"/admin/categories/{free}", shop.owner, method="DELETE").status_code == 204
    assert shop.post(f"/admin/categories/{free}", shop.owner, method="DELETE").status_code == 404
    assert [one["name"] for one in shop.get("/categories").json["items"]] == ["A"]
