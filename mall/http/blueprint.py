"""Blueprints of the API: flask-smorest's, so that every route is in the OpenAPI document."""

from __future__ import annotations

from flask_smorest import Blueprint

API_PREFIX = "/api/v1"


def api_blueprint(name: str, import_name: str, *, description: str = "") -> Blueprint:
    """A blueprint under ``/api/v1``; ``name`` is its tag in the OpenAPI document."""
    return Blueprint(name, import_name, url_prefix=API_PREFIX, description=description)
