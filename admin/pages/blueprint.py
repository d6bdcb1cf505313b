"""Blueprints of the back office's pages."""

from __future__ import annotations

from flask import Blueprint

HOME = "/admin"


def desk(name: str, import_name: str) -> Blueprint:
    """A blueprint of pages under ``/admin``; its endpoints are named ``desk-NAME.function``."""
    return Blueprint(f"desk-{name}", import_name, url_prefix=HOME)
