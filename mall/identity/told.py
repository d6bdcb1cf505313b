"""Telling a member what was done to the account, so that somebody whose account it is not is noticed.

A message of the outbox: the inbox belongs to a package above.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from mall import outbox

AccountNews = Literal[
    "password_changed",
    "password_recovered",
    "recovery_codes_made",
    "sign_in_linked",
    "sign_in_unlinked",
    "reset_approved",
    "password_reset",
]


def tell_of_account(tx: Session, member_id: str, news: AccountNews, now: datetime) -> None:
    """Publish ``account.told``; the notice cannot be switched off."""
    outbox.publish(tx, "account.told", {"member": member_id, "kind": f"account.{news}"}, now)
