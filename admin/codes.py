"""Titles of the error codes that the back office raises."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

TITLES = {
    "work_under_way": _l("Three pieces of work of yours are under way already. Please wait for one of them."),
}
