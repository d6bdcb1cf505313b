"""What a list of the back office is, so that the page that shows it can also be taken away as a file.

One declaration for each list, in the module of its desk here; ``table.py`` names them all. From it follow the file's
address (``/admin/files`` and the page's own path), who may have it (who may open the page), the buttons above the
list, and the entry in the audit trail. The query is the page's: what is filtered there is filtered in the file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Any

from flask import get_template_attribute
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from catalog.wording import in_language
from mall.db import Login
from mall.http.principals import Auth
from mall.i18n import language
from points.earning.book_events import mall_zone

AT_ONCE = 1_000
"""Lines that are read at once."""

Portion = Callable[[Session, str | None], tuple[Sequence[Any], str | None]]
"""Reads about ``AT_ONCE`` things after a cursor (None: the first), and says the next cursor (None: that was all)."""
Errors = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Lines:
    """A list as it was asked for.

    ``columns``: heading → what of a thing stands there; ``asked``: the filters, for the audit trail.
    """

    columns: Mapping[str, Callable[[Any], object]]
    portion: Portion
    asked: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OfficeList:
    """A list and its file.

    ``page``: endpoint of the page that shows it; ``rule``: that page's path below ``/admin``; ``title``: of the
    workbook's sheet; ``auth``: the page's; ``read``: the list for the request that is being answered, called with the
    call, errors by field (those it adds refuse the file) and what stands in the path; ``login``: what may read it.
    """

    page: str
    rule: str
    title: Any
    auth: Auth
    read: Callable[..., Lines]
    login: Login = Login.BACKOFFICE

    @property
    def name(self) -> str:
        """Of the file, without its end, and in the audit trail: the last word of the path, ``stock`` of a gift."""
        parts = [part for part in self.rule.split("/") if part and not part.startswith("<")]
        return "-".join(parts)

    @property
    def file_endpoint(self) -> str:
        """Of the file's route: ``desk-files.gifts-gift_list`` for the page ``desk-gifts.gift_list``."""
        return f"desk-files.{self.page.removeprefix('desk-').replace('.', '-')}"


def paged(read: Callable[[Session, str | None], Mapping[str, Any]]) -> Portion:
    """A portion of a list that comes as ``{"items", "next_cursor"}``."""

    def portion(tx: Session, cursor: str | None) -> tuple[Sequence[Any], str | None]:
        found = read(tx, cursor)
        return found["items"], found["next_cursor"]

    return portion


def whole(read: Callable[[Session], Sequence[Any]]) -> Portion:
    """A list that its page shows whole, because it stays short: rules, segments, causes."""
    return lambda tx, _cursor: (read(tx), None)


def cell(value: object) -> object:
    """A value as it stands in a file: moments in the mall's zone, wordings in the reader's language."""
    if type(value) is str or type(value) is int:  # most of them, by the million
        return value
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.astimezone(mall_zone()).isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return in_language(dict(value), language())
    if isinstance(value, (list, tuple)):
        return ", ".join(str(cell(part)) for part in value)
    return "" if value is None else value


def words(template: str, macro: str) -> Callable[..., str]:
    """What a macro of a page says, without its looks: the file has the words of the page.

    What it said of a word it says again: a file of a million lines has the same few states and kinds in all of them.
    """
    said, told = get_template_attribute(f"admin/{template}.html", macro), dict[tuple[str, ...], str]()

    def word(*args: Any) -> str:
        if not all(type(arg) is str for arg in args):
            return str(said(*args).striptags())
        if args not in told:
            told[args] = str(said(*args).striptags())
        return told[args]

    return word
