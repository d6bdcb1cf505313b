"""The catalog: gifts, pictures, stock, vouchers, orders, notices; the first pickup point."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from mall.db import IdText, Login
from mall.ids import new_id
from mall.migrations.grants import append_only, grant, role

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TIMED = sa.DateTime(timezone=True)
KINDS = "'delivery', 'pickup', 'voucher', 'virtual', 'donation', 'draw'"
STATUSES = (
    "'placed', 'awaiting_payment', 'confirmed', 'preparing', 'shipped', 'ready_for_pickup', 'issued', 'completed', "
    "'cancelled', 'expired', 'returned', 'refunded'"
)
TABLES = (
    "categories", "pickup_points", "pictures", "gifts", "gift_variants", "stock_items", "stock_movements",
    "voucher_codes", "orders", "order_history", "order_addresses", "address_keys", "pickup_codes", "pickup_misses",
    "notifications",
)  # fmt: skip
FIRST_POINT = {
    "name": {"zh": "海淀街道社区服务中心", "en": "Haidian Subdistrict Community Service Centre"},
    "address": {"zh": "北京市海淀区海淀街道 1 层服务台", "en": "Service desk, ground floor, Haidian District, Beijing"},
    "hours": {"zh": "周一至周六 9:00–18:00", "en": "Monday to Saturday 9:00–18:00"},
    "phone": "010-0000 0000",
}


def _id(name: str, *rules: object, key: bool = False, nullable: bool = False) -> sa.Column:
    if key:
        return sa.Column(name, IdText, *rules, primary_key=True)
    return sa.Column(name, IdText, *rules, nullable=nullable)


def _column(name: str, kind: object, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, kind, nullable=nullable)


def _moment(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, TIMED, nullable=nullable)


def _refers(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=f"fk_{table}_{column}")


def upgrade() -> None:
    _create_gifts()
    _create_stock()
    _create_orders()
    _create_fulfilment()
    _add_the_first_pickup_point()
    _grant()


def _create_gifts() -> None:
    op.create_table(
        "categories",
        _id("id", key=True),
        _id("code", nullable=True),
        _column("name", JSONB),
        _column("position", sa.Integer),
        _moment("created_at"),
        sa.UniqueConstraint("code", name="uq_categories_code"),
    )
    op.create_table(
        "pickup_points",
        _id("id", key=True),
        _id("code", nullable=True),
        *(_column(name, JSONB) for name in ("name", "address", "hours")),
        _column("phone", sa.Text, nullable=True),
        _column("is_default", sa.Boolean),
        _column("active", sa.Boolean),
        _column("position", sa.Integer),
        _moment("created_at"),
        sa.UniqueConstraint("code", name="uq_pickup_points_code"),
        sa.CheckConstraint("active OR NOT is_default", name="default_is_active"),
    )
    op.create_index(
        "uq_pickup_points_default", "pickup_points", ["is_default"], unique=True,
        postgresql_where=sa.text("is_default"),
    )  # fmt: skip
    op.create_table(
        "pictures",
        _id("sha256", key=True),
        _column("content", sa.LargeBinary),
        _column("width", sa.Integer),
        _column("height", sa.Integer),
        _moment("created_at"),
    )
    op.create_table(
        "gifts",
        _id("id", key=True),
        _id("code", nullable=True),
        _column("kind", sa.Text),
        _column("status", sa.Text),
        _column("name", JSONB),
        _column("description", JSONB),
        _column("points", sa.BigInteger),
        _id("category_id", nullable=True),
        _column("limits", JSONB),
        _column("min_level", sa.Integer, nullable=True),
        *(_moment(name, nullable=True) for name in ("visible_from", "on_sale_from", "on_sale_until")),
        _column("needs_preparation", sa.Boolean),
        _column("needs_approval", sa.Boolean),
        _column("pictures", sa.ARRAY(sa.Text)),
        _column("search_text", sa.Text),
        _column("featured", sa.Boolean),
        _column("popularity", sa.Integer),
        _moment("created_at"),
        _moment("updated_at"),
        sa.UniqueConstraint("code", name="uq_gifts_code"),
        _refers("gifts", "category_id", "categories.id"),
        sa.CheckConstraint(f"kind IN ({KINDS})", name="kind"),
        sa.CheckConstraint("status IN ('draft', 'active', 'archived')", name="status"),
        sa.CheckConstraint("points > 0", name="points_positive"),
        sa.CheckConstraint("on_sale_from < on_sale_until", name="sale_window"),
    )
    active = sa.text("status = 'active'")
    op.create_index("ix_gifts_popular", "gifts", ["featured", "popularity", "id"], postgresql_where=active)
    op.create_index("ix_gifts_points", "gifts", ["points", "id"], postgresql_where=active)
    op.create_index("ix_gifts_category_id", "gifts", ["category_id"])
    op.create_table(
        "gift_variants",
        _id("id", key=True),
        _id("gift_id"),
        _column("name", JSONB),
        _column("points", sa.BigInteger, nullable=True),
        _column("position", sa.Integer),
        _column("active", sa.Boolean),
        _refers("gift_variants", "gift_id", "gifts.id"),
        sa.CheckConstraint("points > 0", name="points_positive"),
    )
    op.create_index("ix_gift_variants_gift_id", "gift_variants", ["gift_id"])


def _create_stock() -> None:
    op.create_table(
        "stock_items",
        _id("item_id", key=True),
        _id("gift_id"),
        _column("on_hand", sa.BigInteger),
        _refers("stock_items", "gift_id", "gifts.id"),
        sa.CheckConstraint("on_hand >= 0", name="not_negative"),
    )
    # The hottest rows of all: room on their page for the versions of a sale.
    op.execute("ALTER TABLE stock_items SET (fillfactor = 25, autovacuum_vacuum_scale_factor = 0.02)")
    op.create_index("ix_stock_items_gift_id", "stock_items", ["gift_id"])
    op.create_table(
        "stock_movements",
        _id("id", key=True),
        _id("item_id"),
        _column("kind", sa.Text),
        _column("change", sa.BigInteger),
        _column("reason", sa.Text, nullable=True),
        _id("ref", nullable=True),
        _id("actor"),
        _moment("at"),
        sa.CheckConstraint("change <> 0", name="change"),
        sa.CheckConstraint("kind IN ('received', 'corrected', 'imported', 'ordered', 'returned')", name="kind"),
    )
    op.create_index("ix_stock_movements_item_id_id", "stock_movements", ["item_id", "id"])
    op.create_table(
        "voucher_codes",
        _id("id", key=True),
        _id("item_id"),
        _column("code_hash", sa.LargeBinary),
        _column("code_box", sa.LargeBinary),
        _moment("imported_at"),
        _id("order_id", nullable=True),
        _moment("revealed_at", nullable=True),
    )
    op.create_index("uq_voucher_codes_code", "voucher_codes", ["item_id", "code_hash"], unique=True)
    op.create_index(
        "ix_voucher_codes_free", "voucher_codes", ["item_id", "id"], postgresql_where=sa.text("order_id IS NULL")
    )
    op.create_index(
        "ix_voucher_codes_order_id", "voucher_codes", ["order_id"], postgresql_where=sa.text("order_id IS NOT NULL")
    )


def _create_orders() -> None:
    op.execute("CREATE SEQUENCE order_numbers")
    op.create_table(
        "orders",
        _id("id", key=True),
        _id("number"),
        _id("member_id"),
        _id("gift_id"),
        _id("item_id"),
        _column("kind", sa.Text),
        _column("status", sa.Text),
        _column("quantity", sa.Integer),
        _column("points", sa.BigInteger),
        _column("gift_name", JSONB),
        _column("variant_name", JSONB, nullable=True),
        _column("picture", sa.Text, nullable=True),
        _id("pickup_point_id", nullable=True),
        _moment("pickup_until", nullable=True),
        _column("tracking", sa.Text, nullable=True),
        _column("history_seq", sa.SmallInteger),
        _moment("placed_at"),
        _moment("moved_at"),
        sa.UniqueConstraint("number", name="uq_orders_number"),
        # No foreign keys to gifts and stock: each would lock the hot row of a sale once more for every order.
        sa.CheckConstraint(f"status IN ({STATUSES})", name="status"),
        sa.CheckConstraint("quantity > 0 AND points > 0", name="positive"),
    )
    for columns in (
        ["member_id", "id"], ["member_id", "gift_id", "placed_at"], ["status", "id"], ["gift_id", "placed_at"]
    ):  # fmt: skip
        op.create_index("ix_orders_" + "_".join(columns), "orders", columns)
    op.create_table(
        "order_history",
        _id("order_id", key=True),
        sa.Column("seq", sa.SmallInteger, primary_key=True, autoincrement=False),
        _column("status", sa.Text),
        _moment("at"),
        _id("actor"),
        _column("reason", sa.Text, nullable=True),
        _refers("order_history", "order_id", "orders.id"),
    )
    for name in ("stock_movements", "order_history"):
        append_only(op, name)


def _create_fulfilment() -> None:
    for name, column in (("order_addresses", "address_box"), ("address_keys", "key_box")):
        op.create_table(
            name,
            _id("order_id", key=True),
            _column(column, sa.LargeBinary),
            _refers(name, "order_id", "orders.id"),
        )
    op.create_table(
        "pickup_codes",
        _id("order_id", key=True),
        _column("code_hash", sa.LargeBinary),
        _column("code_box", sa.LargeBinary),
        _moment("created_at"),
        _moment("closed_at", nullable=True),
        _refers("pickup_codes", "order_id", "orders.id"),
    )
    op.create_index(
        "uq_pickup_codes_open", "pickup_codes", ["code_hash"], unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
    )  # fmt: skip
    op.create_table("pickup_misses", _id("staff_id", key=True), _column("missed_at", sa.ARRAY(TIMED)))
    op.create_table(
        "notifications",
        _id("id", key=True),
        _id("member_id"),
        _column("kind", sa.Text),
        _id("order_id", nullable=True),
        _column("detail", JSONB),
        _moment("created_at"),
        _moment("read_at", nullable=True),
        _refers("notifications", "member_id", "members.id"),
        _refers("notifications", "order_id", "orders.id"),
    )
    op.create_index("ix_notifications_member_id_id", "notifications", ["member_id", "id"])


def _add_the_first_pickup_point() -> None:
    table = sa.table(
        "pickup_points",
        sa.column("id"), sa.column("code"), sa.column("name", JSONB), sa.column("address", JSONB),
        sa.column("hours", JSONB), sa.column("phone"), sa.column("is_default"), sa.column("active"),
        sa.column("position"), sa.column("created_at", TIMED),
    )  # fmt: skip
    more = {"code": "default", "is_default": True, "active": True, "position": 1, "created_at": datetime.now(UTC)}
    op.bulk_insert(table, [{"id": new_id("pup"), **FIRST_POINT, **more}])


def _grant() -> None:
    """Members' orders use a login that changes nothing of the catalog but its stock; staff's reads no code."""
    for name in ("categories", "pickup_points", "pictures", "gifts", "gift_variants"):
        grant(op, name, EARNING="SELECT", REDEMPTION="SELECT", BACKOFFICE="SELECT, INSERT, UPDATE")
    grant(op, "stock_items", EARNING="SELECT", REDEMPTION="SELECT, UPDATE", BACKOFFICE="SELECT, INSERT, UPDATE")
    grant(op, "stock_movements", REDEMPTION="INSERT", BACKOFFICE="SELECT, INSERT")
    open_columns = "id, item_id, code_hash, imported_at, order_id, revealed_at"
    grant(
        op, "voucher_codes",
        REDEMPTION="SELECT, UPDATE (order_id, revealed_at)",
        BACKOFFICE=f"SELECT ({open_columns}), INSERT, UPDATE (order_id)",
    )  # fmt: skip
    op.execute(f"GRANT USAGE ON SEQUENCE order_numbers TO {role(Login.REDEMPTION)}")
    grant(op, "orders", REDEMPTION="SELECT, INSERT, UPDATE", BACKOFFICE="SELECT, UPDATE")
    grant(op, "order_history", REDEMPTION="SELECT, INSERT", BACKOFFICE="SELECT, INSERT")
    for name in ("order_addresses", "address_keys"):
        grant(op, name, REDEMPTION="SELECT, INSERT", BACKOFFICE="SELECT, DELETE")
    grant(
        op, "pickup_codes",
        REDEMPTION="SELECT, INSERT, UPDATE (closed_at)",
        BACKOFFICE="SELECT (order_id, code_hash, created_at, closed_at), INSERT, UPDATE (closed_at)",
    )  # fmt: skip
    grant(op, "pickup_misses", BACKOFFICE="SELECT, INSERT, UPDATE")
    grant(op, "notifications", REDEMPTION="SELECT, UPDATE (read_at)", BACKOFFICE="SELECT, INSERT")


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
    op.execute("DROP SEQUENCE order_numbers")
