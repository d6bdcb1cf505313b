"""The pages of a waiting room, as a browser without a script uses them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from mall.http.limits import limiter
from tests.browsing import Browser
from tests.catalog.queue.halls import EARLY, SOON, TEN, Hall


@pytest.fixture
def hall(shop):
    found = Hall(shop, pieces=1)
    yield found
    found.clock.stop()


def _big(page):
    return re.search(r'class="room__big[^>]*>(.*?)</p>', page, re.S).group(1)


def test_a_member_takes_a_place_waits_orders_and_the_others_learn_it_is_gone(hall):
    people = [Browser(hall.shop, 100) for _ in range(2)]
    page = people[0].get(f"/gifts/{hall.gift}")
    assert "The waiting room is open" in page and f'/gifts/{hall.gift}/queue?variant={hall.gift}"' in page
    for who in people:
        page = who.get(f"/gifts/{hall.gift}/queue")
        assert "Places are drawn at 10:00" in _big(page) and 'http-equiv="refresh"' not in page
        answer = who.submit(page, f"/gifts/{hall.gift}/queue")
        assert (answer.status_code, answer.location) == (303, f"/gifts/{hall.gift}/queue")
        page = who.get(answer.location)
        assert 'http-equiv="refresh" content="60"' in page and 'hx-trigger="load delay:60s"' in page
    hall.at(TEN)
    first, second = sorted(people, key=lambda who: hall.see(who.member)["place"])
    assert "It is your turn" in first.get(f"/gifts/{hall.gift}/queue")
    assert "“Gift”: it is your turn, until 7 Dec 2026, 10:03." in first.get("/notices")
    assert "Nothing to tell you" in second.get("/notices")
    page = second.get(f"/gifts/{hall.gift}/queue")
    assert ">2</b>" in _big(page) and "You are the next." in page and 'content="5"' in page
    assert "A queue stands before this gift" in second.get(f"/gifts/{hall.gift}")
    refused = second.submit(second.get(f"/gifts/{hall.gift}/redeem"), f"/gifts/{hall.gift}/redeem")
    assert refused.status_code == 409
    placed = first.submit(first.get(f"/gifts/{hall.gift}/redeem"), f"/gifts/{hall.gift}/redeem")
    assert (placed.status_code, hall.shop.stock(hall.gift)) == (303, 0)
    assert placed.location in first.get(f"/gifts/{hall.gift}/queue")
    page = second.get(f"/gifts/{hall.gift}/queue")
    assert _big(page) == "Sold out" and 'http-equiv="refresh"' not in page
    assert "Waiting room opens tomorrow at " in second.get(f"/gifts/{hall.gift}")


def test_leaving_by_the_page_and_a_room_that_has_not_opened(hall):
    who = Browser(hall.shop, 100)
    who.submit(who.get(f"/gifts/{hall.gift}/queue"), f"/gifts/{hall.gift}/queue")
    answer = who.submit(who.get(f"/gifts/{hall.gift}/queue"), f"/gifts/{hall.gift}/queue/leave")
    assert (answer.status_code, hall.see(who.member)["you"]) == (303, "left")
    hall.at(TEN)
    hall.at(TEN + timedelta(hours=3))
    assert "Opens at 09:50" in _big(who.get(f"/gifts/{hall.gift}/queue"))


def test_who_asks_much_too_often_is_told_when_to_come_back(hall, monkeypatch):
    (member,) = hall.members(1)
    hall.join(member)
    hall.at(EARLY + SOON)
    monkeypatch.setattr(limiter, "enabled", True)
    monkeypatch.setattr(limiter, "_limiter", FixedWindowRateLimiter(MemoryStorage()))
    answers = [hall.shop.get(hall.path, member) for _ in range(25)]
    assert [one.status_code for one in answers] == [200] * 20 + [429] * 5
    assert answers[-1].json["code"] == "too_many_requests" and 1 <= int(answers[-1].headers["Retry-After"]) <= 10
