"""Titles of the error codes that ``mall.webhooks`` raises."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

TITLES = {
    "webhook_off": _l("This endpoint is switched off. Please switch it on first."),
}
