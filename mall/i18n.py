"""Languages of the mall: which one a reader gets, and how figures and moments are written in it.

Chinese is the default and English the other one. Flask-Babel would give a reader of ``zh-TW`` or ``zh-HK``
English, because it knows no such catalogue; here every kind of Chinese is Chinese.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from babel import Locale
from babel.dates import format_date as babel_date
from babel.dates import format_datetime as babel_datetime
from babel.numbers import format_currency, format_decimal, get_currency_precision
from flask import Flask, current_app, g, has_request_context, request
from flask_babel import Babel, force_locale, get_locale, gettext
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header
from werkzeug.wrappers import Response

from mall import looks
from mall.proxies import this_request
from mall.settings import Settings

DEFAULT: Final = "zh"
LANGUAGES: Final = ("zh", "en")
COOKIE: Final = "lang"
COOKIE_SECONDS: Final = 365 * 24 * 3600

_LOCALES: Final = {language: Locale.parse(language) for language in LANGUAGES}
"""Kept, because Flask-Babel would look each request on the disk whether Babel knows the language."""

_PATTERNS: Final = {
    "zh": {
        "date": "yyyy-MM-dd",
        "datetime": "yyyy-MM-dd HH:mm",
        "monthday": "MM-dd",
        "time": "HH:mm",
        "weekday": "EEE",
        "month": "y年M月",
    },
    "en": {
        "date": "d MMM yyyy",
        "datetime": "d MMM yyyy, HH:mm",
        "monthday": "d MMM",
        "time": "HH:mm",
        "weekday": "EEE",
        "month": "MMMM y",
    },
}


def supported(tag: str | None) -> str | None:
    """The mall's language for a language tag (``zh-Hant-TW`` → ``zh``), None for one it does not speak."""
    primary = (tag or "").replace("_", "-").split("-")[0].lower()
    return primary if primary in LANGUAGES else None


def choose_locale() -> str:
    """``?lang=``, the cookie, the member's own choice, what the browser asks for, Chinese: the first that says."""
    if not has_request_context():
        return DEFAULT
    asked = this_request()
    chosen = None
    if not asked.path.startswith("/api/"):
        chosen = supported(asked.args.get("lang")) or supported(asked.cookies.get(COOKIE))
    return chosen or supported(g.get("member_locale")) or _preferred(asked.environ.get("HTTP_ACCEPT_LANGUAGE", ""))


@lru_cache(maxsize=1_000)
def _preferred(accept_language: str) -> str:
    """What a browser asks for, which most browsers say in one of a few ways."""
    for tag, quality in parse_accept_header(accept_language, LanguageAccept):  # best first
        found = supported(tag)
        if found and quality > 0:
            return found
    return DEFAULT


def set_language(response: Response, language: str) -> None:
    """Remember ``language`` in the reader's browser for a year."""
    response.set_cookie(COOKIE, language, max_age=COOKIE_SECONDS, samesite="Lax", secure=request.is_secure)


def _remember_asked(response: Response) -> Response:
    """A page opened with ``?lang=`` keeps its language on the next one."""
    if request.method == "GET" and response.mimetype == "text/html" and not request.path.startswith("/api/"):
        asked = supported(request.args.get("lang"))
        if asked and request.cookies.get(COOKIE) != asked:
            set_language(response, asked)
    return response


def language() -> str:
    """The reader's language."""
    locale = get_locale()
    return DEFAULT if locale is None else locale.language


def html_lang() -> str:
    """The value of ``<html lang>``; tells fonts apart, so simplified Chinese says so."""
    return "zh-CN" if language() == "zh" else language()


def points(value: int | None) -> str:
    """A figure with grouped digits: ``12,345``; a true minus sign."""
    return format_decimal(value or 0, locale=language()).replace("-", "\u2212")


def signed(value: int | None) -> str:
    """A change with its sign: ``+30``, ``−50``, ``0``."""
    return ("+" if (value or 0) > 0 else "") + points(value)


def money(cash: Mapping[str, Any] | None) -> str:
    """``{"amount": minor units, "currency": ISO code}`` as people write it."""
    if not cash:
        return ""
    currency = str(cash["currency"])
    amount = int(cash["amount"]) / 10 ** get_currency_precision(currency)
    return format_currency(amount, currency, locale=language())


def code_groups(code: str | None) -> str:
    """A code in groups of four, easier to read aloud: ``8426 3917``."""
    text = (code or "").replace(" ", "").replace("-", "")
    return " ".join(text[i : i + 4] for i in range(0, len(text), 4))


def _moment(value: datetime | date | None, kind: str) -> str:
    if value is None:
        return ""
    pattern = _PATTERNS[language()][kind]
    if not isinstance(value, datetime):
        return babel_date(value, pattern, locale=language())
    settings: Settings = current_app.extensions["settings"]
    return babel_datetime(value, pattern, tzinfo=settings.zone, locale=language())


def format_day(value: datetime | date | None) -> str:
    """A day in the mall's zone."""
    return _moment(value, "date")


def format_last_day(value: datetime | None) -> str:
    """The last day before a moment at which something ends: midnight of 1 January is the 31st of December."""
    return "" if value is None else _moment(value - timedelta(microseconds=1), "date")


def format_moment(value: datetime | None) -> str:
    """A day and time in the mall's zone."""
    return _moment(value, "datetime")


def format_monthday(value: datetime | date | None) -> str:
    """A day without its year, in the mall's zone."""
    return _moment(value, "monthday")


def format_clock(value: datetime | None) -> str:
    """Hours and minutes in the mall's zone."""
    return _moment(value, "time")


def format_weekday(value: datetime | date | None) -> str:
    """The weekday's short name in the mall's zone."""
    return _moment(value, "weekday")


def format_month(value: datetime | date | None) -> str:
    """A month of a year in the mall's zone."""
    return _moment(value, "month")


def read_catalogues(app: Flask) -> None:
    """Read the translations now: else each of the threads that answer first reads them for itself."""
    for name in LANGUAGES:
        with app.test_request_context(), force_locale(name):
            gettext("Not found.")


def init_app(app: Flask) -> None:
    """Give ``app`` its languages, and every template the filters and looks that go with them."""
    settings: Settings = app.extensions["settings"]
    app.config.setdefault("BABEL_DEFAULT_LOCALE", DEFAULT)
    app.config.setdefault("BABEL_DEFAULT_TIMEZONE", settings.zone.key)
    app.config.setdefault("BABEL_TRANSLATION_DIRECTORIES", "translations")
    Babel(app, locale_selector=lambda: _LOCALES[choose_locale()])
    app.after_request(_remember_asked)
    app.jinja_env.globals.update(html_lang=html_lang, get_locale=get_locale)
    app.jinja_env.filters.update(
        points=points,
        signed=signed,
        money=money,
        code_groups=code_groups,
        date=format_day,
        last_day=format_last_day,
        datetime=format_moment,
        month=format_month,
        monthday=format_monthday,
        time=format_clock,
        weekday=format_weekday,
    )
    looks.init_app(app)
