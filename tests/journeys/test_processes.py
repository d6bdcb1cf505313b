"""The same thing said many times at once, and a process that dies, on a server with two worker processes."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import psutil
import pytest

from tests.journeys.serving import Installation
from tests.mall.server import until

pytestmark = pytest.mark.crash

PASSWORD = "a long enough phrase"
OCCURRED = "2026-01-05T10:00:00+08:00"


@pytest.fixture(scope="module")
def place() -> Iterator[Installation]:
    """A served installation with two worker processes."""
    found = Installation(WORKERS="2", THREADS="8")
    try:
        found.start()
        yield found
    finally:
        found.close()


@pytest.fixture(scope="module")
def reporter(place: Installation) -> Iterator[httpx.Client]:
    """A reporting system."""
    made = place.flask("client", "create", "many", "--scope", "credits:write", "--scope", "members:read")
    assert made.returncode == 0, made.stderr
    key = made.stdout.strip().splitlines()[-1]
    with _calls(place, key) as client:
        yield client


def _calls(place: Installation, key: str | None = None) -> httpx.Client:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    # Fifty connections, spread over both processes as they come.
    limits = httpx.Limits(max_connections=50, max_keepalive_connections=50)
    return httpx.Client(base_url=f"{place.url}/api/v1", headers=headers, limits=limits, timeout=120)


def _at_once(count: int, call: Callable[[int], httpx.Response]) -> list[httpx.Response]:
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(call, range(count)))


def _tip(name: str, member: str, **data: Any) -> dict[str, Any]:
    return {
        "id": name, "type": "tip.outcome", "member": member, "occurred_at": OCCURRED,
        "data": {"case": name, "stage": "adopted", **data},
    }  # fmt: skip


def _workers(place: Installation) -> list[psutil.Process]:
    assert place.process is not None
    children = psutil.Process(place.process.pid).children()
    granian = next(child for child in children if "mall.http_server" in " ".join(child.cmdline()))
    return granian.children()


def test_one_event_sent_by_fifty_threads_is_booked_once(reporter: httpx.Client) -> None:
    answers = _at_once(50, lambda _: reporter.post("/credit-events", json=_tip("same", "u-same")))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: 49}
    assert len({answer.text for answer in answers}) == 1
    replayed = [answer for answer in answers if answer.headers.get("Idempotency-Replayed") == "true"]
    assert {answer.status_code for answer in replayed} == {200}
    assert len(replayed) == 49
    assert reporter.get("/members/u-same").json()["available"] == 20


def test_one_event_alone_and_in_batches_at_once_is_booked_once(reporter: httpx.Client) -> None:
    events = [_tip(f"mixed-{number}", "u-mixed") for number in range(20)]

    def send(number: int) -> httpx.Response:
        if number % 2:
            return reporter.post("/credit-events", json=events[number])
        return reporter.post("/credit-events/batch", json={"events": random.sample(events, len(events))})

    answers = _at_once(20, send)
    assert {answer.status_code for answer in answers} <= {200, 201}
    batches = [answer.json() for number, answer in enumerate(answers) if number % 2 == 0]
    singles = [answer for number, answer in enumerate(answers) if number % 2]
    assert {batch["rejected"] for batch in batches} == {0}
    booked = sum(batch["booked"] for batch in batches) + sum(answer.status_code == 201 for answer in singles)
    assert booked == 20
    assert reporter.get("/members/u-mixed").json()["available"] == 20 * 20


def test_a_case_of_five_stages_each_sent_three_times_shuffled_and_at_once_has_one_right_total(
    reporter: httpx.Client,
) -> None:
    stages = ["received", "adopted", "overturned", "adopted", "solved"]
    events = [
        {**_tip(f"stage-{hour}", "u-stages", case="the-case", stage=stage), "occurred_at": f"2026-01-05T1{hour}:00:00Z"}
        for hour, stage in enumerate(stages)
    ]
    sent = [event for event in events for _ in range(3)]
    random.shuffle(sent)
    answers = _at_once(len(sent), lambda number: reporter.post("/credit-events", json=sent[number]))
    assert Counter(answer.status_code for answer in answers) == {201: 5, 200: 10}
    assert sum(answer.json()["points"] for answer in answers if answer.status_code == 201) == 100
    assert reporter.get("/members/u-stages").json()["available"] == 100


def test_two_hundred_check_ins_with_one_key_are_one_check_in(place: Installation) -> None:
    with _calls(place) as nobody:
        made = nobody.post("/members", json={"username": "daily", "password": PASSWORD})
        assert made.status_code == 201, made.text
        session = nobody.post("/sessions", json={"username": "daily", "password": PASSWORD})
    with _calls(place, session.json()["token"]) as member:
        before = member.get("/me/balance").json()["available"]
        key = {"Idempotency-Key": "the-same-key"}
        answers = _at_once(200, lambda _: member.post("/me/checkin", headers=key))
        assert {answer.status_code for answer in answers} <= {201, 409}
        refused = {answer.json()["code"] for answer in answers if answer.status_code == 409}
        assert refused <= {"request_in_progress"}
        kept = [answer for answer in answers if answer.status_code == 201]
        assert len({answer.text for answer in kept}) == 1
        assert sum("Idempotency-Replayed" not in answer.headers for answer in kept) == 1
        assert member.get("/me/balance").json()["available"] == before + 5
        again = member.post("/me/checkin", headers={"Idempotency-Key": "another-key"})
        assert (again.status_code, again.json()["code"]) == (409, "already_checked_in")


def test_forty_registrations_of_one_name_are_one_member(place: Installation) -> None:
    body = {"username": "wanted", "password": PASSWORD}
    with _calls(place) as nobody:
        answers = _at_once(40, lambda _: nobody.post("/members", json=body))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 39}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"username_taken"}


@pytest.mark.parametrize("coding", ["br", "gzip"])
def test_text_is_compressed_as_the_caller_can_read_it(place: Installation, coding: str) -> None:
    for path in ("/", "/sign-in", "/api/v1/openapi.json"):
        plain = httpx.get(place.url + path, headers={"Accept-Encoding": "identity"})
        assert plain.status_code == 200, path
        with httpx.stream("GET", place.url + path, headers={"Accept-Encoding": coding}) as answer:
            raw = b"".join(answer.iter_raw())
        assert answer.headers.get("Content-Encoding") == coding, path
        assert "accept-encoding" in answer.headers["Vary"].lower()
        assert len(raw) < len(plain.content) / 2


def test_a_killed_http_worker_comes_back_and_nothing_acknowledged_is_lost(
    place: Installation, reporter: httpx.Client
) -> None:
    before = _workers(place)
    assert len(before) == 2
    acknowledged: list[str] = []
    lost: list[dict[str, Any]] = []

    def send(number: int) -> None:
        event = _tip(f"killed-{number}", "u-killed")
        try:
            answer = reporter.post("/credit-events", json=event)
        except httpx.TransportError:
            lost.append(event)  # booked or not: the sender cannot know, and asks again
            return
        assert answer.status_code == 201, answer.text
        acknowledged.append(event["id"])

    with ThreadPoolExecutor(8) as pool:
        sent = [pool.submit(send, number) for number in range(400)]
        until(lambda: len(acknowledged) > 50, "some acknowledged")
        before[0].kill()
        for one in sent:
            one.result()
    until(lambda: len(_workers(place)) == 2 and before[0] not in _workers(place), "two http workers")
    for event in lost:
        assert reporter.post("/credit-events", json=event).status_code in (200, 201)
    assert len(acknowledged) + len(lost) == 400
    assert reporter.get("/members/u-killed").json()["available"] == 400 * 20
    verified = place.flask("ledger", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
