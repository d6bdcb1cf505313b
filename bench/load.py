"""A small HTTP load: raw sockets, requests made beforehand, so that the client takes little of the machine."""

from __future__ import annotations

import socket
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

_RECEIVE = 65536


@dataclass(slots=True)
class Result:
    """Answers of one load: how many by status, seconds it took, each answer's time in seconds (sorted)."""

    seconds: float
    statuses: Counter[int] = field(default_factory=Counter)
    times: list[float] = field(default_factory=list)
    errors: int = 0

    @property
    def rate(self) -> float:
        """Answers a second."""
        return sum(self.statuses.values()) / self.seconds

    def percentile(self, share: float) -> float:
        """The time within which ``share`` of the answers came, in milliseconds."""
        return self.times[min(len(self.times) - 1, int(len(self.times) * share))] * 1000 if self.times else 0.0


def wait_for(url: str) -> None:
    """Come back when ``url`` answers; ends the bench when it does not within a minute."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"{url} does not answer")


def request(method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    """One request as bytes, to a server that keeps the connection."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def _exchange(connection: socket.socket, message: bytes) -> int:
    connection.sendall(message)
    data = connection.recv(_RECEIVE)
    while b"\r\n\r\n" not in data:
        more = connection.recv(_RECEIVE)
        if not more:
            raise ConnectionError
        data += more
    head, _, rest = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    left = length - len(rest)
    while left > 0:
        more = connection.recv(_RECEIVE)
        if not more:
            raise ConnectionError
        left -= len(more)
    return int(head[9:12])


def run(port: int, connections: int, make: Callable[[int, int], bytes | None], seconds: float) -> Result:
    """Send what ``make(connection, number)`` gives on each of ``connections`` until it gives None or time is up."""
    result = Result(0.0)
    lock = threading.Lock()
    start = time.perf_counter()
    end = start + seconds

    def work(index: int) -> None:
        statuses: Counter[int] = Counter()
        times: list[float] = []
        errors = number = 0
        connection = socket.create_connection(("127.0.0.1", port), timeout=30)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while time.perf_counter() < end:
            message = make(index, number)
            if message is None:
                break
            number += 1
            began = time.perf_counter()
            try:
                statuses[_exchange(connection, message)] += 1
            except OSError:
                errors += 1
                connection.close()
                connection = socket.create_connection(("127.0.0.1", port), timeout=30)
                continue
            times.append(time.perf_counter() - began)
        connection.close()
        with lock:
            result.statuses += statuses
            result.times += times
            result.errors += errors

    threads = [threading.Thread(target=work, args=(index,)) for index in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    result.seconds = time.perf_counter() - start
    result.times.sort()
    return result
