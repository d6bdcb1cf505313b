"""``python -m tests.write_docs``: write ``docs/errors.md`` from the codes the packages register."""

from __future__ import annotations

from pathlib import Path

from flask import Flask
from flask_babel import Babel, force_locale

from admin.codes import TITLES as ADMIN
from catalog.codes import TITLES as CATALOG
from mall.http.problems import TITLES as FLOOR
from mall.identity.codes import TITLES as IDENTITY
from mall.webhooks.codes import TITLES as WEBHOOKS
from points.codes import TITLES as POINTS

HEAD = """# Error codes

Every refusal of the API is a problem document (RFC 9457). Its `code` never changes; its words follow the reader's
language. Written by `python -m tests.write_docs`; a test compares it with the code.

| Code | Title |
|---|---|
"""


def errors_page() -> str:
    """The page as text."""
    app = Flask("docs")
    Babel(app)
    titles = {**FLOOR, **IDENTITY, **WEBHOOKS, **POINTS, **CATALOG, **ADMIN}
    with app.app_context(), force_locale("en"):
        return HEAD + "".join(f"| `{code}` | {title} |\n" for code, title in sorted(titles.items()))


if __name__ == "__main__":
    (Path(__file__).resolve().parent.parent / "docs" / "errors.md").write_text(errors_page(), encoding="utf-8")
