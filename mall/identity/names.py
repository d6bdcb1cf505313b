"""Pure: what a username and a nickname may be, and when two usernames are the same.

A username is 3 to 32 letters and digits of any script, ``.``, ``_`` and ``-``, written in NFKC. Two
usernames are the same when their case folds are: ``Alice``, ``ALICE`` and full-width ``Ａｌｉｃｅ`` are one.
A nickname is 1 to 20 characters, without anything invisible or that turns the direction of other text.
"""

from __future__ import annotations

import re
import unicodedata

USERNAME_LEAST, USERNAME_MOST = 3, 32
NICKNAME_MOST = 20
_MARKS_IN_A_ROW = 3
_JOINER = "\u200d"
_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0\u2800")
"""Letters and symbols by category that nobody can see."""


class BadText(ValueError):
    """A text is refused; ``reason`` is ``short``, ``long``, ``characters`` or ``invisible``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def username_key(text: str) -> str:
    """What makes a username unique; any text has one, also one that is no username."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text.strip()).casefold())


def clean_username(text: str) -> tuple[str, str]:
    """The username as stored and its key. Raises BadText."""
    name = unicodedata.normalize("NFKC", text.strip())
    if len(name) < USERNAME_LEAST:
        raise BadText("short")
    key = username_key(name)
    if len(name) > USERNAME_MOST or len(key) > 3 * USERNAME_MOST:
        raise BadText("long")
    plain = [char for char in name if char not in "._-"]
    if not plain or not all(_letter_or_digit(char) for char in plain):
        raise BadText("characters")
    return name, key


def _letter_or_digit(char: str) -> bool:
    category = unicodedata.category(char)
    return (category[0] == "L" or category == "Nd") and char not in _BLANK_LETTERS


def clean_nickname(text: str) -> str:
    """The nickname as stored: NFC, white space collapsed. Raises BadText."""
    name = re.sub(r"[ \u00a0\u2000-\u200a\u202f\u205f\u3000]+", " ", unicodedata.normalize("NFC", text)).strip()
    if not name:
        raise BadText("short")
    if len(name) > NICKNAME_MOST:
        raise BadText("long")
    marks = 0
    visible = False
    for char in name:
        category = unicodedata.category(char)
        if (category[0] == "C" and char != _JOINER) or category in ("Zl", "Zp") or char in _BLANK_LETTERS:
            raise BadText("characters")
        marks = marks + 1 if category[0] == "M" else 0
        if marks > _MARKS_IN_A_ROW:
            raise BadText("characters")
        visible = visible or category[0] in "LNSP"
    if not visible:
        raise BadText("invisible")
    return name


def default_nickname(username: str) -> str:
    """The nickname of somebody who gave none."""
    return username[:NICKNAME_MOST]
