"""Pure: who is calling, and who may."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mall.errors import Forbidden, Unauthenticated

OWNER_ROLE = "owner"
RECENT = timedelta(minutes=15)
"""How long a password that was given opens what needs it to have been given a short while ago."""


@dataclass(frozen=True, slots=True)
class Anonymous:
    """Nobody we know."""

    via: str = "none"

    @property
    def name(self) -> str:
        return "anonymous"


@dataclass(frozen=True, slots=True)
class MemberPrincipal:
    """A signed-in member. ``restricted``: came by a login link and has not given the own credential yet."""

    member_id: str
    session_id: str
    via: str = "bearer"
    """``cookie`` (browser, needs a CSRF token to change anything) or ``bearer`` (program)."""
    restricted: bool = False
    authenticated_at: datetime | None = None
    locale: str | None = None
    nickname: str = ""
    avatar: str = ""
    suspended: bool = False

    @property
    def name(self) -> str:
        return f"member:{self.member_id}"


@dataclass(frozen=True, slots=True)
class StaffPrincipal:
    """A signed-in member of staff."""

    staff_id: str
    username: str
    role: str
    session_id: str
    via: str = "bearer"
    authenticated_at: datetime | None = None
    enrolled: bool = False
    """Whether signing in asks for the code of an authenticator."""
    must_enrol: bool = False
    """Whether an authenticator has to be set up before anything else: the owner's setting."""

    @property
    def name(self) -> str:
        return f"staff:{self.staff_id}"

    def is_fresh(self, now: datetime) -> bool:
        """Whether this session has given its password within 15 minutes."""
        return self.authenticated_at is not None and now - self.authenticated_at <= RECENT


@dataclass(frozen=True, slots=True)
class ClientPrincipal:
    """A reporting system. ``daily_cap_points``: the most it may grant by itself in a day, None for no cap."""

    client_id: str
    client_name: str
    scopes: frozenset[str]
    daily_cap_points: int | None = None
    via: str = "key"

    @property
    def name(self) -> str:
        return f"client:{self.client_id}"


Principal = Anonymous | MemberPrincipal | StaffPrincipal | ClientPrincipal


@dataclass(frozen=True, slots=True)
class Auth:
    """Who may call a route."""

    kind: str
    names: tuple[str, ...] = ()
    """Roles for staff (empty: any), the scope for clients."""
    fresh: bool = False
    """Whether staff must have given the password within 15 minutes (``fresh``)."""
    enrolling: bool = False
    """Whether it is open to staff who have to set up an authenticator first (``while_enrolling``)."""

    def check(self, principal: Principal) -> None:
        """Raise Unauthenticated (401) or Forbidden (403) unless ``principal`` may call."""
        if self.kind in ("public", "optional_member"):
            return
        if isinstance(principal, Anonymous):
            raise Unauthenticated("authentication_required")
        if self.kind == "member":
            if not isinstance(principal, MemberPrincipal):
                raise Forbidden("member_required")
        elif self.kind == "staff":
            if not isinstance(principal, StaffPrincipal):
                raise Forbidden("staff_required")
            if principal.must_enrol and not self.enrolling:
                raise Forbidden("otp_enrolment_required")
            if self.names and principal.role != OWNER_ROLE and principal.role not in self.names:
                raise Forbidden("role_missing", extra={"roles": [OWNER_ROLE, *self.names]})
        elif self.kind == "client":
            if not isinstance(principal, ClientPrincipal):
                raise Forbidden("client_required")
            if not set(self.names) <= principal.scopes:
                raise Forbidden("scope_missing", extra={"scopes": list(self.names)})
        else:
            raise AssertionError(self.kind)

    def opens_for(self, principal: Principal) -> bool:
        """Whether ``principal`` may call: what a page asks before it offers a link or a button."""
        try:
            self.check(principal)
        except (Unauthenticated, Forbidden):
            return False
        return True

    def check_fresh(self, principal: Principal, now: datetime) -> None:
        """Raise Forbidden ``step_up_required`` where the password was not given within 15 minutes and has to be."""
        if self.fresh and not (isinstance(principal, StaffPrincipal) and principal.is_fresh(now)):
            raise Forbidden("step_up_required")


PUBLIC = Auth("public")
OPTIONAL_MEMBER = Auth("optional_member")
MEMBER = Auth("member")


def staff(*roles: str) -> Auth:
    """Staff of one of ``roles``, or any staff without roles; an owner may do everything."""
    return Auth("staff", roles)


def client(scope: str) -> Auth:
    """A reporting system whose key has ``scope``."""
    return Auth("client", (scope,))


def fresh(auth: Auth) -> Auth:
    """``auth``, and the password must have been given within 15 minutes: for dangerous acts."""
    return replace(auth, fresh=True)


def while_enrolling(auth: Auth) -> Auth:
    """``auth``, also for staff who may do nothing else before they have set up an authenticator."""
    return replace(auth, enrolling=True)
