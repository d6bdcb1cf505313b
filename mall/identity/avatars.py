"""The drawn faces a member chooses from (``mall/static/avatars.svg``), and who has which without choosing."""

from __future__ import annotations

import hashlib

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from mall.errors import Invalid

AVATARS = {
    "panda": _l("Panda"),
    "fox": _l("Fox"),
    "cat": _l("Cat"),
    "rabbit": _l("Rabbit"),
    "bear": _l("Bear"),
    "owl": _l("Owl"),
    "penguin": _l("Penguin"),
    "tiger": _l("Tiger"),
    "frog": _l("Frog"),
    "whale": _l("Whale"),
    "lotus": _l("Lotus"),
    "ginkgo": _l("Ginkgo leaf"),
    "bamboo": _l("Bamboo"),
    "mountain": _l("Western Hills"),
    "pagoda": _l("Pagoda"),
    "moon": _l("Moon"),
}
"""Names by code, in the order of the page."""


def avatar_of(member_id: str, chosen: str | None) -> str:
    """The face that is shown: the chosen one, else one that the id gives, the same on every page and every day."""
    if chosen in AVATARS:
        return str(chosen)
    codes = tuple(AVATARS)
    return codes[hashlib.sha256(member_id.encode()).digest()[0] % len(codes)]


def checked_avatar(chosen: str | None) -> str | None:
    """A face of the set, or None for the one that the id gives. Raises Invalid naming ``avatar``."""
    if chosen is not None and chosen not in AVATARS:
        raise Invalid({"avatar": [_("Please choose one of these.")]})
    return chosen
