"""What waits for a second person: rule versions, adjustments, merges and new passwords, awards and appeals."""

from __future__ import annotations

from flask import render_template

from admin.pages.blueprint import desk
from admin.people import names_of_staff, nicknames_of
from admin.routes.awards import EDITORS, READERS
from catalog.merging.requests import merge_page
from catalog.wording import in_language
from mall.db import Login
from mall.http.call import Call
from mall.http.page import page
from mall.i18n import language
from mall.identity.resets import reset_page
from points.adjustments.requests import adjustment_page
from points.earning.appeals import open_appeals
from points.earning.award_lists import AwardFilter, count_waiting
from points.earning.versions import rules, version

pages = desk("approvals", __name__)
MOST_SHOWN = 50


@page(pages, "GET", "/approvals", auth=READERS, login=Login.EARNING)
def inbox(call: Call) -> str:
    """Everything that somebody has to decide on."""
    listed = rules(call.tx, call.now)
    versions = [
        {"view": version(call.tx, view.key, view.open_version, call.now), "title": in_language(view.title, language())}
        for view in listed
        if view.open_version is not None and view.open_state in ("submitted", "approved")
    ]
    asked = adjustment_page(call.tx, "requested", MOST_SHOWN, None)
    merges = merge_page(call.tx, "requested", MOST_SHOWN, None)
    resets = reset_page(call.tx, "requested", MOST_SHOWN, None)
    members = [one.member_id for found in (asked, resets) for one in found["items"]]
    members += [side for one in merges["items"] for side in (one.source_id, one.target_id)]
    return render_template(
        "admin/approvals.html", versions=versions, awards=count_waiting(call.tx, AwardFilter(), call.now),
        appeals=open_appeals(call.tx), asked=asked, merges=merges, resets=resets,
        called=nicknames_of(call.tx, members),
        names=names_of_staff(call.tx), me=call.staff.name, may_edit=EDITORS.opens_for(call.staff),
    )  # fmt: skip
