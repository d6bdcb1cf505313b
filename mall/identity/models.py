"""Tables of identity. Secrets are digests, or encrypted under keys that are not in the database."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, DateTime, ForeignKey, Index, LargeBinary, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from mall.db import Base, IdText


class Member(Base):
    """A person, or an account opened for one by a source and not claimed yet.

    ``username``, ``username_key`` and ``password_hash`` are the member's own password: all or none.
    ``alias_of``: this account was merged into that one. The hash is read by the login that checks it alone.
    ``avatar``: the drawn face that was chosen, None for the one that the id gives (``mall.identity.avatars``).
    """

    __tablename__ = "members"
    __table_args__ = (
        CheckConstraint("status IN ('active', 'suspended', 'closed')", name="status"),
        CheckConstraint("num_nulls(username, username_key, password_hash) IN (0, 3)", name="credential_whole"),
        CheckConstraint("alias_of <> id", name="alias_of_another"),
        Index("ix_members_alias_of", "alias_of", postgresql_where=text("alias_of IS NOT NULL")),
        Index("ix_members_nickname", text('lower(nickname COLLATE "C")')),
    )

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    username: Mapped[str | None] = mapped_column(Text)
    username_key: Mapped[str | None] = mapped_column(IdText, unique=True)
    nickname: Mapped[str] = mapped_column(Text)
    password_hash: Mapped[str | None] = mapped_column(Text, deferred=True)
    status: Mapped[str] = mapped_column(Text)
    locale: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    claimed_at: Mapped[datetime | None]
    alias_of: Mapped[str | None] = mapped_column(IdText)
    avatar: Mapped[str | None] = mapped_column(Text)


class Staff(Base):
    """Somebody who works in the back office. ``totp_box``: the authenticator's secret, encrypted.

    ``totp_step`` is the last time step whose code was accepted, so that no code works twice.
    """

    __tablename__ = "staff"
    __table_args__ = (CheckConstraint("role IN ('owner', 'rules', 'catalog', 'fulfilment', 'auditor')", name="role"),)

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    username: Mapped[str] = mapped_column(Text)
    username_key: Mapped[str] = mapped_column(IdText, unique=True)
    role: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    password_hash: Mapped[str] = mapped_column(Text, deferred=True)
    totp_box: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    totp_enrolled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), deferred=True)
    totp_step: Mapped[int | None] = mapped_column(BigInteger, deferred=True)


class StaffLink(Base):
    """A link by which staff choose a password: of an invitation or of a reset. It is deleted when it is used."""

    __tablename__ = "staff_links"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"), type_=IdText, index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class LoginSession(Base):
    """A signed-in browser or program, of a member or of staff.

    ``authenticated_at``: when the own credential was last given, None for a session opened by a login link;
    ``restricted``: opened by a link on an account that has a credential of its own.
    """

    __tablename__ = "login_sessions"
    __table_args__ = (
        CheckConstraint("num_nonnulls(member_id, staff_id) = 1", name="one_holder"),
        CheckConstraint("kind IN ('browser', 'api')", name="kind"),
    )

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    kind: Mapped[str] = mapped_column(Text)
    member_id: Mapped[str | None] = mapped_column(ForeignKey("members.id"), type_=IdText, index=True)
    staff_id: Mapped[str | None] = mapped_column(ForeignKey("staff.id"), type_=IdText, index=True)
    device: Mapped[str] = mapped_column(Text)
    restricted: Mapped[bool]
    created_at: Mapped[datetime]
    authenticated_at: Mapped[datetime | None]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)


class LoginLink(Base):
    """A link that signs a member in once. ``target`` is a path inside the mall."""

    __tablename__ = "login_links"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    member_id: Mapped[str] = mapped_column(ForeignKey("members.id"), type_=IdText)
    target: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
    used_at: Mapped[datetime | None]


class LoginAttempts(Base):
    """Attempts to sign in of the last minutes that have not succeeded, by account or address (16 bytes of HMAC)."""

    __tablename__ = "login_attempts"

    subject: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    attempted_at: Mapped[list[datetime]] = mapped_column(ARRAY(DateTime(timezone=True)))
    latest_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)


class ApiClient(Base):
    """A reporting system. ``daily_cap_points``: the most it may grant by itself in a day, None for no cap."""

    __tablename__ = "api_clients"
    __table_args__ = (CheckConstraint("daily_cap_points >= 0", name="daily_cap_points"),)

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    daily_cap_points: Mapped[int | None] = mapped_column(BigInteger)
    allowed_networks: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    signed_only: Mapped[bool]
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class ApiKey(Base):
    """A key of a client. ``secret_box``: the secret itself, encrypted, for signed-only clients alone."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("api_clients.id"), type_=IdText, index=True)
    key_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    secret_box: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class UsedNonce(Base):
    """A nonce of a signed request: it is good once."""

    __tablename__ = "used_nonces"
    __table_args__ = (Index("ix_used_nonces_used_at", "used_at"),)

    key_id: Mapped[str] = mapped_column(IdText, primary_key=True)
    nonce_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    used_at: Mapped[datetime]
