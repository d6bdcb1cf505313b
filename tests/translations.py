"""The catalogue of Chinese: collect sentences, compile, and say what is missing.

``python -m tests.translations update`` collects the sentences of code and templates into the catalogue, keeps
what is translated and compiles; ``check`` changes nothing. Both exit with 1 while a sentence lacks Chinese.
"""

from __future__ import annotations

import io
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
TRANSLATIONS = ROOT / "mall" / "translations"
PO = TRANSLATIONS / "zh" / "LC_MESSAGES" / "messages.po"
MO = PO.with_suffix(".mo")
FOLDERS = ("mall", "points", "catalog", "admin", "templates")
KEYWORDS = {"_": None, "_l": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2), "lazy_ngettext": (1, 2),
            "Sentence": (1,), "Refused": (2,)}  # fmt: skip
NO_DATE = datetime(2026, 1, 1, tzinfo=UTC)
"""Written for both dates of the compiled catalogue, which would else be the moment of compiling."""
_VALUE = re.compile(r"%\(\w+\)[sd]")
HEADER = "# Chinese (simplified) words of the points mall. Collected by: make translations"


def wanted() -> Catalog:
    """Every sentence that code and templates mark for translation."""
    with (TRANSLATIONS / "babel.cfg").open(encoding="utf-8") as config:
        methods, options = parse_mapping_cfg(config)
    catalog = Catalog(charset="utf-8")
    for folder in FOLDERS:
        found = extract_from_dir(ROOT / folder, methods, options, KEYWORDS)
        for _file, _line, sentence, _comments, context in found:
            catalog.add(sentence, context=context)
    return catalog


def stored() -> Catalog:
    """The catalogue as it is on disk."""
    with PO.open("rb") as file:
        return read_po(file, locale="zh")


def texts(message: Message) -> list[str]:
    """The Chinese of a message, one text for each plural form."""
    return [message.string] if isinstance(message.string, str) else list(message.string)


def missing(catalog: Catalog) -> list[str]:
    """Sentences in use whose Chinese is absent, empty or marked as a guess."""
    lacking = []
    for message in wanted():
        if message.id:
            have = catalog.get(message.id)
            if have is None or have.fuzzy or not all(texts(have)):
                lacking.append(str(message.id if isinstance(message.id, str) else message.id[0]))
    return lacking


def broken(catalog: Catalog) -> list[str]:
    """Chinese that fails when it is shown: a value that the English does not name, or in a template, where each
    sentence is a format, a bare per cent sign."""
    with (TRANSLATIONS / "babel.cfg").open(encoding="utf-8") as config:
        methods, options = parse_mapping_cfg(config)
    formats = {found[2] for found in extract_from_dir(ROOT / "templates", methods, options, KEYWORDS)}
    wrong = []
    for message in catalog:
        for text in texts(message) if message.id else ():
            strange = set(_VALUE.findall(text)) - set(_VALUE.findall(str(message.id)))
            if strange or (message.id in formats and "%" in _VALUE.sub("", text.replace("%%", ""))):
                wrong.append(text)
    return wrong


def compiled(catalog: Catalog) -> bytes:
    """The catalogue as the app reads it; the same bytes whenever it is made."""
    catalog.creation_date = catalog.revision_date = NO_DATE
    buffer = io.BytesIO()
    write_mo(buffer, catalog)
    return buffer.getvalue()


def update() -> Catalog:
    """Write the catalogue anew: sentences in use, in order, with the Chinese there is."""
    have = stored()
    fresh = Catalog(locale="zh", project="Points mall", version="1", header_comment=HEADER, fuzzy=False)
    fresh.mime_headers = [(name, value) for name, value in have.mime_headers if "Date" not in name]
    for message in wanted():
        if message.id:
            known = have.get(message.id)
            empty: str | tuple[str, ...] = "" if isinstance(message.id, str) else ("",)
            fresh.add(message.id, known.string if known else empty, flags=known.flags if known else message.flags)
    with PO.open("wb") as file:
        write_po(file, fresh, width=0, sort_output=True, omit_header=False)
    _drop_dates()
    MO.write_bytes(compiled(stored()))
    return stored()


def _drop_dates() -> None:
    """No dates in the header: they would differ in every change and tell nothing that the history does not."""
    lines = PO.read_text(encoding="utf-8").splitlines(keepends=True)
    noise = ('"POT-Creation-Date', '"PO-Revision-Date', '"Last-Translator', '"Language-Team', '"Report-Msgid')
    PO.write_text("".join(line for line in lines if not line.startswith(noise)), encoding="utf-8")


def main(command: str) -> int:
    """Run ``update`` or ``check``; the exit code."""
    lacking = missing(update() if command == "update" else stored())
    for sentence in lacking:
        sys.stdout.write(f"no Chinese: {sentence}\n")
    wrong = broken(stored())
    for text in wrong:
        sys.stdout.write(f"cannot be shown: {text}\n")
    return 1 if lacking or wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "check"))
