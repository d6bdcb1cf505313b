"""The power goes, ten times, in the middle of a load: what was acknowledged is there once, and retries converge."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from typing import Any

import httpx
import psutil
import pytest

from tests.journeys.serving import Installation
from tests.mall.server import kill_9

pytestmark = [pytest.mark.crash, pytest.mark.long]

ROUNDS = 10
MEMBERS = 20
WORTH = 20  # an adopted tip of grade 0


class Reporter:
    """A reporting system that keeps what was not acknowledged and sends it again under the same ids."""

    def __init__(self, url: str, key: str, name: str) -> None:
        self.client = httpx.Client(base_url=f"{url}/api/v1", headers={"Authorization": f"Bearer {key}"}, timeout=20)
        self.name = name
        self.made = 0
        self.acknowledged: set[str] = set()
        self.open: list[dict[str, Any]] = []
        self.stop = threading.Event()

    def _new(self) -> dict[str, Any]:
        self.made += 1
        name = f"{self.name}-{self.made}"
        return {
            "id": name, "type": "tip.outcome", "member": f"u-{self.made % MEMBERS}",
            "occurred_at": "2026-01-05T10:00:00+08:00", "data": {"case": name, "stage": "adopted"},
        }  # fmt: skip

    def send(self, size: int) -> None:
        """Send a single event or a batch; keep it open unless every item is acknowledged."""
        self.open = self.open or [self._new() for _ in range(size)]
        if len(self.open) == 1:
            answer = self.client.post("/credit-events", json=self.open[0])
            done = answer.status_code in (200, 201)
        else:
            answer = self.client.post("/credit-events/batch", json={"events": self.open})
            done = answer.status_code == 200 and answer.json()["rejected"] == 0
        if done:
            self.acknowledged |= {event["id"] for event in self.open}
            self.open = []
        else:
            assert answer.status_code == 503, answer.text

    def run(self, size: int) -> None:
        """Send until told to stop; a broken connection is a reason to try again, not to forget."""
        while not self.stop.is_set():
            try:
                self.send(size)
            except httpx.HTTPError:
                time.sleep(0.05)


def _kill_everything(place: Installation) -> None:
    assert place.process is not None
    server = psutil.Process(place.process.pid)
    victims = [server, *server.children(recursive=True)]
    folder = str(place.var)
    for process in psutil.process_iter():
        try:
            if process.cwd().startswith(folder) and "postgres" in process.name():
                victims.append(process)
        except psutil.Error:
            continue
    kill_9(victims)
    place.process.wait(30)


def test_ten_kills_in_a_batch_load_lose_and_double_nothing() -> None:
    place = Installation()
    try:
        place.start()
        made = place.flask("client", "create", "crash", "--scope", "credits:write", "--scope", "members:read")
        assert made.returncode == 0, made.stderr
        key = made.stdout.strip().splitlines()[-1]
        reporters = [Reporter(place.url, key, f"r{number}") for number in range(4)]
        for _ in range(ROUNDS):
            threads = []
            for reporter, size in zip(reporters, (100, 50, 1, 1), strict=True):
                reporter.stop.clear()
                threads.append(threading.Thread(target=reporter.run, args=(size,)))
            for thread in threads:
                thread.start()
            time.sleep(random.uniform(0.3, 1.2))
            _kill_everything(place)
            for reporter in reporters:
                reporter.stop.set()
            for thread in threads:
                thread.join()
            place.start()
        for reporter in reporters:
            while reporter.open:
                reporter.send(1)
        sent = [f"{reporter.name}-{number}" for reporter in reporters for number in range(1, reporter.made + 1)]
        assert sum(len(reporter.acknowledged) for reporter in reporters) == len(sent) > ROUNDS * 50
        _every_event_is_there_once(reporters, sent)
        verified = place.flask("ledger", "verify")
        assert verified.returncode == 0, verified.stdout + verified.stderr
    finally:
        place.close()


def _every_event_is_there_once(reporters: list[Reporter], sent: list[str]) -> None:
    client = reporters[0].client
    seen: Counter[str] = Counter()
    cursor: str | None = None
    while True:
        page = client.get("/credit-events", params={"limit": 100, **({"cursor": cursor} if cursor else {})}).json()
        seen.update(item["event_id"] for item in page["items"])
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == Counter(sent)
    per_member = Counter(int(name.rpartition("-")[2]) % MEMBERS for name in sent)
    for number, events in per_member.items():
        assert client.get(f"/members/u-{number}").json()["available"] == events * WORTH
