"""A source's own list beside what was booked for it, over the API and as a file in the back office."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from mall import clock
from mall.db import Login, run_tx
from mall.identity.sessions import BROWSER, open_session
from mall.identity.staff_cookie import STAFF_COOKIE
from points.earning.listed_file import BadList, read_list
from points.earning.reconcile_lines import Listed

EVENTS = "/api/v1/credit-events"
COMPARE = f"{EVENTS}/reconciliation"


def tip(name: str, stage: str = "adopted") -> dict[str, Any]:
    return {"id": name, "type": "tip.outcome", "member": "u-1", "occurred_at": "2026-01-06T10:00:00+08:00",
            "data": {"case": name, "stage": stage}}  # fmt: skip


@pytest.fixture
def source(client: FlaskClient, make_client: Callable[..., Any]) -> Any:
    """A source with three events, one of them reversed, beside another source with one of the same name."""
    made, other = make_client(), make_client()
    for name in ("t/1", "t/2", "t/3"):
        assert client.post(EVENTS, json=tip(name), headers=made.auth).status_code == 201
    client.post(EVENTS, json=tip("t/9"), headers=other.auth)
    assert client.post(f"{EVENTS}/t/3/reversal", json={"reason": "twice"}, headers=made.auth).status_code == 201
    return made


def test_a_source_learns_what_is_missing_what_differs_and_what_its_list_lacks(client: FlaskClient, source: Any) -> None:
    worth = client.get(f"{EVENTS}/t/1", headers=source.auth).json["points"]
    now = datetime.now(UTC)
    period = {"since": (now - timedelta(hours=1)).isoformat(), "until": (now + timedelta(hours=1)).isoformat()}
    listed = [{"id": "t/1", "points": worth}, {"id": "t/3", "points": worth}, {"id": "t/9"}, {"id": "t/1"}]
    found = client.post(COMPARE, json={"events": listed, **period}, headers=source.auth).json
    assert (found["listed"], found["missing"], found["repeated"]) == (3, ["t/9"], ["t/1"])
    assert [(one["event_id"], one["points"]) for one in found["booked"]] == [("t/1", worth)]
    (differing,) = found["differing"]
    assert (differing["event_id"], differing["status"]) == ("t/3", "reversed")
    assert (differing["points"], differing["expected_points"]) == (0, worth)
    assert [one["event_id"] for one in found["unlisted"]] == ["t/2"] and found["unlisted_more"] is False
    empty = client.post(COMPARE, json={"events": [], "since": period["until"], "until": "2999-01-01T00:00:00Z"},
                        headers=source.auth).json  # fmt: skip
    assert (empty["listed"], empty["unlisted"]) == (0, [])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "events"),
        ({"events": [{"id": ""}]}, "events.0.id"),
        ({"events": [], "since": "2026-01-01T00:00:00Z"}, "until"),
        ({"events": [], "since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"}, "until"),
        ({"events": [{"id": "x"}] * 5001}, "events"),
    ],
)
def test_a_list_that_cannot_be_read_is_refused_by_name(
    client: FlaskClient, make_client: Callable[..., Any], body: dict[str, Any], field: str
) -> None:
    answer = client.post(COMPARE, json=body, headers=make_client().auth)
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])


@pytest.mark.usefixtures("unguarded")
def test_an_owner_uploads_a_list_and_the_audit_trail_says_so(
    app: Flask, client: FlaskClient, source: Any, make_staff: Any, run: Any
) -> None:
    owner = make_staff()
    opened = run_tx(Login.BACKOFFICE, lambda tx: open_session(tx, clock.now(), kind=BROWSER, staff_id=owner.id))
    client.set_cookie(STAFF_COOKIE, opened.token, path="/admin")
    client.set_cookie("lang", "en")

    def upload(content: str, **form: str) -> Any:
        data = {"client": source.id, "list": (io.BytesIO(content.encode()), "list.csv"), **form}
        return client.post("/admin/reconciliation", data=data, content_type="multipart/form-data")

    shown = upload("event_id,points\nt/1,999\n=1+1x,\n")
    assert shown.status_code == 422 and "Line 3" in shown.text
    shown = upload("event_id,points\nt/1,999\ngone,\n", **{"from": "2020-01-01", "until": "2999-01-01"})
    assert shown.status_code == 200
    for words in ("t/1", "+999", "gone", "t/2", "t/3", "data:text/csv"):
        assert words in shown.text
    for wrong in ({"client": ""}, {"client": "cli_none"}, {"from": "2020-01-01"}, {"from": "x"}):
        assert upload("t/1\n", **wrong).status_code in (404, 422)
    trail = text("SELECT detail FROM audit_entries WHERE action = 'client.reconciled' AND subject = :who")
    (told,) = run(Login.OWNER, lambda tx: tx.scalars(trail, {"who": f"client:{source.id}"}).all())
    assert (told["listed"], told["missing"], told["differing"], told["unlisted"]) == (2, 1, 1, 2)


@settings(max_examples=30)
@given(st.lists(st.tuples(st.text("abc/9", min_size=1), st.none() | st.integers(-99, 99))))
def test_a_list_is_read_as_it_was_written(lines: list[tuple[str, int | None]]) -> None:
    rows = [[name, "" if points is None else str(points), "more"] for name, points in lines]
    if lines:
        assert read_list([["id", "points"], *rows, ["", ""]]) == [Listed(*line) for line in lines]
    else:
        with pytest.raises(BadList, match="empty"):
            read_list([["id"]])
