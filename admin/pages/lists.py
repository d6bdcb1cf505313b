"""What lists share: a query that is read as the API reads it, but never refuses a page: what is wrong is said."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from flask import request
from flask_babel import gettext as _

from mall.errors import Invalid
from mall.http.call import load
from mall.http.page import safe_path
from mall.http.pagination import DEFAULT_LIMIT, PageQuery
from mall.http.problems import plain_errors
from points.earning.book_events import mall_zone

Errors = dict[str, list[str]]


def list_query(schema: PageQuery) -> tuple[dict[str, Any], Errors]:
    """The query of a list, and reasons by field for what is left out of it because it cannot be read.

    Empty fields of a filter form are no filter; names that are not the list's are passed over.
    """
    keys = {field.data_key or name for name, field in schema.fields.items()}
    given = {name: text for name, text in request.args.to_dict().items() if name in keys and text.strip()}
    errors: Errors = {}
    try:
        return load(schema, given), errors
    except Invalid as invalid:
        errors = plain_errors(invalid.errors)
    good = {name: text for name, text in given.items() if name not in errors}
    try:
        return load(schema, good), errors
    except Invalid:
        return {"limit": DEFAULT_LIMIT}, errors


def back_to(path: str) -> str:
    """Where the form's ``back`` leads if that is the list at ``path`` with some query, else the list itself."""
    target = safe_path(request.form.get("back"), path)
    return target if target == path or target.startswith(f"{path}?") else path


def day_start_of(text: str | None, field: str, errors: Errors, *, end: bool = False) -> datetime | None:
    """The first moment of a day in the mall's zone, of the day after with ``end``; None for none."""
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
        moment = datetime.combine(day + timedelta(days=1 if end else 0), time(), mall_zone())
    except (ValueError, OverflowError):
        errors[field] = [_("Must be a date.")]
        return None
    return moment if 1971 <= day.year <= 9000 else None
