"""The secret that the mall shares with a system it sends signed messages to: kept encrypted, replaced without a gap."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from mall.crypto import keyring
from mall.webhooks.signing import new_secret

BOTH_FOR = timedelta(hours=24)
"""How long the former secret is good beside a new one, unless it is ended before."""


class SharesSecret:
    """The columns. ``PURPOSE``: names the key under which this kind of secret is encrypted."""

    PURPOSE: ClassVar[str]

    secret_box: Mapped[bytes] = mapped_column(LargeBinary)
    former_box: Mapped[bytes | None] = mapped_column(LargeBinary)
    former_until: Mapped[datetime | None]


def give_secret(owner: SharesSecret) -> str:
    """The secret of an owner that is new; returned to be told once."""
    secret = new_secret()
    owner.secret_box = keyring().encrypt(owner.PURPOSE, secret.encode())
    return secret


def replace_secret(owner: SharesSecret, now: datetime) -> str:
    """Another secret, to be told once; for a day the former one is good beside it."""
    owner.former_box, owner.former_until = owner.secret_box, now + BOTH_FOR
    return give_secret(owner)


def former_until(owner: SharesSecret, now: datetime) -> datetime | None:
    """Until when the former secret is good too; None when it is not."""
    until = owner.former_until
    return until if owner.former_box is not None and until is not None and until > now else None


def secrets_of(owner: SharesSecret, now: datetime) -> list[str]:
    """The secrets that are good now, the newest first."""
    boxes = [owner.secret_box]
    if former_until(owner, now) is not None and owner.former_box is not None:
        boxes.append(owner.former_box)
    return [keyring().decrypt(owner.PURPOSE, box).decode() for box in boxes]
