"""Pure: what needs a member's password to have been given a short while ago (staff: ``mall.http.principals``)."""

from __future__ import annotations

from datetime import datetime

from mall.errors import Forbidden
from mall.http.principals import RECENT, MemberPrincipal


def is_recent(member: MemberPrincipal, now: datetime) -> bool:
    """Whether this session has given the member's own credential within 15 minutes."""
    given_at = member.authenticated_at
    return not member.restricted and given_at is not None and now - given_at <= RECENT


def require_full(member: MemberPrincipal) -> None:
    """Raise Forbidden ``credential_required`` for a session that came by a login link."""
    if member.restricted:
        raise Forbidden("credential_required")


def require_recent(member: MemberPrincipal, now: datetime) -> None:
    """Raise Forbidden ``credential_required`` or ``confirmation_required`` unless ``is_recent``."""
    require_full(member)
    if not is_recent(member, now):
        raise Forbidden("confirmation_required")
