"""The loads of the bench: what is sent to the server, by whom."""

from __future__ import annotations

import json
import sys
import urllib.request
import uuid
import zlib
from typing import Any

from bench.load import Result, request, run
from bench.people import Crowd

PORT = 8451
CONNECTIONS, HOT_CONNECTIONS = 16, 64
HISTORY_SECONDS = 4.0
STAGES = ("received", "adopted", "solved")


def credits(crowd: Crowd) -> Any:
    def start(salt: int) -> Any:
        def make(connection: int, number: int) -> bytes:
            case = f"{salt}-{connection}-{number // 3}"
            event = _event(f"{case}/{number % 3}", case, STAGES[number % 3])
            body = json.dumps(event).encode()
            return request(
                "POST", "/api/v1/credit-events", body, Authorization=f"Bearer {crowd.client}",
                Content_Type="application/json",
            )  # fmt: skip

        return make

    return start


def stream(crowd: Crowd, seconds: float) -> Result:
    """Single credits for so long, under names never used before."""
    return run(PORT, CONNECTIONS, credits(crowd)(uuid.uuid4().int % 10**12), seconds)


def rush(crowd: Crowd, gift: str) -> Result:
    """Every member orders the gift once, as fast as it goes."""
    body, share = json.dumps({"gift": gift, "quantity": 1}).encode(), len(crowd.members) // HOT_CONNECTIONS

    def make(connection: int, number: int) -> bytes | None:
        if number >= share:
            return None
        token = crowd.members[connection * share + number]
        return request(
            "POST", "/api/v1/orders", body, Authorization=f"Bearer {token}", Content_Type="application/json",
            Idempotency_Key=f"rush-{connection}-{number}",
        )  # fmt: skip

    result = run(PORT, HOT_CONNECTIONS, make, 600)
    if set(result.statuses) != {201} or result.errors:
        print(f"  rush: unexpected answers {dict(result.statuses)}, {result.errors} broken", file=sys.stderr)
    return result


def histories(crowd: Crowd, index: int) -> Result:
    """One after the other: two connections are served by one process or by two, as it happens."""
    message = request("GET", "/api/v1/me/orders", Authorization=f"Bearer {crowd.members[index]}")
    return run(PORT, 1, lambda *_: message, HISTORY_SECONDS)


def _event(event_id: str, case: str, stage: str) -> dict[str, Any]:
    return {
        "id": f"ev-{event_id}", "type": "tip.outcome", "member": f"u-{zlib.crc32(case.encode()) % 20_000}",
        "occurred_at": "2026-11-20T10:00:00+08:00", "data": {"case": f"tip-{case}", "stage": stage, "grade": 2},
    }  # fmt: skip


def batches(crowd: Crowd) -> Any:
    def start(salt: int) -> Any:
        def make(connection: int, number: int) -> bytes:
            names = [f"b{salt}-{connection}-{number}-{index}" for index in range(100)]
            body = json.dumps({"events": [_event(name, name, "adopted") for name in names]}).encode()
            return request(
                "POST", "/api/v1/credit-events/batch", body, Authorization=f"Bearer {crowd.client}",
                Content_Type="application/json",
            )  # fmt: skip

        return make

    return start


def balances(crowd: Crowd) -> Any:
    messages = [request("GET", "/api/v1/me/balance", Authorization=f"Bearer {token}") for token in crowd.members]
    return lambda salt: lambda connection, number: messages[(connection * 37 + number) % len(messages)]


def new_gift(crowd: Crowd, stock: int) -> str:
    body = {"name": f"Bench {stock}", "kind": "pickup", "points": 1, "stock": stock}
    call = urllib.request.Request(
        f"http://127.0.0.1:{PORT}/api/v1/admin/gifts", json.dumps(body).encode(),
        {"Authorization": f"Bearer {crowd.admin}", "Content-Type": "application/json",
         "Idempotency-Key": uuid.uuid4().hex},
    )  # fmt: skip
    with urllib.request.urlopen(call) as response:
        return str(json.load(response)["id"])


def orders(crowd: Crowd, gift: str) -> Any:
    body = json.dumps({"gift": gift, "quantity": 1}).encode()

    def start(salt: int) -> Any:
        def make(connection: int, number: int) -> bytes:
            token = crowd.members[(connection * 25 + number % 25) % 400]
            return request(
                "POST", "/api/v1/orders", body, Authorization=f"Bearer {token}", Content_Type="application/json",
                Idempotency_Key=f"{gift}-{salt}-{connection}-{number}",
            )  # fmt: skip

        return make

    return start
