"""Login links: open the mall signed in, once, within five minutes (docs/api.md, "Reporting systems").

Looking at a link never spends it: chat programs fetch links to show a preview.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from mall.errors import Invalid, NotFound
from mall.http.page import safe_path
from mall.identity.models import LoginLink, Member
from mall.identity.outside.links import has_own_sign_in
from mall.identity.sessions import BROWSER, OpenedSession, open_session
from mall.identity.tokens import digest, looks_like_secret, new_secret

LIFETIME = timedelta(minutes=5)
PATH = "/login/"


@dataclass(frozen=True, slots=True)
class LinkView:
    """What the page of a link shows before it is spent."""

    nickname: str
    target: str


def create_login_link(tx: Session, member_id: str, target: str | None, now: datetime) -> tuple[str, datetime]:
    """A new link: its address and when it ends. Raises Invalid naming ``next`` for a path out of the mall."""
    path = target or "/"
    if safe_path(path, "") != path:
        raise Invalid({"next": [_("Must be a path inside the mall.")]})
    token = new_secret()
    row = LoginLink(
        token_hash=digest(token),
        member_id=member_id,
        target=path,
        created_at=now,
        expires_at=now + LIFETIME,
    )
    tx.add(row)
    tx.flush()
    public_url: str = current_app.extensions["settings"].public_url
    return public_url + PATH + token, row.expires_at


def view_login_link(tx: Session, token: str, now: datetime) -> LinkView:
    """What a link would do; changes nothing. Raises NotFound ``login_link_invalid``."""
    if not looks_like_secret(token):
        raise NotFound("login_link_invalid")
    query = select(LoginLink.member_id, LoginLink.target).where(
        LoginLink.token_hash == digest(token), LoginLink.used_at.is_(None), LoginLink.expires_at > now
    )
    found = tx.execute(query).one_or_none()
    if found is None:
        raise NotFound("login_link_invalid")
    return LinkView(_holder(tx, found.member_id).nickname, found.target)


def redeem_login_link(tx: Session, token: str, device: str, now: datetime) -> tuple[OpenedSession, str]:
    """Spend a link: a browser session and where to go. Raises NotFound ``login_link_invalid``.

    On an account that somebody signs in to by themselves the session is restricted until they prove who they are.
    """
    if not looks_like_secret(token):
        raise NotFound("login_link_invalid")
    statement = (
        update(LoginLink)
        .where(LoginLink.token_hash == digest(token), LoginLink.used_at.is_(None), LoginLink.expires_at > now)
        .values(used_at=now)
        .execution_options(synchronize_session=False)
    )
    spent = tx.execute(statement.returning(LoginLink.member_id, LoginLink.target)).one_or_none()
    if spent is None:
        raise NotFound("login_link_invalid")
    member = _holder(tx, spent.member_id)
    opened = open_session(
        tx,
        now,
        kind=BROWSER,
        member_id=member.id,
        device=device,
        by_credential=False,
        restricted=has_own_sign_in(tx, member),
    )
    return opened, spent.target


def _holder(tx: Session, member_id: str) -> Member:
    member = tx.get_one(Member, member_id)
    if member.alias_of is not None:
        member = tx.get_one(Member, member.alias_of)
    if member.status == "closed":
        raise NotFound("login_link_invalid")
    return member
