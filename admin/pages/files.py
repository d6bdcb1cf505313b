"""Each list as a file, at ``/admin/files`` and the path of its page; with the same filters, for the same roles."""

from __future__ import annotations

from flask import Response, current_app, request, url_for

from admin.lists.declare import OfficeList
from admin.lists.send import send_list
from admin.lists.table import ALL
from admin.pages.blueprint import desk
from mall.http.call import Call
from mall.http.page import page

pages = desk("files", __name__)


def _named(endpoint: str) -> str:
    """``desk-gifts.gift_list`` as ``gifts-gift_list``, the name of its file's route."""
    return endpoint.removeprefix("desk-").replace(".", "-")


def _serve(wanted: OfficeList) -> None:
    def file(call: Call, **path_args: str) -> Response:
        return send_list(call, wanted, **path_args)

    file.__name__ = _named(wanted.page)
    page(pages, "GET", f"/files{wanted.rule}", auth=wanted.auth, login=wanted.login)(file)


def file_url() -> str | None:
    """Where the list that is being shown can be had as a file, with its filters; None: this page is no list."""
    endpoint = f"desk-files.{_named(request.endpoint or '')}"
    if request.method != "GET" or endpoint not in current_app.view_functions:
        return None
    kept = {name: text for name, text in request.args.items() if name not in ("cursor", "limit", "lang", "format")}
    return url_for(endpoint, **{**(request.view_args or {}), **kept})


for one in ALL:
    _serve(one)
