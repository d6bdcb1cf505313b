"""A new password by two of the staff: who may ask and approve, what the link does, once, and what it ends."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import text

from mall.db import Login
from mall.identity.models import Staff

URL = "/api/v1/admin/password-resets"
WHY = {"reason": "lost phone and codes", "identified": "came in person, card seen"}
PASSWORD, NEW = "a long enough phrase", "quite another phrase"
pytestmark = pytest.mark.usefixtures("unguarded")


@pytest.fixture
def two(make_staff):
    return make_staff("rules"), make_staff("rules")


def keyed(who, key="k-1"):
    return {**who.auth, "Idempotency-Key": key}


def ask(client, who, member_id, **more):
    return client.post(URL, json={"member": member_id, **WHY, **more}, headers=who.auth)


def approve(client, who, reset_id, key="k-1"):
    return client.post(f"{URL}/{reset_id}/approve", headers=keyed(who, key))


def sign_in(client, password):
    answer = client.post("/api/v1/sessions", json={"username": "grandma", "password": password})
    return answer.status_code


def kept(run):
    asked = """SELECT (SELECT password_hash FROM members WHERE username_key = 'grandma'),
     (SELECT count(*) FROM login_sessions WHERE member_id IS NOT NULL), (SELECT count(*) FROM recovery_codes),
     (SELECT string_agg(state || coalesce(encode(token_hash, 'hex'), ''), ',' ORDER BY id) FROM password_resets)"""
    return tuple(run(Login.OWNER, lambda tx: tx.execute(text(asked)).one()))


def told(run):
    asked = "SELECT payload ->> 'kind' FROM outbox_messages WHERE topic = 'account.told' ORDER BY id"
    return run(Login.OWNER, lambda tx: tx.execute(text(asked)).scalars().all())


def test_one_asks_another_approves_and_the_link_sets_one_new_password(client, make_member, two, run):
    member, (first, second) = make_member("grandma"), two
    client.post("/me/recovery-codes", headers=member.auth)
    asked = ask(client, first, member.id).json
    assert (asked["state"], asked["requested_by"], asked["identified"]) == (
        "requested", f"staff:{first.id}", WHY["identified"],
    )  # fmt: skip
    done = approve(client, second, asked["id"]).json
    assert done["state"] == "approved"
    path = done["link"].removeprefix("http://localhost")
    assert approve(client, second, asked["id"]).json["link"] is None  # a repeat shows it no more
    page = client.get(path, headers={"Accept-Language": "en"})
    assert "@grandma" in page.text
    assert (page.headers["Cache-Control"], page.headers["Referrer-Policy"]) == ("no-store", "no-referrer")
    before = kept(run)
    assert client.post(path, data={"new_password": "short"}).status_code == 422
    assert kept(run) == before
    used = client.post(path, data={"new_password": NEW})
    assert (used.status_code, used.headers["Location"]) == (303, "/sign-in")
    assert client.get("/api/v1/me", headers=member.auth).status_code == 401
    assert (sign_in(client, PASSWORD), sign_in(client, NEW)) == (401, 201)
    assert kept(run)[2] == 0
    for method in (client.get, client.post):
        assert method(path, data={"new_password": "a third phrase to use"}).status_code == 404
    assert sign_in(client, NEW) == 201
    assert client.get(f"{URL}/{asked['id']}", headers=first.auth).json["state"] == "used"
    assert told(run)[-2:] == ["account.reset_approved", "account.password_reset"]
    trail = "SELECT action, detail FROM audit_entries WHERE action LIKE 'member.%reset%' ORDER BY id"
    noted = run(Login.OWNER, lambda tx: [tuple(row) for row in tx.execute(text(trail))])
    assert [action for action, _detail in noted] == [
        "member.reset_asked", "member.reset_approved", "member.password_reset",
    ]  # fmt: skip
    assert all(detail == {"reset": asked["id"]} for _action, detail in noted)


def test_nobody_approves_alone_without_a_fresh_sign_in_or_twice(client, make_member, make_staff, two, run):
    member, (first, second) = make_member("grandma"), two
    reset_id = ask(client, first, member.id).json["id"]
    before = kept(run)
    refused = approve(client, first, reset_id)
    assert (refused.status_code, refused.json["code"]) == (409, "own_request")
    again = ask(client, second, member.id)
    assert (again.status_code, again.json["code"]) == (409, "reset_asked")
    assert ask(client, make_staff("auditor"), member.id).status_code == 403
    assert ask(client, first, member.id, identified="").status_code == 422
    old = "UPDATE login_sessions SET authenticated_at = now() - interval '16 minutes' WHERE staff_id = :id"
    run(Login.OWNER, lambda tx: tx.execute(text(old), {"id": second.id}))
    refused = approve(client, second, reset_id)
    assert (refused.status_code, refused.json["code"]) == (403, "step_up_required")
    assert kept(run) == before
    third = make_staff("owner")
    links = [approve(client, third, reset_id, f"k-{number}").json["link"] for number in (1, 2)]
    gone, good = (client.get(link.removeprefix("http://localhost")).status_code for link in links)
    assert (gone, good) == (404, 200)  # whoever approved may replace a link that was lost
    refused = approve(client, make_staff("rules"), reset_id)
    assert (refused.status_code, refused.json["code"]) == (409, "already_decided")
    refused = client.post(f"{URL}/{reset_id}/reject", json={"reason": "late"}, headers=first.auth)
    assert refused.json["code"] == "already_decided"
    late = "UPDATE password_resets SET expires_at = now() - interval '1 second'"
    run(Login.OWNER, lambda tx: tx.execute(text(late)))
    assert client.post(links[1].removeprefix("http://localhost"), data={"new_password": NEW}).status_code == 404
    assert sign_in(client, PASSWORD) == 201


def test_neither_for_a_colleague_nor_for_an_account_without_a_password(client, make_member, two, run):
    (first, second), member = two, make_member("grandma")
    rename = "UPDATE staff SET username = :name, username_key = :name WHERE id = :id"
    for colleague in (first, second):
        run(Login.OWNER, lambda tx, c=colleague: tx.execute(text(rename), {"name": "grandma", "id": c.id}))
        refused = ask(client, first, member.id)
        assert (refused.status_code, refused.json["code"]) == (409, "colleagues_account")
        other = {"name": f"someone-{colleague.id[-4:]}", "id": colleague.id}
        run(Login.OWNER, lambda tx, o=other: tx.execute(text(rename), o))
    opened = "INSERT INTO members (id, nickname, status, created_at) VALUES ('mem_u', 'U', 'active', now())"
    run(Login.OWNER, lambda tx: tx.execute(text(opened)))
    assert ask(client, first, "mem_u").json["code"] == "no_password"
    assert ask(client, first, "mem_nobody").status_code == 404
    reset_id = ask(client, first, member.id).json["id"]
    run(Login.OWNER, lambda tx: tx.execute(text(rename), {"name": "grandma", "id": first.id}))
    assert approve(client, second, reset_id).json["code"] == "colleagues_account"  # joined the staff meanwhile
    assert run(Login.BACKOFFICE, lambda tx: tx.get(Staff, first.id)).username == "grandma"
    assert kept(run)[3] == "requested"


def test_leaving_takes_along_what_was_written_to_recognise_the_member(client, make_member, two, run):
    member = make_member("grandma")
    ask(client, two[0], member.id)
    assert client.delete("/api/v1/me", headers=member.auth).status_code == 204
    assert kept(run)[3] is None


def test_the_pages_ask_and_show_the_link_once(app, client, make_member, two):
    member, (first, second) = make_member("grandma"), two
    english = {"Accept-Language": "en"}

    def as_(who):
        browser = app.test_client()
        browser.post("/admin/sign-in", data={"username": who.username, "password": who.password})
        return browser

    asking, approving = as_(first), as_(second)
    assert "New password" in asking.get(f"/admin/members/{member.id}", headers=english).text
    sent = asking.post(f"/admin/members/{member.id}/password-reset", data={**WHY, "_key": "a-key-of-a-form"})
    here = sent.headers["Location"]
    assert here.startswith("/admin/password-resets/pwr_")
    assert "somebody else has to approve" in asking.get(here, headers=english).text
    assert member.id in approving.get("/admin/approvals").text
    shown = approving.post(f"{here}/approve", headers=english)
    link = re.search(r'id="reset-link">http://localhost(/reset/[\w-]+)<', shown.text)
    assert link and shown.headers["Cache-Control"] == "no-store"
    assert "/reset/" not in approving.get(here, headers=english).text
    assert client.post(link[1], data={"new_password": NEW}).status_code == 303
    assert sign_in(client, NEW) == 201
