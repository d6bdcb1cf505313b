"""What tasks are called and what is left of them, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask_babel import gettext as _

from points.tasks.lines import Room
from points.tasks.today import Task


@dataclass(frozen=True, slots=True)
class TaskWords:
    """A task's name, one sentence about it, where it is done and what the button says (None: elsewhere)."""

    title: str
    detail: str
    url: str | None = None
    action: str | None = None


_WORDS: dict[str, Callable[[], TaskWords]] = {
    "check.in": lambda: TaskWords(
        _("Check in every day"), _("Every seventh day in a row pays more."), "/check-in", _("Check in")
    ),
    "quiz.result": lambda: TaskWords(
        _("Take a quiz"), _("Your best result of each quiz counts."), "/quizzes", _("To the quizzes")
    ),
    "activity.attended": lambda: TaskWords(
        _("Come to an activity"),
        _("Whoever is there enters the code shown at the venue."),
        "/activities",
        _("Have a look"),
    ),
    "member.login": lambda: TaskWords(_("Open the community's app"), _("Once a day, without doing anything else.")),
    "tip.outcome": lambda: TaskWords(
        _("Send tips to the community"), _("What becomes of a tip earns points. Nobody else learns of it.")
    ),
}
_LEFT: dict[tuple[str, str], Callable[[int, int], str]] = {
    ("times", "hour"): lambda n, of: _("%(n)s of %(of)s times left this hour", n=n, of=of),
    ("times", "day"): lambda n, of: _("%(n)s of %(of)s times left today", n=n, of=of),
    ("times", "week"): lambda n, of: _("%(n)s of %(of)s times left this week", n=n, of=of),
    ("times", "month"): lambda n, of: _("%(n)s of %(of)s times left this month", n=n, of=of),
    ("times", "total"): lambda n, of: _("%(n)s of %(of)s times left", n=n, of=of),
    ("points", "hour"): lambda n, of: _("%(n)s of %(of)s points left this hour", n=n, of=of),
    ("points", "day"): lambda n, of: _("%(n)s of %(of)s points left today", n=n, of=of),
    ("points", "week"): lambda n, of: _("%(n)s of %(of)s points left this week", n=n, of=of),
    ("points", "month"): lambda n, of: _("%(n)s of %(of)s points left this month", n=n, of=of),
    ("points", "total"): lambda n, of: _("%(n)s of %(of)s points left", n=n, of=of),
}
_USED_UP: dict[str, Callable[[], str]] = {
    "hour": lambda: _("Used up for this hour."),
    "day": lambda: _("Used up for today; it comes back tomorrow."),
    "week": lambda: _("Used up for this week; it comes back on Monday."),
    "month": lambda: _("Used up for this month; it comes back on the 1st."),
    "total": lambda: _("Used up."),
}


def words_of(task: Task) -> TaskWords:
    """Name, sentence and way of a task."""
    return _WORDS[task.line.kind]()


def room_words(room: Room) -> str:
    """What is left of a cap: ``2 of 3 times left today``."""
    if room.left == 0:
        return str(_USED_UP[room.period]())
    told = _LEFT[room.unit, room.period](room.left, room.limit)
    return str(_("For all members together: %(left)s", left=told) if room.everyone else told)
