"""Pure: ids as they come in paths: what cannot be one is not found, and never reaches the database."""

from __future__ import annotations

import re

from mall.errors import NotFound

_FORM = re.compile(r"[a-z]{2,8}_[0-9a-z]{26}")


def checked_id(text: str) -> str:
    """``text`` if it has the form of an id. Raises NotFound."""
    if not _FORM.fullmatch(text):
        raise NotFound()
    return text
