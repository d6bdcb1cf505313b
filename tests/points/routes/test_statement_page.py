"""The statement for people: what it explains, and to whom."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from flask.testing import FlaskClient

pytestmark = pytest.mark.usefixtures("unguarded")
LOCKED, WHY = "/me/confirm?next=/statement", "进展 已采纳：20 · 评级 2：× 1.5"


def test_community_points_are_explained_only_to_a_member_who_has_just_given_the_password(
    client: FlaskClient, make_client: Callable[..., Any]
) -> None:
    source = make_client(["credits:write", "login:create"])
    start = datetime.now(UTC).replace(microsecond=0)
    event = {
        "id": "statement-1",
        "type": "tip.outcome",
        "member": "neighbour",
        "occurred_at": start.isoformat(),
        "data": {"case": "statement", "stage": "adopted", "grade": 2},
    }
    booked = client.post("/api/v1/credit-events", json=event, headers=source.auth)
    assert (booked.status_code, booked.json["points"]) == (201, 30)
    link = client.post("/api/v1/login-links", json={"member": "neighbour"}, headers=source.auth).json["url"]
    client.post(urlsplit(link).path)

    page = client.get("/statement").text
    assert "社区积分" in page
    assert LOCKED in page
    assert WHY not in page

    credential = {"username": "statement-reader", "password": "a long enough phrase"}
    assert client.post("/me/credential", data=credential).status_code == 303
    page = client.get("/statement").text
    assert WHY in page
    assert LOCKED not in page

    with time_machine.travel(start + timedelta(minutes=16), tick=True):
        page = client.get("/statement").text
    assert LOCKED in page
    assert WHY not in page


@pytest.mark.parametrize(("language", "said"), [("zh", "2026-12-31 到期"), ("en", "Good until 31 Dec 2026")])
def test_points_that_expire_at_midnight_are_good_until_the_day_before(
    client: FlaskClient, make_member: Callable[..., Any], language: str, said: str
) -> None:
    with time_machine.travel(datetime(2025, 6, 1, 4, tzinfo=UTC), tick=True):
        member = make_member()
        assert client.post("/check-in", data={"_key": "one"}, headers=member.auth).status_code == 303
        assert said in client.get(f"/balance?lang={language}", headers=member.auth).text
