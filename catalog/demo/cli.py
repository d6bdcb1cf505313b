"""``flask demo``: load the demo, replay real reports through the public API."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from flask import Flask, current_app

from catalog.demo.cases import events_of, read_requests
from catalog.demo.http_client import ApiClient, ApiRefused
from catalog.demo.load import load_demo
from catalog.demo.people import PASSWORD, NotADemo, read_key, read_people
from catalog.demo.replay import replay_events, summary
from mall import clock
from mall.commands import DatabaseGroup
from mall.identity.roles import ROLES
from points.ledger.cli import verdict

HERE = Path(__file__).resolve().parent
PEOPLE, REQUESTS = HERE / "people.json", HERE / "nyc311.csv"
LINE_EVERY = 200
"""Events between two lines of progress where no bar can be drawn."""
demo = DatabaseGroup("demo", help="A filled mall to look at; never for one that real people use.")


@demo.command("load")
def load() -> None:
    """Load members, staff, gifts and quizzes; what is there already stays as it is."""
    try:
        for line in load_demo(HERE, current_app.extensions["settings"], clock.now()):
            click.echo(line)
    except NotADemo as error:
        raise click.ClickException("This mall has staff of its own: the demo is for an empty mall.") from error


@demo.command("replay")
@click.option("--url", required=True, help="Address of the running mall, such as http://127.0.0.1:8000.")
@click.option("--welcome", "welcomes", is_flag=True, help="Say afterwards where everything is and who can sign in.")
def replay(url: str, welcomes: bool) -> None:
    """Send the 311 requests as tip outcomes through the public API, then prove the ledger."""
    key = read_key(current_app.extensions["settings"].var)
    if key is None:
        raise click.ClickException("There is no key: run `flask --app wsgi demo load` first.")
    people, requests = read_people(PEOPLE), read_requests(REQUESTS)
    events = events_of(requests, [person["source_member"] for person in people])
    try:
        with ApiClient(url, key) as client, _progress(len(events)) as progress:
            done = replay_events(client, events, progress)
    except ApiRefused as error:
        raise click.ClickException(str(error)) from error
    nicknames = {person["source_member"]: person["nickname"] for person in people}
    for line in summary(done, len(requests), nicknames):
        click.echo(line)
    found = verdict()
    proof = "ok" if found.bad is None else f"BAD {found.bad}"
    click.echo(f"ledger verify: {proof} ({found.wallets:,} wallets, {found.postings:,} postings)")
    if welcomes:
        tell_where(url)
    if done.rejected or found.bad is not None:
        sys.exit(1)


@demo.command("welcome")
@click.option("--url", required=True, help="Address of the running mall.")
def welcome(url: str) -> None:
    """Say where everything is and who can sign in."""
    tell_where(url)


def tell_where(url: str) -> None:
    """The addresses of a mall with the demo in it, and its names and password."""
    names = ", ".join(person["username"] for person in read_people(PEOPLE)[:3])
    click.echo(f"\nThe mall is open:          {url}/")
    click.echo(f"Back office:               {url}/admin")
    click.echo(f"API reference:             {url}/api/docs")
    click.echo(f"Members:                   {names} and {len(read_people(PEOPLE)) - 3} more")
    click.echo(f"Staff:                     {', '.join(ROLES)}")
    click.echo(f"Everybody's password:      {PASSWORD}")
    click.echo("Ctrl-C stops everything; what was booked stays.\n")


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, now and then a line elsewhere; both on standard error."""
    if sys.stderr.isatty():
        with click.progressbar(length=total, label="replaying 311 requests", file=sys.stderr) as bar:
            yield bar.update
        return
    done = 0

    def tell(count: int) -> None:
        nonlocal done
        before, done = done, done + count
        if done == total or before // LINE_EVERY != done // LINE_EVERY:
            click.echo(f"replayed {done} of {total} events", err=True)

    yield tell


def register(app: Flask) -> None:
    """Add the commands to the app."""
    app.cli.add_command(demo)
