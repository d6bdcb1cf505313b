"""The button beside "Done": puts back what it was before, unless somebody has changed it meanwhile."""

from __future__ import annotations

from flask import flash, redirect
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from admin.pages.blueprint import desk
from admin.undo.keep import take_back
from mall.db import Login
from mall.http.call import Call
from mall.http.ids import checked_id
from mall.http.page import page
from mall.http.principals import staff

pages = desk("undo", __name__)


@page(pages, "POST", "/undo/<undo_id>", auth=staff(), login=Login.BACKOFFICE, on_error="/admin")
def undo(call: Call, undo_id: str) -> Redirect:
    """Take back one's own deed of the last ten minutes."""
    back, figures = take_back(call, checked_id(undo_id))
    if figures is None:
        flash(_("It is too late to undo this."), "error")
    elif figures[1] == 0:
        flash(_("Undone: everything is as it was before."), "success")
    else:
        flash(_("Undone: %(done)s. Changed by somebody meanwhile and left as it is: %(left)s.",
                done=figures[0], left=figures[1]), "error")  # fmt: skip
    return redirect(back, 303)
