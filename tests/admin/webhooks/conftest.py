"""A receiver of webhooks on loopback, with as many addresses as a test wants, and the mall that sends to it."""

from __future__ import annotations

import dataclasses
import http.server
import json
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from flask import Flask
from standardwebhooks.webhooks import Webhook

from mall.db import Login
from mall.identity.api_clients import NewClient, add_key, create_client
from mall.jobs import run_job
from mall.outbox import deliver_due
from mall.webhooks.dispatch import send_due
from mall.webhooks.events import EVENTS
from tests.catalog.conftest import Person, Shop

ALL = sorted(EVENTS)
OF_CLIENTS = sorted(set(ALL) - {"points.expired"})


class Receiver:
    """``answers[path]``: statuses (with headers) given one after the other, the last again and again; 204 at first."""

    def __init__(self) -> None:
        self.answers: dict[str, list[tuple[int, dict[str, str]]]] = defaultdict(lambda: [(204, {})])
        self.seen: dict[str, list[tuple[dict[str, str], bytes]]] = defaultdict(list)
        self.slow: dict[str, tuple[str, int]] = {}
        """Who answers only when so many have come to another path, or after five seconds."""
        self.came: list[str] = []
        self.lock = threading.Lock()
        self.more = threading.Condition(self.lock)
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with outer.more:
                    outer.came.append(self.path)
                    outer.more.notify_all()
                    outer.seen[self.path].append(({name.lower(): value for name, value in self.headers.items()}, body))
                    known = outer.answers[self.path]
                    status, headers = known.pop(0) if len(known) > 1 else known[0]
                    if self.path in outer.slow:
                        other, times = outer.slow[self.path]
                        outer.more.wait_for(lambda: outer.came.count(other) >= times, 5)
                self.send_response(status)
                for name, value in {"Content-Length": "0", **headers}.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                return

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def told(self, path: str) -> list[dict[str, Any]]:
        """The bodies that came to an address."""
        return [json.loads(body) for _headers, body in self.seen[path]]

    def close(self) -> None:
        """Stop answering."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class Hooks(Shop):
    """The mall with a receiver; ``secrets``: by endpoint."""

    def __init__(self, app: Flask, run: Callable[..., Any], receiver: Receiver) -> None:
        super().__init__(app, run)
        self.receiver, self.secrets = receiver, {}

    def hook(self, path: str, events: list[str] | None = None, **more: Any) -> str:
        """A new endpoint at a path of the receiver; returns its id."""
        chosen = events or (OF_CLIENTS if more.get("client_id") else ALL)
        body = {"url": self.receiver.url + path, "events": chosen, **more}
        made = self.post("/admin/webhooks", self.owner, body)
        assert made.status_code == 201, made.json
        self.secrets[made.json["id"]] = made.json["secret"]
        return str(made.json["id"])

    def source(self) -> Person:
        """A reporting system."""

        def work(tx: Any) -> Person:
            now = datetime.now(UTC)
            made = create_client(tx, NewClient(f"source {len(self.secrets)} {now}", ["credits:write"]), now, "test")
            key = add_key(tx, made.id, now, "test")
            return Person(made.id, {"Authorization": f"Bearer {key.secret}"})

        return self.run(Login.BACKOFFICE, work)

    def tip(self, source: Person, event_id: str, stage: str = "adopted", case: str = "tip-1", day: int = 23) -> str:
        """Report a tip; returns the id of the event."""
        body = {
            "id": event_id, "type": "tip.outcome", "member": "u-829", "occurred_at": f"2026-01-{day}T10:00:00+08:00",
            "data": {"case": case, "stage": stage},
        }  # fmt: skip
        answer = self.post("/credit-events", source, body)
        assert answer.status_code == 201, answer.json
        return str(answer.json["id"])

    def pass_on(self, moment: datetime | None = None) -> int:
        """Everything the worker does about webhooks at a moment that everybody believes to be now."""
        moment = moment or datetime.now(UTC)
        with time_machine.travel(moment, tick=False):
            while deliver_due(moment):
                pass
            run_job("tell-of-credits", moment)
            sent = send_due(moment)
            while deliver_due(moment):  # what staff are told
                pass
        return sent

    def verified(self, endpoint: str, path: str) -> list[dict[str, Any]]:
        """What came, checked with the library that receivers use, at the moment each was signed."""
        found = []
        for headers, body in self.receiver.seen[path]:
            with time_machine.travel(int(headers["webhook-timestamp"]), tick=False):
                found.append(Webhook(self.secrets[endpoint]).verify(body, headers))
        return found

    def deliveries(self, endpoint: str, query: str = "") -> list[dict[str, Any]]:
        """The list that staff see."""
        return list(self.get(f"/admin/webhooks/{endpoint}/deliveries{query}", self.owner).json["items"])

    def told_staff(self) -> list[tuple[str, str]]:
        """Open notices."""
        found = self.get("/admin/notices?open=true", self.owner).json["items"]
        return [(one["kind"], one["subject"]) for one in found]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Something that takes webhooks."""
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def hooks(app: Flask, run: Callable[..., Any], receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Hooks:
    """The mall, allowed to send to this machine."""
    settings = dataclasses.replace(app.extensions["settings"], webhooks_to_private=True)
    monkeypatch.setitem(app.extensions, "settings", settings)
    return Hooks(app, run, receiver)
