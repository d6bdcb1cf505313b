"""The ledger: wallets, postings, lots, draws, holds, seals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mall.db import IdText
from mall.migrations.grants import append_only, grant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BALANCES = ("issued", "pending", "available", "held", "redeemed", "expired", "reversed", "debt")
MOVES = (
    ("issued", "available"), ("issued", "pending"), ("pending", "available"), ("available", "debt"),
    ("pending", "reversed"), ("expired", "reversed"), ("available", "reversed"), ("debt", "reversed"),
    ("available", "held"), ("held", "redeemed"), ("held", "available"), ("redeemed", "available"),
    ("available", "expired"), ("issued", "debt"),
)  # fmt: skip
LEDGER = {"schema": "ledger"}
TABLES = ("wallets", "postings", "lots", "lot_draws", "holds", "hold_shares", "seals")


def _count(name: str, default: str | None = None) -> sa.Column:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default=default)


def _id(name: str, **options: object) -> sa.Column:
    return sa.Column(name, IdText, nullable=options.pop("nullable", False), **options)


def _moment(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _version(name: str) -> sa.Column:
    return sa.Column(name, sa.BigInteger, primary_key=True, autoincrement=False)


def upgrade() -> None:
    op.create_table(
        "wallets",
        _id("member_id", primary_key=True),
        _count("version", "0"),
        *(_count(name, "0") for name in BALANCES),
        _moment("next_due_at", nullable=True),
        sa.Column("head_hash", sa.LargeBinary, nullable=False),
        _count("sealed_version", "0"),
        sa.CheckConstraint(" AND ".join(f"{name} >= 0" for name in BALANCES), name="not_negative"),
        sa.CheckConstraint("debt = 0 OR available = 0", name="debt_or_available"),
        sa.CheckConstraint(
            "issued + debt = available + pending + held + redeemed + expired + reversed", name="conservation"
        ),
        **LEDGER,
    )
    # Room on each page for the next versions of a row that changes with every posting.
    op.execute("ALTER TABLE ledger.wallets SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05)")
    op.create_index(
        "ix_wallets_next_due_at", "wallets", ["next_due_at"],
        postgresql_where=sa.text("next_due_at IS NOT NULL"), **LEDGER,
    )  # fmt: skip
    moves = ", ".join(f"('{debit}', '{credit}')" for debit, credit in MOVES)
    op.create_table(
        "postings",
        _id("member_id", primary_key=True),
        _version("version"),
        sa.Column("debit", sa.Text, nullable=False),
        sa.Column("credit", sa.Text, nullable=False),
        _count("points"),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        _id("ref", nullable=True),
        _id("award_id", nullable=True),
        _moment("occurred_at"),
        _moment("posted_at"),
        _moment("available_at", nullable=True),
        _moment("expires_at", nullable=True),
        _count("net_after"),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.CheckConstraint("points > 0", name="points_positive"),
        sa.CheckConstraint(f"(debit, credit) IN ({moves})", name="moves"),
        **LEDGER,
    )
    op.create_table(
        "lots",
        _id("member_id", primary_key=True),
        _version("version"),
        _id("award_id", nullable=True),
        _count("points"),
        _count("remaining"),
        _count("expired_points", "0"),
        sa.Column("pending", sa.Boolean, nullable=False, server_default=sa.text("false")),
        _moment("available_at", nullable=True),
        _moment("expires_at"),
        sa.CheckConstraint("remaining >= 0 AND remaining <= points", name="remaining"),
        sa.CheckConstraint("expired_points >= 0 AND expired_points <= points", name="expired_points"),
        **LEDGER,
    )
    op.create_index(
        "ix_lots_open", "lots", ["member_id", "expires_at"], postgresql_where=sa.text("remaining > 0"), **LEDGER
    )
    op.create_table(
        "lot_draws",
        _id("member_id", primary_key=True),
        _version("version"),
        _version("lot_version"),
        _count("points"),
        sa.CheckConstraint("points <> 0", name="points"),
        **LEDGER,
    )
    _create_holds()
    op.create_table(
        "seals",
        _version("number"),
        _moment("sealed_at"),
        sa.Column("heads", sa.Integer, nullable=False),
        sa.Column("root", sa.LargeBinary, nullable=False),
        sa.Column("previous", sa.LargeBinary, nullable=False),
        sa.Column("signature", sa.LargeBinary, nullable=False),
        **LEDGER,
    )
    for name in ("postings", "lot_draws", "seals"):
        append_only(op, f"ledger.{name}")
    _grant()


def _create_holds() -> None:
    parts = ("captured", "released", "refunded")
    op.create_table(
        "holds",
        _id("member_id", primary_key=True),
        _id("hold_id", primary_key=True),
        _count("points"),
        sa.Column("label", sa.Text, nullable=False),
        _id("ref", nullable=True),
        _moment("expires_at", nullable=True),
        *(_count(name, "0") for name in parts),
        sa.CheckConstraint("points > 0 AND captured >= 0 AND released >= 0 AND refunded >= 0", name="not_negative"),
        sa.CheckConstraint("captured + released <= points AND refunded <= captured", name="within"),
        **LEDGER,
    )
    op.create_index(
        "ix_holds_expiring", "holds", ["member_id", "expires_at"],
        postgresql_where=sa.text("expires_at IS NOT NULL AND captured + released < points"), **LEDGER,
    )  # fmt: skip
    op.create_table(
        "hold_shares",
        _id("member_id", primary_key=True),
        _id("hold_id", primary_key=True),
        _version("lot_version"),
        sa.Column("position", sa.Integer, nullable=False),
        _count("points"),
        *(_count(name, "0") for name in parts),
        sa.CheckConstraint("captured + released <= points AND refunded <= captured", name="within"),
        **LEDGER,
    )


def _grant() -> None:
    """Nobody but the owner may change or delete a posting; the back office changes only what it must."""
    for name in ("postings", "lot_draws"):
        grant(op, f"ledger.{name}", EARNING="SELECT, INSERT", REDEMPTION="SELECT, INSERT", BACKOFFICE="SELECT, INSERT")
    for name in ("wallets", "lots", "holds", "hold_shares"):
        rights = "SELECT, INSERT, UPDATE"
        grant(op, f"ledger.{name}", EARNING=rights, REDEMPTION=rights, BACKOFFICE=rights)
    grant(op, "ledger.seals", EARNING="SELECT, INSERT", BACKOFFICE="SELECT")


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name, **LEDGER)
