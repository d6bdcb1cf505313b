"""Tags: words by which gifts of several shelves belong together, kept by staff."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from catalog.gifts.edit import flush_unique, refresh_search
from catalog.gifts.models import Gift, Tag
from catalog.wording import wording
from mall import audit
from mall.db import cursor, must_get
from mall.errors import Conflict
from mall.ids import new_id

MOST_TAGS = 200
"""In the whole mall: more are no help to anybody."""


def tags(tx: Session) -> Sequence[Tag]:
    """All tags in their order."""
    return tx.scalars(select(Tag).order_by(Tag.position, Tag.id)).all()


@dataclass(frozen=True, slots=True)
class Heading:
    """What the mall's gifts are sorted under: a category or a tag."""

    id: str
    code: str | None
    name: dict[str, str]


_HEADINGS = """SELECT 'category', id, code, name, position FROM categories
 UNION ALL SELECT 'tag', id, code, name, position FROM tags ORDER BY 5, 2"""


def headings(tx: Session) -> tuple[list[Heading], list[Heading]]:
    """All categories and all tags in their order, in one statement: every page of the mall shows both."""
    found: dict[str, list[Heading]] = {"category": [], "tag": []}
    for kind, id_, code, name, _position in cursor(tx).execute(_HEADINGS):
        found[kind].append(Heading(id_, code, name))
    return found["category"], found["tag"]


def create_tag(tx: Session, fields: Mapping[str, Any], actor: str, now: datetime, request_id: str | None = None) -> Tag:
    """Make a tag from ``name``, and ``code`` and ``position`` if given.

    Raises Conflict ``code_taken`` or ``too_many_tags``.
    """
    count, last = tx.execute(select(func.count(), func.coalesce(func.max(Tag.position), 0))).one()
    if count >= MOST_TAGS:
        raise Conflict("too_many_tags", extra={"most": MOST_TAGS})
    tag = Tag(
        id=new_id("tag"),
        code=fields.get("code"),
        name=wording(fields["name"]),
        position=fields.get("position") or last + 1,
        created_at=now,
    )
    tx.add(tag)
    flush_unique(tx)
    audit.record(tx, actor, "tag.created", f"tag:{tag.id}", dict(fields), now, request_id)
    return tag


def change_tag(
    tx: Session, tag_id: str, fields: Mapping[str, Any], actor: str, now: datetime, request_id: str | None = None
) -> Tag:
    """Change the fields given; gifts are then found by the new name. Raises NotFound, Conflict ``code_taken``."""
    tag = _tag(tx, tag_id)
    if "name" in fields:
        tag.name = wording(fields["name"])
    for name in ("code", "position"):
        if name in fields:
            setattr(tag, name, fields[name])
    flush_unique(tx)
    if "name" in fields:
        for gift in tx.scalars(select(Gift).where(Gift.tag_ids.contains([tag.id])).with_for_update()):
            refresh_search(tx, gift)
    audit.record(tx, actor, "tag.changed", f"tag:{tag.id}", dict(fields), now, request_id)
    return tag


def delete_tag(tx: Session, tag_id: str, actor: str, now: datetime, request_id: str | None = None) -> None:
    """Take a tag off every gift and forget it. Raises NotFound."""
    tag = _tag(tx, tag_id)
    told = {"name": tag.name}
    changed = update(Gift).where(Gift.tag_ids.contains([tag.id])).values(
        tag_ids=func.array_remove(Gift.tag_ids, tag.id)
    ).returning(Gift.id)  # fmt: skip
    found = tx.scalars(changed.execution_options(synchronize_session=False)).all()
    tx.delete(tag)
    tx.flush()
    for gift in tx.scalars(select(Gift).where(Gift.id.in_(found)).execution_options(populate_existing=True)):
        refresh_search(tx, gift)
    audit.record(tx, actor, "tag.deleted", f"tag:{tag_id}", told, now, request_id)


def worn_by(tx: Session, tag_id: str) -> list[str]:
    """The gifts that wear a tag, by id."""
    return list(tx.scalars(select(Gift.id).where(Gift.tag_ids.contains([tag_id])).order_by(Gift.id)))


def bring_back_tag(
    tx: Session, kept: Mapping[str, Any], gifts: Sequence[str], actor: str, now: datetime, request_id: str | None = None
) -> Tag:
    """A tag that was deleted, under its own id and on the ``gifts`` that wore it.

    ``kept``: ``id``, ``code``, ``name``, ``position``. Raises Conflict ``code_taken``.
    """
    tag = Tag(**kept, created_at=now)
    tx.add(tag)
    flush_unique(tx)
    for gift in tx.scalars(select(Gift).where(Gift.id.in_(gifts)).order_by(Gift.id).with_for_update()):
        gift.tag_ids = [*gift.tag_ids, tag.id]
        tx.flush()
        refresh_search(tx, gift)
    audit.record(tx, actor, "tag.restored", f"tag:{tag.id}", {"name": tag.name}, now, request_id)
    return tag


def _tag(tx: Session, tag_id: str) -> Tag:
    return must_get(tx, Tag, tag_id, with_for_update=True)
