"""Categories and pickup points: made and changed by staff, listed for everybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from catalog.gifts.edit import flush_unique
from catalog.gifts.models import Category, Gift, PickupPoint
from catalog.wording import wording
from mall import audit
from mall.db import must_get
from mall.errors import Conflict, Invalid
from mall.ids import new_id


def categories(tx: Session) -> Sequence[Category]:
    """All categories in their order."""
    return tx.scalars(select(Category).order_by(Category.position, Category.id)).all()


def gifts_on(tx: Session) -> dict[str, int]:
    """How many gifts, archived ones apart, stand on each category and wear each tag, by its id."""
    kept = Gift.status != "archived"
    shelved = (
        select(Gift.category_id, func.count()).where(kept, Gift.category_id.is_not(None)).group_by(Gift.category_id)
    )
    worn = select(func.unnest(Gift.tag_ids).label("tag"), Gift.id).where(kept).subquery()
    tagged = select(worn.c.tag, func.count()).group_by(worn.c.tag)
    return {str(row[0]): int(row[1]) for query in (shelved, tagged) for row in tx.execute(query)}


def create_category(
    tx: Session, fields: Mapping[str, Any], actor: str, now: datetime, request_id: str | None = None
) -> Category:
    """Make a category from ``name``, and ``code`` and ``position`` if given. Raises Conflict ``code_taken``."""
    category = Category(
        id=new_id("cat"),
        code=fields.get("code"),
        name=wording(fields["name"]),
        position=fields.get("position") or _next_position(tx, Category),
        created_at=now,
    )
    tx.add(category)
    flush_unique(tx)
    audit.record(tx, actor, "category.created", f"category:{category.id}", dict(fields), now, request_id)
    return category


def change_category(
    tx: Session, category_id: str, fields: Mapping[str, Any], actor: str, now: datetime, request_id: str | None = None
) -> Category:
    """Change the fields given. Raises NotFound, Conflict ``code_taken``."""
    category = must_get(tx, Category, category_id)
    _set_plain(tx, category, fields, ("name",), ("code", "position"))
    audit.record(tx, actor, "category.changed", f"category:{category.id}", dict(fields), now, request_id)
    return category


def delete_category(tx: Session, category_id: str, actor: str, now: datetime, request_id: str | None = None) -> None:
    """Forget a category. Raises NotFound, Conflict ``category_in_use`` while gifts are on it or a rule is about it."""
    category = must_get(tx, Category, category_id, with_for_update=True)
    count = tx.execute(select(func.count()).where(Gift.category_id == category_id)).scalar_one()
    if count:
        raise Conflict("category_in_use", extra={"gifts": count})
    told = {"name": category.name}
    try:
        with tx.begin_nested():
            tx.delete(category)
    except IntegrityError as error:
        raise Conflict("category_in_use", _("A redemption rule is about this category: change that first.")) from error
    audit.record(tx, actor, "category.deleted", f"category:{category_id}", told, now, request_id)


def bring_back_category(
    tx: Session, kept: Mapping[str, Any], actor: str, now: datetime, request_id: str | None = None
) -> Category:
    """A category that was deleted, under its own id. ``kept``: ``id``, ``code``, ``name``, ``position``.

    Raises Conflict ``code_taken``.
    """
    category = Category(**kept, created_at=now)
    tx.add(category)
    flush_unique(tx)
    audit.record(tx, actor, "category.restored", f"category:{category.id}", {"name": category.name}, now, request_id)
    return category


def pickup_points(tx: Session, *, all_of_them: bool = False) -> Sequence[PickupPoint]:
    """Pickup points, the default first; active ones unless ``all_of_them``."""
    query = select(PickupPoint).order_by(PickupPoint.is_default.desc(), PickupPoint.position, PickupPoint.id)
    return tx.scalars(query if all_of_them else query.where(PickupPoint.active)).all()


def create_pickup_point(
    tx: Session, fields: Mapping[str, Any], actor: str, now: datetime, request_id: str | None = None
) -> PickupPoint:
    """Make a pickup point from ``name`` and ``address``. Raises Conflict ``code_taken``."""
    point = PickupPoint(
        id=new_id("pup"),
        code=fields.get("code"),
        name=wording(fields["name"]),
        address=wording(fields["address"]),
        hours=wording(fields.get("hours") or {}),
        opening=fields.get("opening"),
        phone=fields.get("phone"),
        is_default=False,
        active=True,
        position=_next_position(tx, PickupPoint),
        created_at=now,
    )
    tx.add(point)
    flush_unique(tx)
    if fields.get("is_default"):
        _make_default(tx, point)
    audit.record(tx, actor, "pickup_point.created", f"pickup_point:{point.id}", dict(fields), now, request_id)
    return point


def change_pickup_point(
    tx: Session, point_id: str, fields: Mapping[str, Any], actor: str, now: datetime, request_id: str | None = None
) -> PickupPoint:
    """Change the fields given. Raises NotFound, Conflict ``code_taken``, Invalid for closing the default point."""
    point = must_get(tx, PickupPoint, point_id)
    default = fields.get("is_default", point.is_default)
    if (point.is_default and not default) or (default and not fields.get("active", point.active)):
        raise Invalid({"is_default": [_("Make another active point the default first.")]})
    _set_plain(tx, point, fields, ("name", "address", "hours"), ("code", "opening", "phone", "active"))
    if default and not point.is_default:
        _make_default(tx, point)
    audit.record(tx, actor, "pickup_point.changed", f"pickup_point:{point.id}", dict(fields), now, request_id)
    return point


def _make_default(tx: Session, point: PickupPoint) -> None:
    others = update(PickupPoint).where(PickupPoint.is_default)
    tx.execute(others.values(is_default=False).execution_options(synchronize_session="fetch"))
    point.is_default = True
    tx.flush()


def _set_plain(tx: Session, row: Any, fields: Mapping[str, Any], texts: Sequence[str], plain: Sequence[str]) -> None:
    for name in texts:
        if name in fields:
            setattr(row, name, wording(fields[name]))
    for name in plain:
        if name in fields:
            setattr(row, name, fields[name])
    flush_unique(tx)


def _next_position(tx: Session, model: Any) -> int:
    return int(tx.execute(select(func.coalesce(func.max(model.position), 0) + 1)).scalar_one())
