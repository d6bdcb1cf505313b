"""Work that takes a while: begun here, watched while it goes on, and what came of it fetched by who asked for it."""

from __future__ import annotations

from flask import Response, redirect, render_template, request
from werkzeug.wrappers import Response as Redirect

from admin.lists.background import ask_workbook
from admin.pages.blueprint import desk
from admin.pages.parcels import with_file
from admin.work.keep import KEPT, own_work, own_works
from mall.db import Login
from mall.errors import NotFound
from mall.http.call import Call
from mall.http.downloads import download
from mall.http.ids import checked_id
from mall.http.page import page, safe_path
from mall.http.principals import staff

pages = desk("work", __name__)


@page(pages, "GET", "/works", auth=staff(), login=Login.BACKOFFICE)
def works(call: Call) -> str:
    """What the reader has asked for since yesterday, the newest first."""
    return render_template("admin/works.html", works=own_works(call.tx, call.staff.staff_id))


@page(pages, "POST", "/works", auth=staff(), login=None, on_error="/admin/works")
def begin_workbook(call: Call) -> Redirect:
    """Have the workbook of a list made; asked for twice while it is being made, it is one."""
    path = safe_path(request.form.get("path"), "/")
    return redirect(f"/admin/works/{ask_workbook(call, path).id}", 303)


@page(pages, "GET", "/works/<work_id>", auth=staff(), login=Login.BACKOFFICE)
def work_page(call: Call, work_id: str) -> str:
    """How far it is, then what came of it."""
    work = own_work(call.tx, call.staff.staff_id, checked_id(work_id))
    told = with_file(work.result) if work.result is not None else None
    return render_template("admin/work.html", work=work, kept_until=work.created_at + KEPT, told=told)


@page(pages, "GET", "/works/<work_id>/file", auth=staff(), login=Login.BACKOFFICE)
def work_file(call: Call, work_id: str) -> Response:
    """The file that was made. Raises NotFound where there is none, or none yet."""
    work = own_work(call.tx, call.staff.staff_id, checked_id(work_id), with_file=True)
    if work.file is None or work.file_name is None:
        raise NotFound()
    name, _dot, kind = work.file_name.rpartition(".")
    return download(work.file, name, kind)
