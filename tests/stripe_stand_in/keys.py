"""Idempotency keys, kept as Stripe keeps them.

The first answer to a key is repeated, a failure (500) as well; the same key with other parameters is an error (400),
and so is a key whose first request is still running (409). A request that was refused for its parameters keeps nothing.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

Answer = tuple[int, dict[str, Any]]


def problem(status: int, kind: str, message: str, code: str | None = None, param: str | None = None) -> Answer:
    """An error as Stripe writes it."""
    error = {"type": kind, "message": message, "code": code, "param": param}
    return status, {"error": {name: value for name, value in error.items() if value is not None}}


class Keys:
    """The keys seen so far, with what was asked and answered."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[str, Answer | None]] = {}

    def once(self, key: str | None, path: str, form: dict[str, Any], work: Callable[[], Answer]) -> tuple[Answer, bool]:
        """The answer of ``work``, or the first one to this key; and whether it is a repeat."""
        if key is None:
            return work(), False
        asked = json.dumps([path, form], sort_keys=True)
        with self._lock:
            if key in self._kept:
                first, answer = self._kept[key]
                if first != asked:
                    told = "Keys for idempotent requests can only be used with the same parameters as at first."
                    return problem(400, "idempotency_error", told), False
                if answer is None:
                    told = "There is currently another in-progress request using this key."
                    return problem(409, "idempotency_error", told, "idempotency_key_in_use"), False
                return answer, True
            self._kept[key] = (asked, None)
        try:
            answer = work()
        except BaseException:
            with self._lock:
                del self._kept[key]
            raise
        with self._lock:
            if 400 <= answer[0] < 500:
                del self._kept[key]
            else:
                self._kept[key] = (asked, answer)
        return answer, False
