"""Looks through every template for what the strict content policy or a screen reader would trip over.

``python -m tests.check_templates``: prints what it finds, exits with 1 if anything.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from jinja2 import Environment, TemplateSyntaxError

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = ROOT / "templates"
ICONS = ROOT / "mall" / "static" / "icons.svg"

REFUSED = {
    "a style attribute (the policy drops it)": re.compile(r"<[^>]*\sstyle\s*="),
    "an inline handler (the policy drops it)": re.compile(r"<[a-z][^>]*\son[a-z]+\s*=", re.I),
    "an inline style sheet": re.compile(r"<style[\s>]", re.I),
    "something from another host": re.compile(r"(?:src|href)\s*=\s*[\"'](?:https?:)?//", re.I),
    "an emoji (uneven on phones; draw it)": re.compile("[\U0001f000-\U0001faff\u2600-\u27bf]"),
    "a picture without alt": re.compile(r"<img(?![^>]*\salt=)[^>]*>"),
}
POST_FORM = re.compile(r"<form\b(?=[^>]*method=\"post\").*?</form>", re.S | re.I)
OFFICE_ICONS = ROOT / "mall" / "static" / "admin" / "icons.svg"
ICON = re.compile(r"(?:ui\.)?icon\(\"([a-z0-9-]+)\"")
SYMBOL = re.compile(r'<symbol id="([a-z0-9-]+)"')


def problems(path: Path, icons: frozenset[str]) -> list[str]:
    """What is wrong with one template."""
    text = path.read_text(encoding="utf-8")
    found = [what for what, pattern in REFUSED.items() if pattern.search(text)]
    try:
        Environment(extensions=["jinja2.ext.i18n"], autoescape=True).parse(text)
    except TemplateSyntaxError as error:
        found.append(f"line {error.lineno}: {error.message}")
    if any(not re.search(r"csrf|form_guard", form) for form in POST_FORM.findall(text)):
        found.append("a form that posts without a CSRF token")
    if "admin" in path.relative_to(TEMPLATES).parts:
        icons = frozenset(SYMBOL.findall(OFFICE_ICONS.read_text(encoding="utf-8")))
    found += [f"no icon {name!r}" for name in sorted(set(ICON.findall(text)) - icons)]
    return found


def all_problems() -> list[str]:
    """What is wrong with all templates."""
    icons = frozenset(SYMBOL.findall(ICONS.read_text(encoding="utf-8")))
    return [
        f"{path.relative_to(ROOT)}: {what}"
        for path in sorted(TEMPLATES.rglob("*.html"))
        for what in problems(path, icons)
    ]


if __name__ == "__main__":
    lines = all_problems()
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.exit(bool(lines))
