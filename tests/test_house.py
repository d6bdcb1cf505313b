"""Guards of the house: what design says of imports, routes, migrations and documents stays true."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from flask import Flask

from mall.http.problems import TITLES

ROOT = Path(__file__).resolve().parent.parent
FLOORS = ("mall", "points", "catalog", "admin")
SOURCES = sorted(path for floor in FLOORS for path in (ROOT / floor).rglob("*.py"))
ROOF = ROOT / "mall" / "app.py"
PURE_REFUSES = {"flask", "sqlalchemy", "psycopg", "redis", "flask_babel"}


def _modules_imported(path: Path) -> list[tuple[str, int, bool]]:
    """Each imported module with its line and whether the import stands at the top of the file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    top = set(map(id, tree.body))
    for node in tree.body:  # ``if TYPE_CHECKING:`` counts as the top
        if isinstance(node, ast.If):
            top.update(map(id, node.body))
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno, id(node) in top) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            found.append((node.module, node.lineno, id(node) in top))
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_one_way_and_stand_at_the_top(path: Path) -> None:
    if path == ROOF:
        return
    floor = FLOORS.index(path.relative_to(ROOT).parts[0])
    for module, line, at_top in _modules_imported(path):
        package = module.split(".")[0]
        if package in FLOORS:
            assert FLOORS.index(package) <= floor, f"{path}:{line} imports {module} from a higher floor"
            assert module != "mall.app", f"{path}:{line} imports the roof"
        assert at_top, f"{path}:{line} imports {module} below the top of the file"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_pure_modules_know_neither_flask_nor_a_session(path: Path) -> None:
    doc = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    if doc.startswith("Pure:"):
        known = {module.split(".")[0] for module, _, _ in _modules_imported(path)}
        assert not known & PURE_REFUSES


def test_handlers_of_routes_are_called_by_the_router_alone() -> None:
    """A page that needs what the API does calls its use case, not its handler."""
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES}
    handlers = {
        (".".join(path.relative_to(ROOT).with_suffix("").parts), node.name)
        for path, tree in trees.items()
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        and any(getattr(getattr(mark, "func", None), "id", "") in ("endpoint", "page") for mark in node.decorator_list)
    }
    assert handlers
    called = [
        f"{path}:{node.lineno} imports {alias.name}"
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if (node.module, alias.name) in handlers
    ]
    assert called == []


def test_package_markers_hold_a_docstring_at_most() -> None:
    for path in SOURCES:
        if path.name == "__init__.py":
            body = ast.parse(path.read_text(encoding="utf-8")).body
            assert len(body) == 1 and isinstance(body[0], ast.Expr), path


def test_only_settings_reads_the_environment() -> None:
    readers = [p.name for p in SOURCES if re.search(r"os\.environ|os\.getenv", p.read_text(encoding="utf-8"))]
    # serve.py hands the environment on to the processes it starts, without reading from it.
    assert [name for name in readers if name not in ("settings.py", "serve.py")] == []


def test_only_the_edge_commits() -> None:
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        if path.relative_to(ROOT).as_posix() not in ("mall/migrations/env.py",):
            assert not re.search(r"\.(commit|rollback)\(\)", text), path


def test_every_route_declares_who_may_call_it(session_app: Flask) -> None:
    undeclared = [
        rule.rule
        for rule in session_app.url_map.iter_rules()
        if rule.endpoint != "static" and not hasattr(session_app.view_functions[rule.endpoint], "auth")
    ]
    assert undeclared == []


def test_the_table_of_journeys_names_tests_that_are_there() -> None:
    folder = ROOT / "tests" / "journeys"
    named = set(re.findall(r"`(test_\w+)`", (folder / "README.md").read_text(encoding="utf-8")))
    files = "".join(path.read_text(encoding="utf-8") for path in folder.glob("test_*.py"))
    assert named
    assert named <= set(re.findall(r"def (test_\w+)", files))


def test_migrations_have_one_head() -> None:
    script = ScriptDirectory(str(ROOT / "mall" / "migrations"))
    assert len(script.get_heads()) == 1
    assert (ROOT / "mall/migrations/versions/HEAD").read_text().strip() == script.get_heads()[0]


def test_every_setting_is_documented() -> None:
    read = set(re.findall(r'env(?:\.get\()?,? ?"([A-Z_]+)"', (ROOT / "mall/settings.py").read_text()))
    documented = set(re.findall(r"^\| `([A-Z_]+)`", (ROOT / "docs/settings.md").read_text(), re.M))
    assert read == documented


def test_every_error_code_is_documented_with_its_title(session_app: Flask) -> None:
    documented = dict(re.findall(r"^\| `([a-z0-9_]+)` \| (.+?) \|$", (ROOT / "docs/errors.md").read_text(), re.M))
    with session_app.test_request_context(headers={"Accept-Language": "en"}):
        assert documented == {code: str(title) for code, title in TITLES.items()}


def test_every_error_code_raised_has_a_title(session_app: Flask) -> None:
    kinds = "Malformed|Unauthenticated|Forbidden|NotFound|Conflict|Unsupported|TooLarge|TooMany|Unavailable"
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        for code in re.findall(rf'(?:{kinds})\(\s*"([a-z0-9_]+)"', text) + re.findall(r'code="([a-z0-9_]+)"', text):
            assert code in TITLES, f"{path}: {code}"
