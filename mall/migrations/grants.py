"""What migrations share: grants by login, and the trigger that keeps a table append-only."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from flask import current_app

from mall.db import Login, role_name

GUARD = "refuse_change"


def role(login: Login) -> str:
    """The quoted role of a login in this installation."""
    return '"' + role_name(current_app.extensions["settings"], login) + '"'


def grant(op: ModuleType | Any, table: str, **rights: str) -> None:
    """``grant(op, "ledger.postings", EARNING="SELECT, INSERT", …)``: what each login may do to a table."""
    for login, what in rights.items():
        op.execute(f"GRANT {what} ON {table} TO {role(Login[login])}")


def append_only(op: ModuleType | Any, table: str) -> None:
    """Refuse UPDATE, DELETE and TRUNCATE on a table for everyone, its owner included."""
    name = table.replace(".", "_")
    op.execute(
        f"CREATE TRIGGER {name}_append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {GUARD}()"
    )
    op.execute(
        f"CREATE TRIGGER {name}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {GUARD}()"
    )
