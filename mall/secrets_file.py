"""The secret an installation makes for itself when none is given: once, kept under MALL_VAR, mode 0600."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

FILE_NAME = "secret_key"


def load_or_create_secret(var: Path) -> str:
    """The secret kept under ``var``, made on first use.

    Safe when several processes start at once: the file appears whole or not at all, and the first one wins.
    """
    path = var / FILE_NAME
    with contextlib.suppress(FileNotFoundError):
        return path.read_text(encoding="ascii").strip()
    var.mkdir(parents=True, exist_ok=True)
    fresh = var / f".{FILE_NAME}.{os.getpid()}.{secrets.token_hex(4)}"
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, (secrets.token_hex(32) + "\n").encode("ascii"))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    with contextlib.suppress(FileExistsError):
        os.link(fresh, path)
    fresh.unlink()
    return path.read_text(encoding="ascii").strip()
