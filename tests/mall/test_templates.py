"""Templates and vendored files keep the house's promises."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import check_templates
import pytest

VENDOR = check_templates.ROOT / "mall" / "static" / "vendor"


def test_no_template_trips_over_the_content_policy_or_lacks_a_token() -> None:
    assert check_templates.all_problems() == []


@pytest.mark.parametrize(
    ("html", "what"),
    [
        ('<p style="color: red">x</p>', "a style attribute (the policy drops it)"),
        ('<a onclick="go()">x</a>', "an inline handler (the policy drops it)"),
        ('<script src="//cdn.example/x.js"></script>', "something from another host"),
        ('<img src="/x.png">', "a picture without alt"),
        ('<form method="post" action="/x"></form>', "a form that posts without a CSRF token"),
        ('{{ icon("nonesuch") }}', "no icon 'nonesuch'"),
        ("{% if %}", "line 1: Expected an expression, got 'end of statement block'"),
    ],
)
def test_a_bad_template_is_found(html: str, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_templates, "TEMPLATES", tmp_path)
    page = tmp_path / "page.html"
    page.write_text(html, encoding="utf-8")
    assert check_templates.problems(page, frozenset({"home"})) == [what]


def test_vendored_files_are_what_their_list_says() -> None:
    listed = re.findall(r"\| `([^`]+)` \| `([0-9a-f]{64})` \|", (VENDOR / "VENDORED.md").read_text(encoding="utf-8"))
    assert {name: hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() for name, _ in listed} == dict(listed)
    shipped = {
        path.relative_to(VENDOR).as_posix()
        for path in VENDOR.rglob("*")
        if path.suffix in (".js", ".css", ".svg", ".woff2")
    }
    assert shipped == {name for name, _ in listed}


def test_sheets_use_no_colour_that_old_phones_lack() -> None:
    sheets = (check_templates.ROOT / "mall" / "static" / "css").glob("*.css")
    assert [
        path.name for path in sheets if re.search(r"color-mix|oklch|oklab|@layer|@container", path.read_text())
    ] == []
