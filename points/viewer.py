"""Who looks at a page: what every page of the storefront shows of a signed-in member."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from mall.errors import Forbidden
from mall.http.principals import MemberPrincipal, Principal
from points.ledger.queries import Balance, balance
from points.standing.levels import Level, standing_of


@dataclass(frozen=True, slots=True)
class Viewer:
    """A signed-in member with face (``mall.identity.avatars``), level and figures."""

    nickname: str
    avatar: str
    level: Level
    balance: Balance
    suspended: bool


def viewer(tx: Session, principal: Principal, now: datetime) -> Viewer | None:
    """The member who looks, None for anybody else."""
    if not isinstance(principal, MemberPrincipal):
        return None
    figures = balance(tx, principal.member_id, now)
    level = standing_of(tx, principal.member_id)
    return Viewer(principal.nickname, principal.avatar, level, figures, principal.suspended)


def suspended_sentence() -> str:
    """What a suspended member is told, in the reader's language."""
    return str(_("This account is suspended: you can look at everything, but neither earn nor redeem points."))


def require_active(member: MemberPrincipal) -> None:
    """Raise Forbidden unless the member may act: a suspended one signs in and reads."""
    if member.suspended:
        raise Forbidden("forbidden", suspended_sentence())
