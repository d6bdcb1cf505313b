"""Who is behind the ``staff:stf_…`` of a record."""

from __future__ import annotations

from collections.abc import Callable

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from mall.identity.staff import list_staff


def names_of_staff(tx: Session) -> Callable[[str | None], str]:
    """A look-up of actors' names; who is no staff (the mall itself, the demo) keeps the name there is."""
    known = {f"staff:{person.id}": person.username for person in list_staff(tx)}

    def name(actor: str | None) -> str:
        if not actor:
            return ""
        return known.get(actor) or (str(_("the mall")) if actor.startswith(("migration", "system")) else actor)

    return name


def actor_called(tx: Session, text: str | None) -> str | None:
    """The actor that a username means; any other text as it is."""
    if not text:
        return None
    return next((f"staff:{person.id}" for person in list_staff(tx) if person.username == text), text)
