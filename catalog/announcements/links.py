"""The one link that an announcement may have: to a page of this mall, and one that is there."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import current_app
from flask_babel import gettext as _
from werkzeug.exceptions import HTTPException

from mall.errors import Invalid
from mall.http.page import safe_path

NOT_FOR_MEMBERS = ("/admin", "/api", "/static", "/metrics", "/health")


def checked_link(text: str | None) -> str | None:
    """A path of this mall as it was typed, None for none. Raises Invalid naming ``link`` for anything else."""
    path = (text or "").strip()
    if not path:
        return None
    if safe_path(path, "") != path or path.startswith(NOT_FOR_MEMBERS) or not _is_a_page(path):
        raise Invalid({"link": [_("Must be a page of this mall, such as /activities.")]})
    return path


def _is_a_page(path: str) -> bool:
    try:
        current_app.url_map.bind("mall").match(urlsplit(path).path, method="GET")
    except HTTPException:
        return False
    return True
