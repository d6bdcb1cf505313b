"""Identity: members, staff, sessions, login links and limits, API clients, the audit trail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from mall.db import IdText
from mall.migrations.grants import append_only, grant

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TIMED = sa.DateTime(timezone=True)
TABLES = (
    "members", "staff", "login_sessions", "login_links", "login_attempts", "api_clients", "api_keys", "used_nonces",
    "audit_entries",
)  # fmt: skip
MEMBER_COLUMNS = "id, username, username_key, nickname, status, locale, created_at, claimed_at, alias_of"
STAFF_COLUMNS = "id, username, username_key, role, created_at, disabled_at"


def _column(name: str, kind: object, *, key: bool = False, nullable: bool = False) -> sa.Column:
    if key:
        return sa.Column(name, kind, primary_key=True, autoincrement=False)
    return sa.Column(name, kind, nullable=nullable)


def upgrade() -> None:
    _create_people()
    _create_sessions()
    _create_clients()
    _create_audit()
    _grant()


def _create_people() -> None:
    op.create_table(
        "members",
        _column("id", IdText, key=True),
        _column("username", sa.Text, nullable=True),
        _column("username_key", IdText, nullable=True),
        _column("nickname", sa.Text),
        _column("password_hash", sa.Text, nullable=True),
        _column("status", sa.Text),
        _column("locale", sa.Text, nullable=True),
        _column("created_at", TIMED),
        _column("claimed_at", TIMED, nullable=True),
        _column("alias_of", IdText, nullable=True),
        sa.UniqueConstraint("username_key", name="uq_members_username_key"),
        sa.CheckConstraint("status IN ('active', 'suspended', 'closed')", name="status"),
        sa.CheckConstraint("num_nulls(username, username_key, password_hash) IN (0, 3)", name="credential_whole"),
        sa.CheckConstraint("alias_of <> id", name="alias_of_another"),
    )
    op.create_table(
        "staff",
        _column("id", IdText, key=True),
        _column("username", sa.Text),
        _column("username_key", IdText),
        _column("role", sa.Text),
        _column("created_at", TIMED),
        _column("disabled_at", TIMED, nullable=True),
        _column("password_hash", sa.Text),
        _column("totp_box", sa.LargeBinary, nullable=True),
        _column("totp_enrolled_at", TIMED, nullable=True),
        _column("totp_step", sa.BigInteger, nullable=True),
        sa.UniqueConstraint("username_key", name="uq_staff_username_key"),
        sa.CheckConstraint("role IN ('owner', 'rules', 'catalog', 'fulfilment', 'auditor')", name="role"),
    )


def _create_sessions() -> None:
    op.create_table(
        "login_sessions",
        _column("id", IdText, key=True),
        _column("token_hash", sa.LargeBinary),
        _column("kind", sa.Text),
        _column("member_id", IdText, nullable=True),
        _column("staff_id", IdText, nullable=True),
        _column("device", sa.Text),
        _column("restricted", sa.Boolean),
        _column("created_at", TIMED),
        _column("authenticated_at", TIMED, nullable=True),
        _column("last_seen_at", TIMED),
        _column("expires_at", TIMED),
        sa.UniqueConstraint("token_hash", name="uq_login_sessions_token_hash"),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name="fk_login_sessions_member_id"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_login_sessions_staff_id"),
        sa.CheckConstraint("num_nonnulls(member_id, staff_id) = 1", name="one_holder"),
        sa.CheckConstraint("kind IN ('browser', 'api')", name="kind"),
    )
    for name in ("member_id", "staff_id", "expires_at"):
        op.create_index(f"ix_login_sessions_{name}", "login_sessions", [name])
    op.create_table(
        "login_links",
        _column("token_hash", sa.LargeBinary, key=True),
        _column("member_id", IdText),
        _column("target", sa.Text),
        _column("created_at", TIMED),
        _column("expires_at", TIMED),
        _column("used_at", TIMED, nullable=True),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name="fk_login_links_member_id"),
    )
    op.create_index("ix_login_links_expires_at", "login_links", ["expires_at"])
    op.create_table(
        "login_attempts",
        _column("subject", sa.LargeBinary, key=True),
        _column("attempted_at", sa.ARRAY(TIMED)),
        _column("latest_at", TIMED),
    )
    op.create_index("ix_login_attempts_latest_at", "login_attempts", ["latest_at"])


def _create_clients() -> None:
    op.create_table(
        "api_clients",
        _column("id", IdText, key=True),
        _column("name", sa.Text),
        _column("scopes", sa.ARRAY(sa.Text)),
        _column("daily_cap_points", sa.BigInteger, nullable=True),
        _column("allowed_networks", sa.ARRAY(sa.Text), nullable=True),
        _column("signed_only", sa.Boolean),
        _column("created_at", TIMED),
        _column("disabled_at", TIMED, nullable=True),
        sa.UniqueConstraint("name", name="uq_api_clients_name"),
        sa.CheckConstraint("daily_cap_points >= 0", name="daily_cap_points"),
    )
    op.create_table(
        "api_keys",
        _column("id", IdText, key=True),
        _column("client_id", IdText),
        _column("key_hash", sa.LargeBinary),
        _column("secret_box", sa.LargeBinary, nullable=True),
        _column("created_at", TIMED),
        _column("expires_at", TIMED, nullable=True),
        _column("revoked_at", TIMED, nullable=True),
        _column("last_used_at", TIMED, nullable=True),
        sa.UniqueConstraint("key_hash", name="uq_api_keys_key_hash"),
        sa.ForeignKeyConstraint(["client_id"], ["api_clients.id"], name="fk_api_keys_client_id"),
    )
    op.create_index("ix_api_keys_client_id", "api_keys", ["client_id"])
    op.create_table(
        "used_nonces",
        _column("key_id", IdText, key=True),
        _column("nonce_hash", sa.LargeBinary, key=True),
        _column("used_at", TIMED),
    )
    op.create_index("ix_used_nonces_used_at", "used_nonces", ["used_at"])


def _create_audit() -> None:
    op.create_table(
        "audit_entries",
        _column("id", IdText, key=True),
        _column("at", TIMED),
        _column("actor", IdText),
        _column("action", IdText),
        _column("subject", IdText),
        _column("detail", JSONB),
        _column("request_id", sa.Text, nullable=True),
    )
    op.create_index("ix_audit_entries_actor_id", "audit_entries", ["actor", "id"])
    op.create_index("ix_audit_entries_subject_id", "audit_entries", ["subject", "id"])
    append_only(op, "audit_entries")


def _grant() -> None:
    """What each login needs and no more: a password hash is read only by the login that checks it."""
    everything = "SELECT, INSERT, UPDATE, DELETE"
    read_members = f"SELECT ({MEMBER_COLUMNS})"
    grant(
        op,
        "members",
        EARNING=f"{read_members}, INSERT (id, nickname, status, created_at)",
        REDEMPTION="SELECT, INSERT, UPDATE",
        BACKOFFICE=read_members,
    )
    read_staff = f"SELECT ({STAFF_COLUMNS})"
    grant(op, "staff", EARNING=read_staff, REDEMPTION=read_staff, BACKOFFICE="SELECT, INSERT, UPDATE")
    grant(
        op,
        "login_sessions",
        EARNING="SELECT, UPDATE (last_seen_at)",
        REDEMPTION=everything,
        BACKOFFICE=everything,
    )
    grant(op, "login_links", EARNING="INSERT", REDEMPTION=everything)
    grant(op, "login_attempts", REDEMPTION=everything, BACKOFFICE=everything)
    grant(op, "api_clients", EARNING="SELECT", REDEMPTION="SELECT", BACKOFFICE="SELECT, INSERT, UPDATE")
    use_key = "SELECT, UPDATE (last_used_at)"
    grant(op, "api_keys", EARNING=use_key, REDEMPTION=use_key, BACKOFFICE="SELECT, INSERT, UPDATE")
    grant(op, "used_nonces", BACKOFFICE="SELECT, INSERT, DELETE")
    grant(op, "audit_entries", EARNING="INSERT", REDEMPTION="INSERT", BACKOFFICE="SELECT, INSERT")


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
