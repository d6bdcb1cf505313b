"""``flask rules``: the rule set as one file, from a shell."""

from __future__ import annotations

import json
from typing import TextIO

import click
from flask import Flask
from flask_babel import force_locale

from admin.rule_set import SECTIONS, read_rule_set, written
from mall import clock
from mall.commands import DatabaseGroup
from mall.db import Login, run_tx
from mall.errors import MallError
from mall.http.problems import TITLES, plain_errors
from points.earning.compare_display import line_name
from points.earning.rule_set import Imported, export_rule_set, import_rule_set, preview_rule_set
from points.earning.versions import By

ACTOR = "cli"

rule_commands = DatabaseGroup("rules", help="The rule set as one file.")


@rule_commands.command("export")
@click.argument("file", type=click.File("w", encoding="utf-8", atomic=True))
def export_command(file: TextIO) -> None:
    """Write everything in force to FILE (- for standard output)."""
    file.write(written(run_tx(Login.EARNING, lambda tx: export_rule_set(tx, SECTIONS, clock.now()))))


@rule_commands.command("import")
@click.argument("file", type=click.File("r", encoding="utf-8"))
@click.option("--dry-run", is_flag=True, help="Tell the difference and change nothing.")
def import_command(file: TextIO, dry_run: bool) -> None:
    """Draft what FILE (- for standard input) says otherwise: all of it or nothing; it publishes nothing."""
    try:
        value = json.load(file)
    except (ValueError, RecursionError) as error:
        raise click.ClickException(f"This is no JSON in UTF-8: {error}") from error
    by, work = By(ACTOR, True, clock.now()), preview_rule_set if dry_run else import_rule_set
    with force_locale("en"):
        try:
            found = run_tx(Login.EARNING, lambda tx: work(tx, SECTIONS, read_rule_set(value), by))
        except MallError as refused:
            raise click.ClickException(_reasons(refused)) from refused
        for line in _told(found):
            click.echo(line)
    click.echo("Nothing was changed: a dry run." if dry_run else "Done.")


def _reasons(refused: MallError) -> str:
    if refused.errors is None:
        return str(refused.detail or TITLES[refused.code])
    told = [f"{path}: {' '.join(texts)}" for path, texts in plain_errors(refused.errors).items()]
    return "\n".join(["Refused, nothing was changed.", *told])


def _told(found: Imported) -> list[str]:
    lines = []
    for change in found.changes:
        version = f" version {change.version}" if change.version is not None else ""
        lines.append(f"{change.section} {change.key}: {change.action}{version}")
        lines += [f"  {line_name(one.path)}: {one.before or '-'} → {one.after or '-'}" for one in change.differences]
    lines += [f"{section} {key}: not in the file, kept" for section, key in found.kept]
    return [*lines, f"{found.unchanged} unchanged"]


def register(app: Flask) -> None:
    """Add the commands to the app."""
    app.cli.add_command(rule_commands)
