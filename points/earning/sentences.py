"""Pure: reasons as sentences: English where they arise, in the reader's language where they are shown.

The catalogue of Chinese collects the templates from the calls of ``Sentence`` and of ``Refused`` in
``reading``; ``points.earning.sentences_display`` looks them up.
"""

from __future__ import annotations

from typing import Any


class Sentence(str):
    """An English sentence that remembers its template, ``must be at least %(least)s``, and its parameters."""

    __slots__ = ("params", "template")
    template: str
    params: dict[str, Any]

    def __new__(cls, template: str, **params: Any) -> Sentence:
        made = super().__new__(cls, template % params if params else template)
        made.template, made.params = template, params
        return made
