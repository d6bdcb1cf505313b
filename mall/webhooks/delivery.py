"""Sending one signed message: no redirects, no proxies, bounded in time and in what is read. Never in a transaction."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mall.webhooks.address import BadAddress, Target, read_url, resolve
from mall.webhooks.signing import signed_headers

CONNECT_SECONDS = 5.0
WHOLE_SECONDS = 15.0
"""From the connection to the last byte of the answer, however slowly it drips."""
MAX_ANSWER = 64 * 1024
DELAYS = tuple(
    timedelta(seconds=seconds)
    for seconds in (0, 5, 300, 1800, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600)
)
"""How long before each attempt, counted from the one before (docs/api.md, webhooks out)."""
USER_AGENT = "points-mall-webhooks/1"


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent. ``id`` stays the same for every attempt, so that the receiver knows a repeat."""

    url: str
    id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: a status with the beginning of the body, or ``problem`` and no status.

    ``problem``: ``form``, ``scheme``, ``unknown``, ``private`` (the address), ``connect``, ``timeout``,
    ``tls``, ``protocol`` or ``too_large``.
    """

    status: int | None
    body: bytes = b""
    problem: str | None = None
    retry_after: str | None = None
    """The header of that name, as it came."""

    @property
    def in_short(self) -> str:
        """One word for logs and tables."""
        return self.problem or str(self.status)


def next_attempt(attempts: int, now: datetime) -> datetime | None:
    """When to try again after ``attempts`` of them; None when that was the last."""
    return now + DELAYS[attempts] if attempts < len(DELAYS) else None


def send(message: Message, secrets: Sequence[str], now: datetime, *, private: bool = False) -> Answer:
    """Post a message; every way it can fail is an Answer. ``private`` admits addresses that are not public."""
    try:
        target = read_url(message.url, private=private)
        address = resolve(target, private=private)
    except BadAddress as error:
        return Answer(None, problem=str(error))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        "Connection": "close",
        **signed_headers(secrets, message.id, now, message.body),
    }
    try:
        opened = socket.create_connection((address, target.port), timeout=CONNECT_SECONDS)
    except OSError as error:
        return Answer(None, problem="timeout" if isinstance(error, TimeoutError) else "connect")
    # A timeout of a socket is one of each step; this one is of them all. TLS takes the socket over: hence a second
    # handle of the same connection.
    overdue, handle = threading.Event(), opened.dup()
    guard = threading.Timer(WHOLE_SECONDS, _cut, (handle, overdue))
    guard.daemon = True
    guard.start()
    try:
        answer = _post(opened, target, message.body, headers)
        return Answer(None, problem="timeout") if overdue.is_set() else answer
    except TimeoutError:
        return Answer(None, problem="timeout")
    except ssl.SSLError:
        return Answer(None, problem="timeout" if overdue.is_set() else "tls")
    except (OSError, http.client.HTTPException, ValueError):
        return Answer(None, problem="timeout" if overdue.is_set() else "protocol")
    finally:
        guard.cancel()
        for one in (opened, handle):
            one.close()


def _cut(opened: socket.socket, overdue: threading.Event) -> None:
    overdue.set()
    try:
        opened.shutdown(socket.SHUT_RDWR)
    except OSError:  # it has ended by itself meanwhile
        return


def _post(opened: socket.socket, target: Target, body: bytes, headers: dict[str, str]) -> Answer:
    opened.settimeout(WHOLE_SECONDS)
    connection = http.client.HTTPConnection(target.host, target.port)
    connection.sock = opened
    if target.scheme == "https":
        context = ssl.create_default_context()
        connection.sock = context.wrap_socket(opened, server_hostname=target.host)
    try:
        default = 443 if target.scheme == "https" else 80
        name = f"[{target.host}]" if ":" in target.host else target.host
        host = name if target.port == default else f"{name}:{target.port}"
        connection.putrequest("POST", target.path, skip_host=True, skip_accept_encoding=True)
        for key, value in {"Host": host, "Content-Length": str(len(body)), **headers}.items():
            connection.putheader(key, value)
        connection.endheaders(body)
        response = connection.getresponse()
        content = response.read(MAX_ANSWER + 1)
        if len(content) > MAX_ANSWER:
            return Answer(None, problem="too_large")
        return Answer(response.status, content, retry_after=response.headers.get("Retry-After"))
    finally:
        connection.close()
