"""Pure: what the mall asks of a place where people sign in, and how that may fail.

    ProviderError
    ├── Unreachable   no answer in time, or the provider says that it fails: trying again later may help
    ├── Cancelled     the person said no there
    └── Refused       the provider said no, or its answer cannot be trusted

``address`` and ``person`` may go over the network: never call them inside a transaction.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class ProviderError(Exception):
    """The provider did not tell who is there. The text is for the log and names no person."""


class Unreachable(ProviderError):
    """No answer, or one that says the provider itself fails."""


class Cancelled(ProviderError):
    """The person did not want to."""


class Refused(ProviderError):
    """A code that is wrong or was used, or an answer that proves nothing."""


@dataclass(frozen=True, slots=True)
class Trip:
    """One way there and back. Every value is random, good once, and kept in the browser's own session."""

    state: str
    nonce: str
    verifier: str

    @staticmethod
    def new() -> Trip:
        """A new one. ``verifier``: 43 characters are the least that RFC 7636 takes; WeChat takes a ``state`` of
        letters and digits alone."""
        return Trip(secrets.token_hex(20), secrets.token_hex(16), secrets.token_urlsafe(48))


@dataclass(frozen=True, slots=True)
class Person:
    """Who came back. ``subjects``: what the provider calls the person, the name that lasts longest first.

    ``authenticated_at``: when the person last proved it there, where the provider says so.
    """

    subjects: tuple[str, ...]
    nickname: str | None = None
    authenticated_at: datetime | None = None


class Provider(Protocol):
    """A place where people sign in. Its ``key`` never changes."""

    @property
    def key(self) -> str:
        """What it is called in addresses and in the database."""

    @property
    def icon(self) -> str:
        """The symbol on its button."""

    def label(self, language: str) -> str:
        """Its name on a button."""

    def serves(self, user_agent: str) -> bool:
        """Whether a browser of this kind can go there."""

    def address(self, trip: Trip, back: str, user_agent: str, *, again: bool) -> str:
        """Where to send the browser. ``back``: where it comes back to; ``again``: the person must prove it anew.

        Raises ProviderError.
        """

    def person(self, trip: Trip, code: str, back: str, user_agent: str, now: datetime) -> Person:
        """Who came back with ``code``. Raises ProviderError."""
