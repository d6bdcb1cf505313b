"""Passwords: Argon2id, its parameters in one place. Hashing takes long: never do it inside a transaction."""

from __future__ import annotations

import threading
from functools import lru_cache

from argon2 import PasswordHasher, Type
from argon2.exceptions import Argon2Error, InvalidHashError
from flask_babel import lazy_gettext as _l

from mall.errors import Invalid
from mall.identity.password_rules import MOST, normal, refusal

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, hash_len=32, salt_len=16, type=Type.ID)
"""19 MiB, 2 passes, 1 lane: the first choice of OWASP's Password Storage Cheat Sheet (2025)."""
_AT_ONCE = threading.BoundedSemaphore(3)
"""Hashes at once in a process: a burst of sign-ins waits instead of taking 19 MiB a thread."""

_WHY = {
    "short": _l("The password needs at least 8 characters."),
    "long": _l("The password may have at most 128 characters."),
    "common": _l("This password is among the first that are tried. Please choose another."),
    "username": _l("The password must not be the username."),
}


def check_new_password(password: str, username: str | None, field: str = "password") -> None:
    """Raise Invalid naming ``field`` unless ``password`` may be chosen by ``username``."""
    reason = refusal(password, username)
    if reason is not None:
        raise Invalid({field: [str(_WHY[reason])]})


def hash_password(password: str) -> str:
    """The PHC string of a password; takes some 30 ms and 19 MiB."""
    with _AT_ONCE:
        return _HASHER.hash(normal(password))


def password_matches(stored: str | None, password: str) -> bool:
    """Whether ``password`` is the one stored. Without a stored one it takes as long and says no."""
    if len(password) > 4 * MOST:
        return False
    with _AT_ONCE:
        try:
            return _HASHER.verify(stored or _nobody(), normal(password)) and stored is not None
        except (Argon2Error, InvalidHashError):
            return False


def needs_rehash(stored: str) -> bool:
    """Whether ``stored`` was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(stored)


@lru_cache(maxsize=1)
def _nobody() -> str:
    return _HASHER.hash("nobody has this password")
