"""The programs around the mall: who calls it, who pays through it, whom it calls; and what each caller asked."""

from __future__ import annotations

from flask import render_template

from admin.integrations import integrations
from admin.pages.blueprint import desk
from admin.pages.lists import list_query
from admin.routes.integrations import READERS, RequestsQuery
from mall.db import Login
from mall.http.call import Call
from mall.http.ids import checked_id
from mall.http.page import page
from mall.identity.api_clients import find_client
from mall.request_log import requests_page

pages = desk("integrations", __name__)


@page(pages, "GET", "/integrations", auth=READERS, login=Login.BACKOFFICE)
def integrations_page(call: Call) -> str:
    """The state of everything, with the way to each."""
    return render_template(
        "admin/integrations.html", found=integrations(call.tx, call.now), is_owner=call.staff.role == "owner"
    )  # fmt: skip


@page(pages, "GET", "/api-clients/<client_id>/requests", auth=READERS, login=Login.BACKOFFICE)
def client_requests(call: Call, client_id: str) -> str:
    """What a reporting system asked, newest first."""
    client = find_client(call.tx, checked_id(client_id))
    query, errors = list_query(RequestsQuery())
    found = requests_page(call.tx, client.id, query.get("outcome"), query["limit"], query.get("cursor"))
    return render_template(
        "admin/client_requests.html", client=client, items=found["items"], next_cursor=found["next_cursor"],
        outcome=query.get("outcome") or "", errors=errors, is_owner=call.staff.role == "owner",
    )  # fmt: skip
