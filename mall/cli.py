"""Commands of the machinery: ``serve``, ``worker``, ``jobs``."""

from __future__ import annotations

from dataclasses import replace

import click
import flask_migrate
from flask import Flask, current_app
from flask.cli import with_appcontext

from mall import clock
from mall.commands import DatabaseGroup
from mall.jobs import JOBS, run_job
from mall.parent import end_with
from mall.proxies import this_app
from mall.serve import Supervisor
from mall.worker import run_worker

jobs = DatabaseGroup("jobs", help="Scheduled jobs.")


@jobs.command("run")
@click.argument("name")
def run(name: str) -> None:
    """Run the job NAME now and print what it did."""
    if name not in JOBS:
        raise click.ClickException(f"No job {name!r}. There are: {', '.join(sorted(JOBS))}")
    summary = run_job(name, clock.now())
    if summary is None:
        raise click.ClickException(f"{name} is running elsewhere.")
    click.echo(f"{name}: " + (", ".join(f"{key} {value}" for key, value in summary.items()) or "done"))


@jobs.command("list")
def list_jobs() -> None:
    """List the jobs and how often they run."""
    for name, job in sorted(JOBS.items()):
        click.echo(f"{name}  every {job.every}")


@click.command("worker")
@click.option("--once", is_flag=True, help="Do what is due and end.")
@click.option("--parent", type=int, hidden=True, help="End when this process does.")
@with_appcontext
def worker(once: bool, parent: int | None) -> None:
    """Handle outbox messages and run due jobs until stopped."""
    if parent is not None:
        end_with(parent)
    run_worker(this_app(), once=once)


@click.command("serve")
@click.option("--port", type=click.IntRange(1, 65535), help="Port (default: PORT, or 8000).")
@click.option("--workers", type=click.IntRange(1, 64), help="Worker processes (default: WORKERS, or 2).")
@click.option("--demo", is_flag=True, help="Load the demo and replay the city's requests first.")
@with_appcontext
def serve(port: int | None, workers: int | None, demo: bool) -> None:
    """Serve the mall: stores, migrations, HTTP server and worker, until stopped."""
    settings = current_app.extensions["settings"]
    settings = replace(settings, port=port or settings.port, workers=workers or settings.workers)
    supervisor = Supervisor(
        settings,
        current_app.extensions["stores"],
        before=[["demo", "load"]] if demo else [],
        when_ready=[["demo", "replay", "--welcome"]] if demo else [],
        log_file=settings.var / "serve.log" if demo else None,
        banner=None if demo else lambda: f"The mall is open at {supervisor.url}/ (Ctrl-C stops it)",
    )
    supervisor.claim()
    if supervisor.log_file is not None:
        click.echo(f"Log: {supervisor.log_file}")
    flask_migrate.upgrade()
    supervisor.run()


def register(app: Flask) -> None:
    """Add the commands to the app."""
    for command in (jobs, worker, serve):
        app.cli.add_command(command)
