"""Where the embedded stores keep their programs and their sockets."""

from __future__ import annotations

import getpass
import hashlib
import os
import stat
import tempfile
from importlib.util import find_spec
from pathlib import Path

import click

SOCKET_PATH_LIMIT = 107
"""Bytes that Linux takes for a Unix socket's path (sockaddr_un, unix(7))."""
LONGEST_SOCKET_NAME = "-redis/redis.sock"


class StoresError(click.ClickException):
    """An embedded store could not be started; the message says why, in one line for a command's user."""


def wheel_folder(package: str) -> Path:
    """The folder of an installed wheel, without importing it: only its programs are wanted."""
    found = find_spec(package)
    assert found is not None and found.origin is not None, f"{package} is not installed"
    return Path(found.origin).parent


def socket_folder(var: Path) -> Path:
    """A folder for the sockets: under ``var``, or in the temp folder where that path cannot be a socket's."""
    folder = var / "run"
    # PostgreSQL takes a list here, with commas between and quotes around; pg_ctl passes it through a shell.
    plain = not set("'\",\\") & set(str(folder))
    if plain and len(os.fsencode(folder)) + len(LONGEST_SOCKET_NAME) <= SOCKET_PATH_LIMIT:
        return folder
    name = hashlib.sha256(os.fsencode(var)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"mall-{getpass.getuser()}-{name}"


def make_own(folder: Path, *also: int) -> None:
    """Make a folder that only its owner can enter, or find it made: by us or by the users ``also``.

    In the temp folder somebody else may have put one of that name there first: StoresError.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (os.geteuid(), *also):
        raise StoresError(f"{folder} belongs to somebody else: remove it, or set TMPDIR or MALL_VAR.")
    folder.chmod(0o700)
