"""A provider of top-ups on loopback: checks signatures, remembers what it is asked, answers as it is told."""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Callable
from typing import Any

from standardwebhooks.webhooks import Webhook

Answer = Callable[[http.server.BaseHTTPRequestHandler, dict[str, Any]], None]


def says(code: int, **body: Any) -> Answer:
    """An answer of JSON."""

    def answer(handler: http.server.BaseHTTPRequestHandler, _asked: dict[str, Any]) -> None:
        raw = json.dumps(body).encode()
        handler.send_response(code)
        handler.send_header("Content-Length", str(len(raw)))
        handler.end_headers()
        handler.wfile.write(raw)

    return answer


def late(seconds: float, then: Answer) -> Answer:
    """An answer that comes when nobody waits for it any more."""

    def answer(handler: http.server.BaseHTTPRequestHandler, asked: dict[str, Any]) -> None:
        time.sleep(seconds)
        then(handler, asked)

    return answer


class Provider:
    """``answers``: what it says, one after the other, the last again and again; ``credited``: accounts by message."""

    def __init__(self) -> None:
        self.answers: list[Answer] = [says(200, status="done")]
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.credited: dict[str, str] = {}
        self.secrets: list[str] = []
        self.lock = threading.Lock()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.verify(body, dict(self.headers))
                asked = json.loads(body)
                with outer.lock:
                    outer.asked.append((self.headers["webhook-id"], asked))
                    if asked["type"] == "top_up.requested":  # idempotent by the id of the message, as a provider is
                        outer.credited.setdefault(self.headers["webhook-id"], asked["data"]["target"])
                    answer = outer.answers.pop(0) if len(outer.answers) > 1 else outer.answers[0]
                try:
                    answer(self, asked)
                except OSError:
                    return

            def log_message(self, *_: Any) -> None:
                return

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/top-up"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def verify(self, body: bytes, headers: dict[str, str]) -> None:
        """Every secret that is in force has signed."""
        for secret in self.secrets:
            Webhook(secret).verify(body, headers)

    def close(self) -> None:
        """Stop answering."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
