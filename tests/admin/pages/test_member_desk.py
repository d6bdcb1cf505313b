"""The members desk in the browser: notes, freezing, the household, and a duplicate merged by two persons."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import count

from mall.db import Login
from points.ledger.books import open_books

_keys = count(1)


def form(**fields):
    return {"_key": f"care-{next(_keys)}", **fields}


def credit(run, member, points):
    now = datetime.now(UTC)

    def work(tx):
        with open_books(tx, [member.id], now) as books:
            books[member.id].credit(points, expires_at=now + timedelta(days=90), occurred_at=now)

    run(Login.EARNING, work)


def test_a_member_is_looked_after(desk, make_member, run):
    member, mate = make_member(nickname="Chen"), make_member(nickname="Mate")
    rules, catalog = desk("rules"), desk("catalog")
    page = f"/admin/members/{member.id}"
    assert rules.post(f"{page}/notes", data=form(text="<b>patient</b>")).status_code == 303
    for one in (member, mate):
        rules.post(f"/admin/members/{one.id}/household", data={"household": "b3"})
    assert rules.post(f"{page}/freeze", data={"reason": "two phones", "until": "2999-01-01"}).status_code == 303
    shown = rules.get(page).text
    assert "&lt;b&gt;patient" in shown and "two phones" in shown and "Frozen until" in shown and "Mate" in shown
    seen = catalog.get(page).text
    assert "patient" not in seen and "two phones" not in seen and "/freeze" not in seen
    for wrong in ({"reason": ""}, {"reason": "x", "until": "soon"}):
        rules.post(f"/admin/members/{mate.id}/freeze", data=wrong)
    rules.post(f"{page}/unfreeze", data={"reason": "explained"})
    assert "/unfreeze" not in rules.get(page).text
    assert "Frozen until" not in rules.get(f"/admin/members/{mate.id}").text


def test_a_duplicate_is_merged_by_a_second_person_who_sees_what_will_happen(desk, make_member, run):
    old, new = make_member(nickname="Old"), make_member(nickname="New")
    credit(run, old, 40)
    credit(run, new, 2)
    first, second = desk("rules"), desk("rules")
    ahead = first.get("/admin/new-merge", query_string={"member": old.username, "into": new.id}).text
    assert re.search(r"Can be spent</th><td class=\"num\">40</td><td class=\"num\">2</td><td[^>]*>42<", ahead)
    assert "Nobody is called so" in first.get("/admin/new-merge?member=nobody&into=x").text
    assert first.get("/admin/new-merge?member=%00&into=x").status_code == 200
    for sent in ({"member": old.id, "into": "\0", "reason": "x"}, {"member": old.id, "into": new.id, "reason": ""}):
        assert first.post("/admin/new-merge", data=sent).status_code == 422
    asked = first.post("/admin/new-merge", data={"member": old.id, "into": new.id, "reason": "one phone"})
    path = asked.headers["Location"]
    assert "somebody else has to approve" in first.get(path).text and f"{path}/approve" not in first.get(path).text
    first.post(f"{path}/approve", data=form())
    assert path in second.get("/admin/approvals").text and path in second.get("/admin/merges").text
    once = form()
    for _ in range(2):
        assert second.post(f"{path}/approve", data=once).status_code == 303
    assert "Points moved" in second.get(path).text
    assert "was merged into another" in second.get(f"/admin/members/{old.id}").text
    assert old.id in second.get(f"/admin/members/{new.id}").text
    spent = run(Login.BACKOFFICE, lambda tx: [_available(tx, one.id) for one in (old, new)])
    assert spent == [0, 42]
    assert second.get(f"/admin/members/{old.id}").text.count("Afterwards") == 1


def _available(tx, member_id):
    with open_books(tx, [member_id], datetime.now(UTC)) as books:
        return books[member_id].wallet.available


def test_the_page_of_sources_wants_a_reason_and_is_kept_nowhere(desk, make_member, run):
    member, rules = make_member(), desk("rules")
    page = f"/admin/members/{member.id}"
    assert rules.post(f"{page}/sources", data={"reason": " "}).status_code == 303
    shown = rules.post(f"{page}/sources", data={"reason": "a complaint"})
    assert shown.status_code == 200 and shown.headers["Cache-Control"] == "no-store"
    assert rules.post("/admin/members/mem_none/sources", data={"reason": "a complaint"}).status_code == 404
    auditor = desk("auditor")
    assert "member.sources_read" in auditor.get("/admin/audit?action=member.*").text
    answer = auditor.get("/admin/files/audit?action=member.*")
    assert answer.status_code == 200 and b"member.sources_read" in answer.data and b"cookie 127.0.0.1" in answer.data
    assert auditor.get("/admin/files/audit?from=x").status_code == 422
    assert "/admin/files/audit?action=member" in auditor.get("/admin/audit?action=member.*").text
