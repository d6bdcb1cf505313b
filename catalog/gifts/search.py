"""Pure: finding gifts by words in any language, Chinese included, where no parser knows where a word ends.

Every gift keeps its text folded (case and width do not matter) and, made from that by the database, all letters and
all pairs of neighbouring letters of it: an index over those finds the few gifts that can hold a word, and the text
itself then tells which do.
"""

from __future__ import annotations

from collections.abc import Iterable

from catalog.wording import Wording, fold

MOST_WORDS = 8
NAME_ENDS = "\n"
"""Parts a gift's name from all its other text, so that a hit in the name can come first."""


def search_text(name: Wording, others: Iterable[Wording]) -> str:
    """A gift's text to search in: its name, then its description and tags."""
    rest = " ".join(part for text in others for part in text.values())
    return _line(" ".join(name.values())) + NAME_ENDS + _line(rest)


def _line(text: str) -> str:
    return " ".join(fold(text).split())


def words_of(asked: str | None) -> tuple[str, ...]:
    """The words that were typed, folded; a wide space parts them as well as a narrow one."""
    return tuple(dict.fromkeys(fold(asked or "").split()))[:MOST_WORDS]


def pairs_of(word: str) -> list[str]:
    """What the index is asked for: the pairs of neighbours in ``word``, or its one letter."""
    return sorted({word[at : at + 2] for at in range(len(word) - 1)}) or [word]


def is_in_name(text: str, words: Iterable[str]) -> bool:
    """Whether every word is in the name of a gift with this ``search_text``."""
    name = text.split(NAME_ENDS, 1)[0]
    return all(word in name for word in words)
