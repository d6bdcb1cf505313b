"""What has been posted stays: by grant for every login of the app, by trigger for the owner too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from mall.db import APP_LOGINS, Login, cursor
from tests.points.ledger.desk import Desk

A = "mem_a"
TABLES = ("postings", "lot_draws", "seals")
CHANGES = {
    "UPDATE": "UPDATE ledger.{table} SET {column} = {column} + 1",
    "DELETE": "DELETE FROM ledger.{table}",
    "TRUNCATE": "TRUNCATE ledger.{table}",
}
COLUMNS = {"postings": "points", "lot_draws": "points", "seals": "heads"}
BLIND = (Login.REDEMPTION, Login.BACKOFFICE)

Run = Callable[..., Any]


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """A ledger with a row in each append-only table."""
    desk.credit(A, 100)
    desk.hold(A, 30)
    assert desk.seal() == 1
    return desk


def counts(run: Run) -> dict[str, Any]:
    """Rows and sums of the append-only tables."""
    return {
        table: run(
            Login.OWNER,
            lambda tx, table=table: tx.execute(
                text(f"SELECT count(*), sum({COLUMNS[table]}) FROM ledger.{table}")
            ).one(),
        )
        for table in TABLES
    }


def refused(run: Run, login: Login, statement: str, error: type[psycopg.Error]) -> None:
    """``statement`` fails with ``error`` for ``login``."""
    with pytest.raises(error):
        run(login, lambda tx: cursor(tx).execute(statement))


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("login", APP_LOGINS)
def test_no_login_of_the_app_may_change_what_is_posted(
    desk: Desk, run: Run, login: Login, table: str, change: str
) -> None:
    before = counts(run)
    statement = CHANGES[change].format(table=table, column=COLUMNS[table])
    refused(run, login, statement, psycopg.errors.InsufficientPrivilege)
    assert counts(run) == before


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("table", TABLES)
def test_a_trigger_keeps_even_the_owner_from_changing_what_is_posted(
    desk: Desk, run: Run, table: str, change: str
) -> None:
    before = counts(run)
    statement = CHANGES[change].format(table=table, column=COLUMNS[table])
    refused(run, Login.OWNER, statement, psycopg.errors.RestrictViolation)
    assert counts(run) == before


@pytest.mark.parametrize("login", APP_LOGINS)
@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE ledger.postings DISABLE TRIGGER ALL",
        "DROP TRIGGER ledger_postings_append_only ON ledger.postings",
        "SET session_replication_role = replica",
        "DROP TABLE ledger.postings",
        "CREATE TABLE ledger.more (points int)",
        "CREATE TABLE public.more (points int)",
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    ],
)
def test_no_login_of_the_app_may_lift_the_guard(desk: Desk, run: Run, login: Login, statement: str) -> None:
    refused(run, login, statement, psycopg.errors.InsufficientPrivilege)


@pytest.mark.parametrize("login", APP_LOGINS)
@pytest.mark.parametrize("table", ["wallets", "lots", "holds", "hold_shares"])
def test_no_login_of_the_app_may_delete_from_the_ledger(desk: Desk, run: Run, login: Login, table: str) -> None:
    refused(run, login, f"DELETE FROM ledger.{table}", psycopg.errors.InsufficientPrivilege)
    refused(run, login, f"TRUNCATE ledger.{table}", psycopg.errors.InsufficientPrivilege)


@pytest.mark.parametrize("login", BLIND)
def test_redemption_and_back_office_cannot_read_any_source(run: Run, login: Login) -> None:
    tables = run(
        Login.OWNER,
        lambda tx: tx.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'sources'")).scalars().all(),
    )
    assert tables
    for table in tables:
        refused(run, login, f"SELECT 1 FROM sources.{table}", psycopg.errors.InsufficientPrivilege)
        refused(run, login, f"DELETE FROM sources.{table}", psycopg.errors.InsufficientPrivilege)
    rights = run(
        Login.OWNER,
        lambda tx: tx.execute(
            text(
                "SELECT relname FROM pg_class WHERE relnamespace = 'sources'::regnamespace AND relkind IN "
                "('r', 'v', 'm', 'p', 'S') AND CASE relkind WHEN 'S' THEN has_sequence_privilege(:role, oid, 'USAGE') "
                "ELSE has_any_column_privilege(:role, oid, 'SELECT, INSERT, UPDATE, REFERENCES') END"
            ),
            {"role": run(login, lambda tx: tx.execute(text("SELECT current_user")).scalar())},
        ).all(),
    )
    assert rights == []


@pytest.mark.parametrize("login", BLIND)
def test_redemption_and_back_office_cannot_enter_the_schema_of_sources(run: Run, login: Login) -> None:
    may = run(login, lambda tx: tx.execute(text("SELECT has_schema_privilege('sources', 'USAGE')")).scalar())
    assert may is False


@pytest.mark.parametrize("login", APP_LOGINS)
def test_each_login_of_the_app_owns_nothing_and_is_no_superuser(run: Run, login: Login) -> None:
    owned = run(
        login,
        lambda tx: tx.execute(text("SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole")).scalar(),
    )
    powers = run(
        login,
        lambda tx: tx.execute(
            text("SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls FROM pg_roles "
                 "WHERE rolname = current_user")
        ).scalar(),
    )  # fmt: skip
    assert (owned, powers) == (0, False)


@pytest.mark.parametrize("login", APP_LOGINS)
def test_each_login_of_the_app_can_write_books(desk: Desk, run: Run, login: Login) -> None:
    desk.on(A, lambda book: book.capture("hold_1", 10), login)
    desk.on(A, lambda book: book.release("hold_1"), login)
    desk.on("mem_new", lambda book: book.clawback(5, occurred_at=desk.now), login)
    assert desk.accounts(A) == {"issued": 100, "available": 90, "redeemed": 10}
    assert desk.verify().bad is None
