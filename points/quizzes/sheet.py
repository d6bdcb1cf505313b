"""Pure: questions of the bank as rows of a table, one question in a row, and back.

Columns: code, category, kind, text (zh, en), options (zh, en: one in a line, or parted by ``|``), answer (letters:
``B``, ``ACD``; ``true`` or ``false`` of a statement), explanation (zh, en). The first row holds the headings.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from points.quizzes.questions import OPTION_IDS

HEADINGS = (
    "code", "category", "kind", "text zh", "text en", "options zh", "options en", "answer", "explanation zh",
    "explanation en",
)  # fmt: skip
_TRUE, _FALSE = {"true", "t", "对", "正确", "是"}, {"false", "f", "错", "错误", "否"}


def documents_of(rows: Sequence[Sequence[str]]) -> list[dict[str, Any]]:
    """The documents that rows stand for, headings and blank rows left out. What is wrong in them the reader finds."""
    documents = []
    for number, row in enumerate(rows):
        cells = [cell.strip() for cell in row] + [""] * (len(HEADINGS) - len(row))
        if not any(cells) or (number == 0 and cells[0].lower() == HEADINGS[0]):
            continue
        documents.append(_document(cells))
    return documents


def row_of(document: dict[str, Any]) -> list[str]:
    """A question's row; ``document`` as the reader takes it."""
    options = document.get("options", [])
    answer = document["answer"]
    right = [answer] if type(answer) is int else answer
    return [
        document["code"],
        document["category"],
        document["kind"],
        *(document["text"][locale] for locale in ("zh", "en")),
        *("\n".join(option[locale] for option in options) for locale in ("zh", "en")),
        str(answer).lower() if isinstance(answer, bool) else "".join(OPTION_IDS[one] for one in right).upper(),
        *(document["explanation"][locale] for locale in ("zh", "en")),
    ]


def _document(cells: Sequence[str]) -> dict[str, Any]:
    code, category, kind, text_zh, text_en, options_zh, options_en, answer, why_zh, why_en = cells[: len(HEADINGS)]
    kind = kind or "single"
    document: dict[str, Any] = {
        "code": code,
        "category": category,
        "kind": kind,
        "text": {"zh": text_zh, "en": text_en},
        "explanation": {"zh": why_zh, "en": why_en},
    }
    if kind == "true_false":
        said = answer.lower()
        return {**document, "answer": True if said in _TRUE else False if said in _FALSE else answer}
    zh, en = _lines(options_zh), _lines(options_en)
    both = max(len(zh), len(en))
    padded = zip(zh + [""] * (both - len(zh)), en + [""] * (both - len(en)), strict=True)
    letters = [OPTION_IDS.find(letter) for letter in answer.lower() if letter not in " ,、;"]
    right: Any = letters if kind == "multiple" else letters[0] if len(letters) == 1 else answer
    return {**document, "options": [{"zh": one, "en": other} for one, other in padded], "answer": right}


def _lines(cell: str) -> list[str]:
    return [part.strip() for part in cell.replace("|", "\n").splitlines() if part.strip()]
