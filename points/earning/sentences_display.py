"""Reasons of the pure modules in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask_babel import gettext

from points.earning.sentences import Sentence


def shown(sentence: str) -> str:
    """A sentence in the reader's language; what has no template is shown as it is."""
    if not isinstance(sentence, Sentence):
        return sentence
    params = {name: shown(part) if isinstance(part, str) else part for name, part in sentence.params.items()}
    return str(gettext(sentence.template, **params))


def shown_errors(errors: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The reasons of a refused document by path, in the reader's language."""
    return {path: [shown(reason) for reason in reasons] for path, reasons in errors.items()}
