"""Finding gifts by words: Chinese without a parser, several words, any width and case; quick among 5,000."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from catalog.gifts.queries import Wanted, gifts_page
from catalog.gifts.search import is_in_name, pairs_of, search_text, words_of
from mall.db import Login


def _found(shop, **query):
    answer = shop.app.test_client().get("/api/v1/gifts", query_string={"limit": 100, **query})
    assert answer.status_code == 200, answer.json
    return [one["name"] for one in answer.json["items"]]


@pytest.fixture
def shelf(shop):
    names = {
        "晴雨两用伞": "直柄大伞面，黑胶涂层", "USB 充电宝": "一万毫安，Ｔｙｐｅ－Ｃ 接口",
        "茉莉花茶礼罐": "老北京口味，100%好茶",
        "帆布环保袋": "装伞、装书都结实", "Ümlaut Straße": "Ein Geschenk_x",
    }  # fmt: skip
    for name, about in names.items():
        shop.gift(100, name=name, description=about)
    return shop


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("伞", ["晴雨两用伞", "帆布环保袋"]),  # in the name first, although the other is newer
        ("雨伞", []),
        ("两用伞", ["晴雨两用伞"]),
        ("花茶", ["茉莉花茶礼罐"]),
        ("北京口味", ["茉莉花茶礼罐"]),
        ("充电 接口", ["USB 充电宝"]),
        ("接口　充电", ["USB 充电宝"]),
        ("充电 花茶", []),
        ("ｕｓｂ", ["USB 充电宝"]),
        ("type-c", ["USB 充电宝"]),
        ("Usb充电", []),
        ("sb", ["USB 充电宝"]),
        ("100%", ["茉莉花茶礼罐"]),
        ("%", ["茉莉花茶礼罐"]),
        ("_", ["Ümlaut Straße"]),
        ("STRASSE", ["Ümlaut Straße"]),
        ("ümlaut", ["Ümlaut Straße"]),
        ("\\", []),
        ("'; DROP TABLE gifts --", []),
        ("没有的东西", []),
    ],
)
def test_words_are_found_wherever_they_stand(shelf, asked, names):
    assert _found(shelf, q=asked) == names


def test_no_words_are_all_gifts(shelf):
    assert len(_found(shelf, q="")) == len(_found(shelf, q=" 　 ")) == 5


def test_hits_are_paged_in_their_order(shelf):
    walked, cursor = [], ""
    while cursor is not None:
        page = shelf.get(f"/gifts?q=伞&limit=1{cursor and '&cursor=' + cursor}").json
        walked, cursor = walked + [one["name"] for one in page["items"]], page["next_cursor"]
    assert walked == ["晴雨两用伞", "帆布环保袋"]


def test_a_changed_text_is_found_by_its_new_words_only(shop):
    gift = shop.gift(100, name="旧名字")
    shop.post(f"/admin/gifts/{gift}", shop.owner, {"name": "新称呼"}, method="PATCH")
    assert _found(shop, q="旧名") == []
    assert _found(shop, q="称呼") == ["新称呼"]


def test_the_page_tells_how_many_were_found(shelf, client):
    page = client.get("/mall", query_string={"q": "伞"}).get_data(as_text=True)
    assert "晴雨两用伞" in page and "帆布环保袋" in page and "USB" not in page


LETTERS = st.text(st.sampled_from("ab伞茶 \nＡ"), max_size=12)


@given(LETTERS, LETTERS, LETTERS)
def test_the_index_never_hides_a_gift_that_has_the_word(name, about, asked):
    stored = search_text({"zh": name}, [{"zh": about}])
    kept = {part[at : at + size] for part in stored.split() for size in (1, 2) for at in range(len(part) - size + 1)}
    for word in words_of(asked):
        if word in stored:
            assert set(pairs_of(word)) <= kept
        if len(word) <= 2:
            assert (set(pairs_of(word)) <= kept) == (word in stored)
    assert is_in_name(stored, ()) is True


def test_the_database_makes_the_same_pairs(shop):
    shop.gift(100, name="伞伞 ab", description="b 茶")
    pairs = shop.sql("SELECT search_pairs FROM gifts")
    assert sorted(pairs) == sorted({"伞", "伞伞", "a", "b", "ab", "茶"})


def test_five_thousand_gifts_are_searched_by_the_index(shop):
    shop.write(
        """INSERT INTO gifts (id, kind, status, name, description, points, from_points, to_points, limits,
             needs_preparation, needs_approval, pictures, search_text, featured, popularity, created_at, updated_at)
           SELECT 'gft_' || lpad(n::text, 26, '0'), 'pickup', 'active', jsonb_build_object('zh', '礼品' || n), '{}',
             n, n, n, '[]', false, false, '{}', '礼品' || n || E'\\n' || md5(n::text) || ' 描述', false,
             0, now(), now()
           FROM generate_series(1, 5000) AS n"""
    )
    shop.write("ANALYZE gifts")
    plan = shop.run(
        Login.OWNER,
        lambda tx: tx.execute(
            text("EXPLAIN SELECT id FROM gifts WHERE search_pairs @> ARRAY['49','99'] AND search_text LIKE '%499%'")
        ).scalars().all(),
    )  # fmt: skip
    assert any("ix_gifts_search" in line for line in plan), plan
    now = datetime.now(UTC)
    shown, cursor = shop.run(Login.REDEMPTION, lambda tx: gifts_page(tx, Wanted(q="礼品4999"), 20, None, now))
    assert [one.gift.name["zh"] for one in shown] == ["礼品4999"]
    assert cursor is None
