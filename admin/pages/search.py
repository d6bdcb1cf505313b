"""Search everywhere as a page; the dialog behind Ctrl-K takes its list from this page."""

from __future__ import annotations

from flask import render_template, request

from admin.pages.blueprint import desk
from admin.search.declare import MOST_ASKED
from admin.search.table import search
from mall.db import Login
from mall.http.call import Call
from mall.http.page import page
from mall.http.principals import staff

pages = desk("search", __name__)


@page(pages, "GET", "/search", auth=staff(), login=Login.BACKOFFICE)
def search_page(call: Call) -> str:
    """What the reader's desks find for ``?q=``."""
    asked = request.args.get("q", "").replace("\0", "")[:MOST_ASKED]
    return render_template("admin/search.html", asked=asked, groups=search(call.tx, call.staff, asked, call.now))
