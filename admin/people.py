"""Who is behind the ``staff:stf_…`` of a record, and behind the ids of members."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from mall.identity.models import Member
from mall.identity.staff import list_staff


def names_of_staff(tx: Session) -> Callable[[str | None], str]:
    """A look-up of actors' names; who is no staff (the mall itself, the demo) keeps the name there is."""
    known = {f"staff:{person.id}": person.username for person in list_staff(tx)}

    def name(actor: str | None) -> str:
        if not actor:
            return ""
        return known.get(actor) or (str(_("the mall")) if actor.startswith(("migration", "system")) else actor)

    return name


def nicknames_of(tx: Session, member_ids: Iterable[str | None]) -> dict[str, str]:
    """By member, for pages of those who may see members: how each is called; who has no nickname is left out."""
    wanted = {one for one in member_ids if one}
    rows = tx.execute(select(Member.id, Member.nickname).where(Member.id.in_(wanted))) if wanted else ()
    return {member_id: nickname for member_id, nickname in rows if nickname}


def actor_called(tx: Session, text: str | None) -> str | None:
    """The actor that a username means; any other text as it is."""
    if not text:
        return None
    return next((f"staff:{person.id}" for person in list_staff(tx) if person.username == text), text)
