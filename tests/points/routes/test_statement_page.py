"""The statement for people: what it explains, and to whom."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from flask.testing import FlaskClient
from openpyxl import load_workbook

pytestmark = pytest.mark.usefixtures("unguarded")
LOCKED, WHY = "/me/confirm?next=/statement", "进展 已采纳：20 · 评级 2：× 1.5"


def sign_in_by_link(client: FlaskClient, make_client: Callable[..., Any], start: datetime) -> None:
    """A member whom a source credited 30 points follows the source's link into the mall."""
    source = make_client(["credits:write", "login:create"])
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


def test_community_points_are_explained_only_to_a_member_who_has_just_given_the_password(
    client: FlaskClient, make_client: Callable[..., Any]
) -> None:
    start = datetime.now(UTC).replace(microsecond=0)
    sign_in_by_link(client, make_client, start)

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


def test_the_statement_as_a_file_adds_up_and_says_no_more_than_the_page(
    client: FlaskClient, make_client: Callable[..., Any]
) -> None:
    start = datetime.now(UTC).replace(microsecond=0)
    sign_in_by_link(client, make_client, start)
    credential = {"username": "statement-taker", "password": "a long enough phrase"}
    assert client.post("/me/credential", data=credential).status_code == 303
    assert client.post("/check-in", data={"_key": "one"}).status_code == 303

    def lines() -> list[list[str]]:
        answer = client.get("/statement/file?format=csv")
        assert re.fullmatch(r'attachment; filename="statement-[\d-]{10}\.csv"', answer.headers["Content-Disposition"])
        return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))

    rows = lines()
    assert rows[0] == ["日期时间", "事项", "积分", "余额", "原因", "编号"]
    assert [row[1:4] for row in rows[1:]] == [["每日签到", "5", "35"], ["社区积分", "30", "30"]]
    assert rows[2][4] == "进展 已采纳：20; 评级 2：× 1.5"
    book = client.get("/statement/file?format=xlsx")
    sheet = load_workbook(io.BytesIO(book.data)).worksheets[0]
    assert [row[2:4] for row in sheet.iter_rows(values_only=True)][1:] == [(5, 35), (30, 30)]
    assert client.get("/statement/file?format=pdf").status_code == 422
    with time_machine.travel(start + timedelta(minutes=16), tick=True):
        assert lines()[2][4] == ""
