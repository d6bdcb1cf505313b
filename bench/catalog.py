"""The mall page from 5,000 gifts, against rendering the same template from ready values.

Both in this process and without a network: what is compared is the work of finding, counting and putting into
words, not the server in front. The pages asked for are a mix: the first one, others further on, every order, shelves,
and searches in Chinese and in Latin letters.
"""

from __future__ import annotations

import gc
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask, render_template
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from catalog.gifts.queries import Wanted, gifts_page
from catalog.gifts.search import search_text
from catalog.gifts.shelves import create_category
from catalog.routes.shown import card
from mall import clock
from mall.db import Login, run_tx
from mall.ids import new_id

GIFTS, SHELVES = 5_000, 8
ROUNDS = 400
THINGS = ("雨伞", "水杯", "充电宝", "茶叶礼罐", "环保袋", "图书", "跳绳", "台灯", "电影票", "背心")
LETTERS = "结实耐用轻便适合送给长辈亲子社区定制不锈钢竹反光防水加厚棉麻礼盒夏冬春秋家居出行运动健康学习绿色红蓝"
LATIN = ("cotton", "USB", "LED", "Type-C", "A4", "500ml", "XL", "PU")
"""Of these letters pairs are made for descriptions; a Latin word is in every eighth gift."""
_INSERT = """INSERT INTO gifts (id, kind, status, name, description, points, from_points, to_points, category_id,
  limits, needs_preparation, needs_approval, pictures, search_text, featured, popularity, created_at, updated_at)
 VALUES (:id, 'pickup', 'active', jsonb_build_object('zh', :name ::text), jsonb_build_object('zh', :about ::text),
  :points, :points, :points, :category, '[]', false, false, ARRAY[:picture], :search, :featured, :popularity, :at,
  :at)"""
_STOCK = "INSERT INTO stock_items (item_id, gift_id, on_hand) SELECT id, id, 50 FROM gifts ON CONFLICT DO NOTHING"


@dataclass(frozen=True, slots=True)
class CatalogTimes:
    """Milliseconds: the page's median and 99th percentile, and the median of the bare template."""

    p50: float
    p99: float
    bare: float

    @property
    def ratio(self) -> float:
        """The page's p99 ÷ the bare template."""
        return self.p99 / self.bare


def measure_catalog(app: Flask) -> CatalogTimes:
    """Fill the mall and measure. ``app`` has a migrated database."""
    with app.app_context():
        shelves = run_tx(Login.OWNER, _fill)
    client = app.test_client()
    paths = _paths(client, shelves)
    for path in paths * 3:  # statements are prepared, templates compiled
        _get(client, path)
    gc.freeze()  # as wsgi.py does
    dice, render = random.Random(1), _renderer(app)
    pages, renders = [], []
    for _ in range(ROUNDS):  # in turns: whatever else the machine does is between both
        pages.append(_timed(lambda: _get(client, dice.choice(paths))))
        renders.append(render())
    pages.sort()
    return CatalogTimes(pages[ROUNDS // 2], pages[int(ROUNDS * 0.99)], sorted(renders)[ROUNDS // 2])


def _fill(tx: Session) -> list[str]:
    now, dice = clock.now(), random.Random(2)
    shelves = [create_category(tx, {"name": f"分类 {number}"}, "bench", now).id for number in range(SHELVES)]
    rows = []
    for number in range(GIFTS):
        name, about = f"{dice.choice(THINGS)} {number}", _about(dice, number)
        rows.append(
            {
                "id": new_id("gft"), "name": name, "about": about, "points": dice.randrange(50, 8_000),
                "category": dice.choice(shelves), "picture": f"{number:064x}", "featured": number % 500 == 0,
                "search": search_text({"zh": name}, [{"zh": about}]), "popularity": dice.randrange(200), "at": now,
            }
        )  # fmt: skip
    tx.execute(text(_INSERT), rows)
    tx.execute(text(_STOCK))
    tx.execute(text("ANALYZE gifts, stock_items"))
    tx.execute(text("SELECT gin_clean_pending_list('ix_gifts_search')"))  # as autovacuum does within a minute
    return shelves


def _about(dice: random.Random, number: int) -> str:
    words = ["".join(dice.sample(LETTERS, 2)) for _ in range(24)]
    return "，".join([*words, dice.choice(LATIN)]) + f"。编号 {number}。"


def _paths(client: FlaskClient, shelves: list[str]) -> list[str]:
    paths = ["/mall", *(f"/mall?sort={sort}" for sort in ("points", "points_down", "newest", "affordable"))]
    paths += [f"/mall?category={shelf}" for shelf in shelves[:3]]
    paths += [f"/mall?q={words}" for words in ("雨伞", "充电宝 竹", "usb", "4711", "社区")]
    further = "/mall?sort=points"
    for _ in range(5):
        found = re.search(r'href="(/mall\?[^"]*cursor=[^"]+)"', _get(client, further))
        assert found is not None
        further = found[1].replace("&amp;", "&")
        paths.append(further)
    return paths


def _get(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.get_data(as_text=True)


def _renderer(app: Flask) -> Callable[[], float]:
    """Renders the template from values that are there already; gives the milliseconds it took."""
    with app.app_context():
        now = clock.now()
        shown, _ = run_tx(Login.REDEMPTION, lambda tx: gifts_page(tx, Wanted(), 20, None, now))
        newest, _ = run_tx(Login.REDEMPTION, lambda tx: gifts_page(tx, Wanted(sort="newest"), 6, None, now))
    with app.test_request_context("/mall"):
        values: dict[str, Any] = {
            "me": None, "gifts": [card(one, None, now) for one in shown],
            "new": [card(one, None, now) for one in newest], "categories": [], "tags": [], "query": {},
            "next_url": "/mall?cursor=x", "total": None,
        }  # fmt: skip

    def render() -> float:
        with app.test_request_context("/mall"):
            return _timed(lambda: render_template("storefront/mall.html", **values))

    return render


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000
