"""The replay's client and its summary, against a server of the test's own."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from catalog.demo.http_client import ApiClient, ApiRefused, wait_seconds
from catalog.demo.replay import Replay, replay_events, summary


class Mall:
    """Answers in turn what it was told to; keeps what it was sent."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, str], Any]] = []
        self.calls: list[tuple[str, Any]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.calls.append((self.path, body))
                status, headers, value = outer.answers.pop(0) if outer.answers else outer.book(self.path, body)
                raw = json.dumps(value).encode()
                self.send_response(status)
                for name, text in headers.items():
                    self.send_header(name, text)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *args: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    @staticmethod
    def book(path: str, body: Any) -> tuple[int, dict[str, str], Any]:
        if path.endswith("/batch"):
            results = [
                {"index": index, "status": 201, "event": {"points": 2}} for index, _ in enumerate(body["events"])
            ]
            return 200, {}, {"results": results}
        return 200, {}, {"points": 100}


@pytest.fixture
def mall() -> Iterator[Mall]:
    """A server on a free port."""
    made = Mall()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def _event(number: int, stage: str = "received") -> dict[str, Any]:
    return {"id": f"{number}/{stage}", "member": f"m{number % 2}", "data": {"stage": stage}}


def test_events_go_in_batches_of_100_and_the_last_50_one_by_one(mall: Mall) -> None:
    told: list[int] = []
    with ApiClient(mall.url, "key") as client:
        done = replay_events(client, [_event(number) for number in range(270)], told.append)
    paths = [path for path, _ in mall.calls]
    assert paths == ["/api/v1/credit-events/batch"] * 3 + ["/api/v1/credit-events"] * 50
    assert [len(body["events"]) for path, body in mall.calls[:3]] == [100, 100, 20]
    assert (done.sent, done.booked, done.replayed) == (270, 220, 50)
    assert sum(told) == 270


def test_a_busy_server_is_given_the_time_it_asks_for(mall: Mall) -> None:
    slept: list[float] = []
    mall.answers = [(429, {"Retry-After": "7"}, {}), (503, {"Retry-After": "2"}, {}), (201, {}, {"points": 3})]
    with ApiClient(mall.url, "key", slept.append) as client:
        assert client.post("/x", {}) == (201, {"points": 3})
    assert slept == [7, 2]


def test_a_server_that_stays_busy_is_given_up_after_eight_tries(mall: Mall) -> None:
    mall.answers = [(429, {"Retry-After": "1"}, {})] * 20
    with ApiClient(mall.url, "key", lambda seconds: None) as client, pytest.raises(ApiRefused):
        client.post("/x", {})
    assert len(mall.calls) == 8


def test_a_refusal_is_told_and_not_tried_again(mall: Mall) -> None:
    mall.answers = [(401, {}, {"code": "key_invalid"})]
    with ApiClient(mall.url, "key") as client, pytest.raises(ApiRefused, match=r"401.*key_invalid"):
        client.post("/x", {})
    assert len(mall.calls) == 1


@pytest.mark.parametrize("url", ["", "ftp://x", "127.0.0.1:8000", "http://"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ApiRefused):
        ApiClient(url, "key")


@pytest.mark.parametrize(("header", "seconds"), [(None, 1), ("0", 1), ("5", 5), ("9999", 60), ("soon", 1)])
def test_a_wait_is_at_least_a_second_and_at_most_a_minute(header: str | None, seconds: int) -> None:
    assert wait_seconds(header) == seconds


def test_a_refused_item_is_named_and_the_others_count(mall: Mall) -> None:
    mall.answers = [
        (200, {}, {"results": [
            {"index": 0, "status": 201, "event": {"points": 2}},
            {"index": 1, "status": 422, "problem": {"code": "invalid_fields", "detail": "No."}},
        ]})
    ]  # fmt: skip
    with ApiClient(mall.url, "key") as client:
        done = replay_events(client, [_event(number) for number in range(52)], lambda count: None)
    assert done.rejected == ["1/received: invalid_fields No."]
    assert (done.sent, done.booked) == (52, 1)


def test_the_summary_counts_by_stage_and_names_the_top_earners() -> None:
    done = Replay()
    for member, stage, points in [
        ("a", "received", 2),
        ("a", "solved", 98),
        ("b", "received", 2),
        ("b", "rejected", -2),
    ]:
        done.count({"id": "x", "member": member, "data": {"stage": stage}}, 201, {"points": points})
    assert summary(done, 2, {"a": "张小满"}) == [
        "2 requests",
        "4 events sent: 4 booked, 0 replayed, 0 rejected",
        "points by stage: received 4 (2 events), solved 98 (1 events), rejected -2 (1 events); total 100",
        "top of the board, by what this replay paid (public boards never count tips):",
        "  1. 张小满  100",
        "  2. b  0",
    ]
