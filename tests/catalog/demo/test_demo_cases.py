"""The demo's mapping of 311 requests: every sentence read, the spread fixed, the events in order."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from catalog.demo.cases import NEW_YORK, Request, events_of, member_of, read_requests
from catalog.demo.resolutions import STAGE_OF_RESOLUTION, Stage

DEMO = Path(__file__).resolve().parents[3] / "catalog" / "demo"
PEOPLE = [person["source_member"] for person in json.loads((DEMO / "people.json").read_text(encoding="utf-8"))]
REQUESTS = read_requests(DEMO / "nyc311.csv")
ACTION = "The Police Department responded to the complaint and took action to fix the condition."


def test_the_file_has_600_requests_and_the_table_exactly_its_21_resolutions() -> None:
    assert len(REQUESTS) == len({request.key for request in REQUESTS}) == 600
    assert {request.resolution for request in REQUESTS} == set(STAGE_OF_RESOLUTION)
    assert len(STAGE_OF_RESOLUTION) == 21


def test_outcomes_are_as_the_readme_counts_them() -> None:
    counted = Counter((request.outcome.stage, request.outcome.grade) for request in REQUESTS)
    assert counted == {
        ("solved", 5): 1, ("solved", 3): 9, ("solved", 1): 77,
        ("adopted", 1): 17, ("adopted", 0): 9,
        ("rejected", 0): 76, ("received", 0): 411,
    }  # fmt: skip
    assert sum(r.closed_at is None and r.outcome != Stage("received") for r in REQUESTS) == 25


def test_the_readme_has_a_row_for_every_resolution_with_the_right_count() -> None:
    rows = [line for line in (DEMO / "README.md").read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    counts = [int(row.split("|")[1]) for row in rows if row.split("|")[1].strip().isdecimal()]
    assert sorted(counts) == sorted(Counter(request.resolution for request in REQUESTS).values())


def test_a_sentence_nobody_has_read_is_refused(tmp_path: Path) -> None:
    text = (DEMO / "nyc311.csv").read_text(encoding="utf-8").splitlines()
    (tmp_path / "new.csv").write_text(f"{text[0]}\n{text[1][:-1]} anew.\n", encoding="utf-8")
    with pytest.raises(KeyError):
        read_requests(tmp_path / "new.csv")


def test_a_request_belongs_to_the_same_member_every_time_and_the_first_are_the_busiest() -> None:
    spread = Counter(member_of(request.key, PEOPLE) for request in REQUESTS)
    assert len(spread) == 40
    assert spread[PEOPLE[0]] == 92
    assert sum(spread[person] for person in PEOPLE[:10]) == 334
    assert member_of("60873529", PEOPLE) == PEOPLE[3]


def test_a_solved_request_is_received_when_created_and_solved_when_closed_in_new_york_time() -> None:
    created = datetime(2024, 4, 15, 22, 51, 53, tzinfo=NEW_YORK)
    request = Request("60873529", created, created + timedelta(minutes=26), ACTION)
    received, solved = events_of([request], ["m"])
    assert received == {
        "id": "60873529/received",
        "type": "tip.outcome",
        "member": "m",
        "occurred_at": "2024-04-15T22:51:53-04:00",
        "data": {"case": "60873529", "stage": "received", "grade": 0},
    }
    assert solved["occurred_at"] == "2024-04-15T23:17:53-04:00"
    assert solved["data"] == {"case": "60873529", "stage": "solved", "grade": 1}


def test_an_open_request_is_one_event_and_one_without_a_closing_time_follows_at_its_creation() -> None:
    created = datetime(2024, 4, 15, 23, 0, tzinfo=NEW_YORK)
    assert [event["id"] for event in events_of([Request("1", created, None, "")], ["m"])] == ["1/received"]
    passed_on = Request(
        "2", created, None,
        "The Department of Transportation referred this complaint to the appropriate Maintenance Unit for repair.",
    )  # fmt: skip
    first, second = events_of([passed_on], ["m"])
    assert (first["id"], second["id"]) == ("2/received", "2/adopted")
    assert first["occurred_at"] == second["occurred_at"]


def test_789_events_go_out_in_order_of_time_with_ids_of_their_own() -> None:
    events = events_of(REQUESTS, PEOPLE)
    moments = [datetime.fromisoformat(event["occurred_at"]) for event in events]
    assert len(events) == len({event["id"] for event in events}) == 789
    assert moments == sorted(moments)
