"""Opening hours: a week, days that differ, open now, and all of it in words."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from catalog.fulfilment.hours import Now, Opening, opening_of, read_spans, state_now, stored_form
from catalog.fulfilment.hours_words import hours_words, now_words

ZONE = ZoneInfo("Asia/Shanghai")
DAY = (("09:00", "12:00"), ("13:00", "18:00"))
WEEK = Opening(
    (DAY,) * 5 + ((("10:00", "16:00"),), ()),
    {date(2026, 12, 1): (), date(2026, 12, 6): (("09:00", "24:00"),)},
)


def at(day, clock):
    return datetime.fromisoformat(f"2026-{day}T{clock}").replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("day", "clock", "state"),
    [
        ("11-23", "09:00", Now(True, "12:00")),
        ("11-23", "08:59", Now(False, None, date(2026, 11, 23), "09:00")),
        ("11-23", "12:00", Now(False, None, date(2026, 11, 23), "13:00")),
        ("11-23", "18:00", Now(False, None, date(2026, 11, 24), "09:00")),
        ("11-28", "16:00", Now(False, None, date(2026, 11, 30), "09:00")),
        ("12-01", "10:00", Now(False, None, date(2026, 12, 2), "09:00")),
        ("12-06", "23:59", Now(True, "24:00")),
    ],
)
def test_open_now_follows_the_week_and_the_days_that_differ(day, clock, state):
    assert state_now(WEEK, at(day, clock)) == state


def test_a_point_that_never_opens_is_closed_without_a_day():
    assert state_now(Opening(((),) * 7, {}), at("11-23", "10:00")) == Now(False)


def test_what_is_stored_comes_back_as_it_was():
    assert opening_of(stored_form(WEEK)) == WEEK
    assert opening_of(None) is None


@pytest.mark.parametrize(
    ("texts", "day"),
    [
        ([], ()), (["13:00-18:00", "09:00-12:00"], DAY), (["09:00-09:00"], None), (["10:00-09:00"], None),
        (["09:00-12:00", "11:59-13:00"], None),
        (["09:00-12:00", "12:00-13:00"], (("09:00", "12:00"), ("12:00", "13:00"))),
    ],
)  # fmt: skip
def test_spans_end_after_they_begin_and_do_not_overlap(texts, day):
    assert read_spans(texts) == day


@pytest.mark.parametrize(
    ("language", "words", "now"),
    [
        (
            "zh",
            "周一至周五 9:00–12:00、13:00–18:00；周六 10:00–16:00；周日 休息；12-01 休息；12-06 9:00–24:00",
            "营业中，至 12:00",
        ),
        (
            "en",
            "Monday to Friday 9:00–12:00, 13:00–18:00; Saturday 10:00–16:00; Sunday closed; 1 Dec closed; "
            "6 Dec 9:00–24:00",
            "Open until 12:00",
        ),
    ],
)
def test_hours_in_words(session_app, language, words, now):
    moment = at("11-23", "10:00")
    with session_app.test_request_context(headers={"Accept-Language": language}):
        assert hours_words(WEEK, moment.date(), language) == words
        assert now_words(state_now(WEEK, moment), moment, language) == now


def test_staff_set_hours_and_members_read_them(shop):
    opening = {"mon": ["09:00-12:00", "13:00-18:00"], "exceptions": [{"date": "2030-01-01", "hours": []}]}
    made = shop.post("/admin/pickup-points", shop.owner, {"name": "东门", "address": "Street 1", "opening": opening})
    assert made.status_code == 201, made.json
    whole = {**{day: [] for day in ("tue", "wed", "thu", "fri", "sat", "sun")}, **opening}
    assert made.json["opening"] == whole
    point, member = made.json["id"], shop.member(1000)
    order = shop.order(member, shop.gift(), pickup_point=point).json
    assert order["pickup_point"]["hours"] == "Monday 9:00–12:00, 13:00–18:00; Tuesday to Sunday closed"
    assert isinstance(order["pickup_point"]["open_now"], bool) and order["pickup_point"]["open_text"]
    changed = shop.post(f"/admin/pickup-points/{point}", shop.owner, {"opening": None}, method="PATCH")
    assert changed.json["opening"] is None
    assert shop.get(f"/orders/{order['id']}", member).json["pickup_point"]["open_now"] is None


@pytest.mark.parametrize(
    "opening",
    [
        {"mon": ["9:00-12:00"]}, {"mon": ["09:00-25:00"]}, {"mon": ["12:00-09:00"]}, {"mon": ["09:00-12:00"] * 5},
        {"someday": []}, {"exceptions": [{"date": "2026-02-30", "hours": []}]},
    ],
)  # fmt: skip
def test_hours_that_are_none_are_refused(shop, opening):
    body = {"name": "东门", "address": "Street 1", "opening": opening}
    assert shop.post("/admin/pickup-points", shop.owner, body).status_code == 422
    assert shop.sql("SELECT count(*) FROM pickup_points") == 1


def test_the_point_that_comes_with_the_house_knows_when_it_is_open(shop):
    order = shop.order(shop.member(1000), shop.gift()).json
    assert order["pickup_point"]["hours"] == "Monday to Saturday 9:00–18:00; Sunday closed"
