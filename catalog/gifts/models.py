"""Tables of gifts, their categories, variants and pictures, and of pickup points."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Computed, ForeignKey, Index, Integer, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from catalog.gifts.windows import GIFT_KINDS, GiftStatus
from mall.db import Base, IdText

KINDS_CHECK = "kind IN (" + ", ".join(f"'{kind}'" for kind in GIFT_KINDS) + ")"
CASH_CHECK = "(cash_cents IS NULL) = (cash_currency IS NULL) AND cash_cents > 0"
STATUS_CHECK = "status IN (" + ", ".join(f"'{status.value}'" for status in GiftStatus) + ")"


class Category(Base):
    """A shelf of the mall. ``code``: the shop's own name for it, if any."""

    __tablename__ = "categories"

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    code: Mapped[str | None] = mapped_column(IdText, unique=True)
    name: Mapped[dict[str, str]] = mapped_column(JSONB)
    position: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime]


class Tag(Base):
    """A word by which gifts of several shelves belong together."""

    __tablename__ = "tags"

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    code: Mapped[str | None] = mapped_column(IdText, unique=True)
    name: Mapped[dict[str, str]] = mapped_column(JSONB)
    position: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime]


class PickupPoint(Base):
    """Where members collect gifts. At most one active point is the default.

    ``opening``: as ``catalog.fulfilment.hours`` stores it; ``hours``: free words, shown where it is missing.
    """

    __tablename__ = "pickup_points"
    __table_args__ = (
        Index("uq_pickup_points_default", "is_default", unique=True, postgresql_where=text("is_default")),
        CheckConstraint("active OR NOT is_default", name="default_is_active"),
    )

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    code: Mapped[str | None] = mapped_column(IdText, unique=True)
    name: Mapped[dict[str, str]] = mapped_column(JSONB)
    address: Mapped[dict[str, str]] = mapped_column(JSONB)
    hours: Mapped[dict[str, str]] = mapped_column(JSONB)
    opening: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    phone: Mapped[str | None] = mapped_column(Text)
    is_default: Mapped[bool]
    active: Mapped[bool]
    position: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime]


class Gift(Base):
    """Something that points can get. ``points``: the price of one piece; ``from_points`` and
    ``to_points``: those of the cheapest and dearest variant on offer, of the gift itself when there is none.

    ``cash_cents``: what a piece costs besides, in minor units of ``cash_currency``, variants alike.
    ``limits``: ``[{"per": "member", "period", "quantity"}]``. ``pictures``: hexadecimal SHA-256 of each, the
    cover first; ``picture_texts``: what some of them show, by the same names.
    ``search_text``: every word of name, tags and description, folded; ``search_pairs``: all letters and pairs of
    neighbours in it (``catalog.gifts.search``), written by the database. ``featured``: picked by staff;
    ``position``: the greater, the earlier in the mall's own order, which staff keep; ``popularity``: pieces ordered
    lately, counted by a job.
    """

    __tablename__ = "gifts"
    __table_args__ = (
        CheckConstraint(KINDS_CHECK, name="kind"),
        CheckConstraint(STATUS_CHECK, name="status"),
        CheckConstraint("points > 0", name="points_positive"),
        CheckConstraint(CASH_CHECK, name="cash"),
        CheckConstraint("on_sale_from < on_sale_until", name="sale_window"),
        Index("ix_gifts_popular", "featured", "popularity", "id", postgresql_where=text("status = 'active'")),
        Index("ix_gifts_search", "search_pairs", postgresql_using="gin"),
        Index("ix_gifts_tag_ids", "tag_ids", postgresql_using="gin"),
        Index("ix_gifts_position", "position", "id", postgresql_where=text("status = 'active'")),
        Index("ix_gifts_points", "from_points", "id", postgresql_where=text("status = 'active'")),
    )

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    code: Mapped[str | None] = mapped_column(IdText, unique=True)
    kind: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    name: Mapped[dict[str, str]] = mapped_column(JSONB)
    description: Mapped[dict[str, str]] = mapped_column(JSONB)
    points: Mapped[int] = mapped_column(BigInteger)
    from_points: Mapped[int] = mapped_column(BigInteger)
    to_points: Mapped[int] = mapped_column(BigInteger)
    cash_cents: Mapped[int | None] = mapped_column(BigInteger)
    cash_currency: Mapped[str | None] = mapped_column(Text)
    category_id: Mapped[str | None] = mapped_column(ForeignKey("categories.id"), type_=IdText, index=True)
    limits: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    min_level: Mapped[int | None] = mapped_column(Integer)
    visible_from: Mapped[datetime | None]
    on_sale_from: Mapped[datetime | None]
    on_sale_until: Mapped[datetime | None]
    needs_preparation: Mapped[bool]
    needs_approval: Mapped[bool]
    pictures: Mapped[list[str]] = mapped_column(ARRAY(Text))
    picture_texts: Mapped[dict[str, dict[str, str]]] = mapped_column(JSONB, server_default=text("'{}'"))
    tag_ids: Mapped[list[str]] = mapped_column(ARRAY(IdText), server_default=text("'{}'"))
    search_text: Mapped[str] = mapped_column(Text)
    search_pairs: Mapped[list[str] | None] = mapped_column(
        ARRAY(Text), Computed("search_pairs(search_text)", persisted=True), deferred=True
    )
    featured: Mapped[bool]
    position: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    popularity: Mapped[int] = mapped_column(Integer)
    cause_id: Mapped[str | None] = mapped_column(ForeignKey("causes.id"), type_=IdText, index=True)
    low_pool: Mapped[int | None] = mapped_column(Integer)
    top_up: Mapped[dict[str, str] | None] = mapped_column(JSONB(none_as_null=True))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class GiftVariant(Base):
    """A colour or size of a gift, with its own stock and, if ``points`` is set, its own price."""

    __tablename__ = "gift_variants"
    __table_args__ = (CheckConstraint("points > 0", name="points_positive"),)

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    gift_id: Mapped[str] = mapped_column(ForeignKey("gifts.id"), type_=IdText, index=True)
    name: Mapped[dict[str, str]] = mapped_column(JSONB)
    points: Mapped[int | None] = mapped_column(BigInteger)
    position: Mapped[int] = mapped_column(Integer)
    active: Mapped[bool]


class Picture(Base):
    """A picture by the SHA-256 of its bytes (WebP): the same bytes are kept once and never change.

    These are the bytes of its largest size; the smaller ones are ``picture_sizes``.
    """

    __tablename__ = "pictures"

    sha256: Mapped[str] = mapped_column(IdText, primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime]


class PictureSize(Base):
    """A picture made smaller for a page that asks for ``width`` pixels (``catalog.gifts.images.SIZES``)."""

    __tablename__ = "picture_sizes"

    sha256: Mapped[str] = mapped_column(ForeignKey("pictures.sha256"), type_=IdText, primary_key=True)
    width: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    content: Mapped[bytes] = mapped_column(LargeBinary)
