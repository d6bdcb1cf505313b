"""``flask ledger``: commands of the ledger."""

from __future__ import annotations

import sys

import click
from flask import Flask, current_app

from mall.commands import DatabaseGroup
from mall.crypto import keyring
from mall.db import Login, run_tx
from points.ledger.seals import FILE_NAME, KEY_PURPOSE
from points.ledger.verify import Verdict, verify_ledger

ledger = DatabaseGroup("ledger", help="Prove the ledger.")


def verdict() -> Verdict:
    """Verify the running installation's ledger."""
    key = keyring().signing_key(KEY_PURPOSE).public_key()
    path = current_app.extensions["settings"].var / FILE_NAME
    return run_tx(Login.OWNER, lambda tx: verify_ledger(tx, path, key))


@ledger.command("verify")
def verify() -> None:
    """Prove sums, lots, holds, hash chains and seals. Exit 1 and the first bad row when one does not hold."""
    found = verdict()
    click.echo(f"{found.wallets} wallets, {found.postings} postings, {found.seals} seals read")
    if found.bad is not None:
        click.echo(f"BAD {found.bad}")
        sys.exit(1)
    click.echo("ledger ok")


def register(app: Flask) -> None:
    """Add the commands to the app."""
    app.cli.add_command(ledger)
