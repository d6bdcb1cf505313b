"""Ids of reporting systems in paths: they may hold slashes, raw or as %2F."""

from __future__ import annotations

from flask.blueprints import BlueprintSetupState
from flask_smorest import Blueprint
from werkzeug.routing import PathConverter


class OpaqueConverter(PathConverter):
    """Any id of the documented form; it may begin with a slash or hold two in a row."""

    regex = "[A-Za-z0-9._:~/-]+?"


def use_opaque_ids(blp: Blueprint) -> None:
    """Let the routes of ``blp`` that follow use ``<opaque:…>``."""

    def register(state: BlueprintSetupState) -> None:
        state.app.url_map.converters["opaque"] = OpaqueConverter

    blp.record(register)
