"""A small client of the public API for the replay: one connection, patient with a busy server."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

TRIES = 8
LONGEST_WAIT_SECONDS = 60
TIMEOUT_SECONDS = 60


class ApiRefused(Exception):
    """The API answered something else than success, or nothing at all."""


class ApiClient:
    """Posts JSON with a reporting system's key. A context manager: it holds one connection."""

    def __init__(self, url: str, key: str, sleep: Callable[[float], None] = time.sleep) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ApiRefused(f"not an address of a mall: {url}")
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(parts.hostname, parts.port, timeout=TIMEOUT_SECONDS)
        self._base = parts.path.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json", "Accept-Language": "en"}
        self._sleep = sleep

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def post(self, path: str, body: Any) -> tuple[int, Any]:
        """Status and answer of a POST.

        Waits as ``Retry-After`` says on 429 and 503 and tries again, also after a broken connection: events
        carry their own ids, so sending one twice books it once. Raises ApiRefused for any other refusal.
        """
        data = json.dumps(body, ensure_ascii=False).encode()
        problem = ""
        for attempt in range(TRIES):
            try:
                self._connection.request("POST", self._base + path, body=data, headers=self._headers)
                response = self._connection.getresponse()
                raw = response.read()
            except (OSError, http.client.HTTPException) as error:
                self._connection.close()
                problem = str(error) or type(error).__name__
                self._sleep(min(0.25 * 2**attempt, LONGEST_WAIT_SECONDS))
                continue
            if response.status in (429, 503):
                problem = f"{response.status} {response.reason}"
                self._sleep(wait_seconds(response.headers.get("Retry-After")))
                continue
            if response.status not in (200, 201):
                raise ApiRefused(f"POST {path}: {response.status} {raw.decode(errors='replace')[:300]}")
            return response.status, json.loads(raw)
        raise ApiRefused(f"POST {path}: gave up after {TRIES} tries: {problem}")


def wait_seconds(retry_after: str | None) -> int:
    """How long a ``Retry-After`` asks to wait, 1 to 60 seconds."""
    seconds = int(retry_after) if retry_after is not None and retry_after.isdecimal() else 1
    return max(1, min(seconds, LONGEST_WAIT_SECONDS))
