"""Each list as a file, at ``/admin/files`` and the path of its page; with the same filters, for the same roles."""

from __future__ import annotations

from flask import Response, request, url_for

from admin.lists.declare import OfficeList
from admin.lists.send import send_list
from admin.lists.table import ALL
from admin.pages.blueprint import desk
from mall.http.call import Call
from mall.http.page import page

pages = desk("files", __name__)
_files: dict[str, str] = {}
"""Endpoint of the file by that of the page."""


def _serve(wanted: OfficeList) -> None:
    def file(call: Call, **path_args: str) -> Response:
        return send_list(call, wanted, **path_args)

    file.__name__ = wanted.file_endpoint.rpartition(".")[2]
    page(pages, "GET", f"/files{wanted.rule}", auth=wanted.auth, login=wanted.login)(file)
    _files[wanted.page] = wanted.file_endpoint


def file_url() -> str | None:
    """Where the list that is being shown can be had as a file, with its filters; None: this page is no list."""
    endpoint = _files.get(request.endpoint or "")
    if request.method != "GET" or endpoint is None:
        return None
    kept = {name: text for name, text in request.args.items() if name not in ("cursor", "limit", "lang", "format")}
    return url_for(endpoint, **{**(request.view_args or {}), **kept})


for one in ALL:
    _serve(one)
