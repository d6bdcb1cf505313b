"""``flask staff …`` and ``flask client …``: the first accounts of an installation."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import click
from flask import Flask
from flask_babel import force_locale
from sqlalchemy.orm import Session

from mall import clock
from mall.commands import DatabaseGroup
from mall.db import Login, run_tx
from mall.errors import MallError, NotFound
from mall.http.problems import TITLES
from mall.identity.api_clients import NewClient, ShownKey, add_key, create_client
from mall.identity.models import Staff
from mall.identity.passwords import check_new_password, hash_password
from mall.identity.roles import ROLES, SCOPES
from mall.identity.staff import create_staff, disable_staff, find_staff, list_staff, new_staff
from mall.identity.staff_care import reset_authenticator, set_staff_password

ACTOR = "cli"
staff_cli = DatabaseGroup("staff", help="People who work in the back office.")
client_cli = DatabaseGroup("client", help="Reporting systems that use the API.")


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Refusals as one line of English and exit code 1: commands speak one language."""
    with force_locale("en"):
        try:
            yield
        except MallError as error:
            fields = [f"{name}: {' '.join(map(str, texts))}" for name, texts in (error.errors or {}).items()]
            said = "; ".join(fields) or str(error.detail or TITLES.get(error.code, error.code))
            raise click.ClickException(said) from error


def _one_line(stream: object) -> str:
    line: str = stream.readline()  # type: ignore[attr-defined]
    return line.rstrip("\r\n")


@staff_cli.command("create")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), required=True)
@click.option("--password-stdin", is_flag=True, help="Read the password from one line of standard input.")
def create_staff_command(name: str, role: str, password_stdin: bool) -> None:
    """Open an account of staff; asks for the password unless told to read it."""
    if password_stdin:
        password = _one_line(sys.stdin)
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    with _plain_errors():
        entry = new_staff(name, password, role)
        run_tx(Login.BACKOFFICE, lambda tx: create_staff(tx, entry, clock.now(), ACTOR))
    click.echo(f"{entry.username} may now sign in as {role}.")


@staff_cli.command("list")
def list_staff_command() -> None:
    """List all staff."""
    for found in run_tx(Login.BACKOFFICE, list_staff):
        state = "disabled" if found.disabled_at else "active"
        click.echo(f"{found.username}\t{found.role}\t{state}\t{found.created_at:%Y-%m-%d}")


@staff_cli.command("disable")
@click.argument("name")
def disable_staff_command(name: str) -> None:
    """Close an account of staff and end its sessions."""

    def work(tx: Session) -> Staff:
        return disable_staff(tx, name, clock.now(), ACTOR)

    try:
        found = run_tx(Login.BACKOFFICE, work)
    except NotFound as error:
        raise click.ClickException(f"There is no member of staff called {name}.") from error
    click.echo(f"{found.username} can no longer sign in.")


@staff_cli.command("reset-password")
@click.argument("name")
@click.option("--password-stdin", is_flag=True, help="Read the password from one line of standard input.")
def reset_password_command(name: str, password_stdin: bool) -> None:
    """Give staff another password and end their sessions and links."""
    if password_stdin:
        password = _one_line(sys.stdin)
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    with _plain_errors():
        found = run_tx(Login.BACKOFFICE, lambda tx: find_staff(tx, name))
        check_new_password(password, found.username)
        chosen = hash_password(password)
        run_tx(Login.BACKOFFICE, lambda tx: set_staff_password(tx, found.id, chosen, clock.now(), ACTOR))
    click.echo(f"{found.username} has a new password and is signed out everywhere.")


@staff_cli.command("reset-totp")
@click.argument("name")
def reset_totp_command(name: str) -> None:
    """Take off the authenticator of staff who lost it, and end their sessions."""

    def work(tx: Session) -> Staff:
        found = find_staff(tx, name)
        reset_authenticator(tx, found.id, clock.now(), ACTOR)
        return found

    with _plain_errors():
        found = run_tx(Login.BACKOFFICE, work)
    click.echo(f"{found.username} signs in with the password alone until an authenticator is set up.")


@client_cli.command("create")
@click.argument("name")
@click.option("--scope", "scopes", type=click.Choice(SCOPES), multiple=True, required=True)
@click.option("--daily-cap", type=click.IntRange(min=0), help="Points the client may grant by itself in a day.")
@click.option("--allow", "networks", multiple=True, help="Address or range it may call from; none: any.")
@click.option("--expires-in-days", type=click.IntRange(1, 3650), default=365, show_default=True)
@click.option("--signed-only", is_flag=True, help="Requests must be signed (RFC 9421, hmac-sha256).")
def create_client_command(
    name: str,
    scopes: tuple[str, ...],
    daily_cap: int | None,
    networks: tuple[str, ...],
    expires_in_days: int,
    signed_only: bool,
) -> None:
    """Create a client; its key is the last line, shown this once."""
    now = clock.now()
    wanted = NewClient(name, scopes, daily_cap, list(networks) or None, signed_only)

    def work(tx: Session) -> ShownKey:
        client = create_client(tx, wanted, now, ACTOR)
        return add_key(tx, client.id, now, ACTOR, now + timedelta(days=expires_in_days))

    with _plain_errors():
        key = run_tx(Login.BACKOFFICE, work)
    if signed_only:
        click.echo(f"keyid: {key.id}")
    click.echo(key.secret)


def register(app: Flask) -> None:
    """Add the commands to ``flask``."""
    app.cli.add_command(staff_cli)
    app.cli.add_command(client_cli)
