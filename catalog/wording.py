"""Pure: texts that are kept in the mall's languages."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

LANGUAGES = ("zh", "en")
Wording = Mapping[str, str]


def wording(text: str | Wording) -> dict[str, str]:
    """A text as it is stored: a plain string stands for every language."""
    return {"zh": text} if isinstance(text, str) else {key: text[key] for key in LANGUAGES if text.get(key)}


def in_language(text: Wording | None, language: str) -> str:
    """``text`` in ``language``, else in Chinese, else in whatever there is; empty for None."""
    if not text:
        return ""
    return text.get(language) or text.get("zh") or next(iter(text.values()))


def fold(text: str) -> str:
    """``text`` without case and width: ``ＵＳＢ`` and ``usb`` are the same."""
    return unicodedata.normalize("NFKC", text).casefold()
