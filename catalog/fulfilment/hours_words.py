"""Opening hours in words of the reader's language."""

from __future__ import annotations

from datetime import date, datetime

from babel.dates import get_day_names
from flask_babel import gettext as _

from catalog.fulfilment.hours import Day, Now, Opening, coming, grouped
from catalog.wording import LANGUAGES
from mall.i18n import format_monthday


def hours_words(opening: Opening, today: date, language: str) -> str:
    """The week, and what differs in the next 30 days: "Monday to Saturday 9:00–18:00; Sunday closed"."""
    parts = [f"{_days(first, last, language)} {_spans(spans)}" for first, last, spans in grouped(opening.week)]
    parts += [f"{format_monthday(day)} {_spans(spans)}" for day, spans in coming(opening, today)]
    return str(_("; ")).join(parts)


def _days(first: int, last: int, language: str) -> str:
    if (first, last) == (0, 6):
        return str(_("Every day"))
    names = get_day_names("abbreviated" if language == "zh" else "wide", locale=_known(language))
    if first == last:
        return str(names[first])
    return str(_("%(first)s to %(last)s", first=names[first], last=names[last]))


def _known(language: str) -> str:
    return language if language in LANGUAGES else "zh"


def _spans(spans: Day) -> str:
    if not spans:
        return str(_("closed"))
    return str(_(", ").join(f"{start}–{end}" for start, end in map(_short, spans)))


def _short(span: tuple[str, str]) -> tuple[str, str]:
    """Without the zero in front that nobody says: 9:00."""
    start, end = (text[1:] if text.startswith("0") else text for text in span)
    return start, end


def now_words(state: Now, moment: datetime, language: str) -> str:
    """How it stands now: "Open until 18:00", "Closed, opens Tuesday 9:00"."""
    if state.is_open:
        return str(_("Open until %(time)s", time=_short((state.until or "", ""))[0]))
    if state.opens_on is None or state.opens_at is None:
        return str(_("Closed"))
    time = _short((state.opens_at, ""))[0]
    ahead = (state.opens_on - moment.date()).days
    if ahead == 0:
        return str(_("Closed, opens today %(time)s", time=time))
    if ahead < 7:
        day = get_day_names("abbreviated" if language == "zh" else "wide", locale=_known(language))
        return str(_("Closed, opens %(day)s %(time)s", day=day[state.opens_on.weekday()], time=time))
    return str(_("Closed, opens %(day)s %(time)s", day=format_monthday(state.opens_on), time=time))
