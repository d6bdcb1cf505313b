"""Addresses of lists: filters and the place in a list are kept in the query, so that they can be shared."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import request


def address_with(**changes: str | int | None) -> str:
    """This page's address with ``changes`` to its query; None and "" take a part away.

    Changing anything but the cursor begins the list anew.
    """
    kept = {name: value for name, value in request.args.items() if name != "lang"}
    if set(changes) - {"cursor"}:
        kept.pop("cursor", None)
    kept.update({name: str(value) for name, value in changes.items() if value not in (None, "")})
    for name, value in changes.items():
        if value in (None, ""):
            kept.pop(name, None)
    return request.path + (f"?{urlencode(kept)}" if kept else "")


NO_FILTER = frozenset({"cursor", "limit", "lang", "view", "format"})
"""What may stand in a list's address without narrowing it."""


def unfiltered() -> str | None:
    """This list's address without its filters; None while nothing is filtered."""
    if not any(text for name, text in request.args.items() if name not in NO_FILTER):
        return None
    view = request.args.get("view")
    return request.path + (f"?{urlencode({'view': view})}" if view else "")
