"""Recovery codes: made after the password, shown once, each good for one new password, guesses counted."""

from __future__ import annotations

import dataclasses
import re

import pytest
from sqlalchemy import text

from mall.db import Login

pytestmark = pytest.mark.usefixtures("unguarded")
NEW = "quite another phrase"


@pytest.fixture
def kept(run):
    """Hashes of codes, and the password's."""

    def read():
        asked = "SELECT (SELECT array_agg(code_hash ORDER BY 1) FROM recovery_codes), password_hash FROM members"
        return run(Login.OWNER, lambda tx: tx.execute(text(asked)).all())

    return read


def codes_of(client, member):
    page = client.post("/me/recovery-codes", headers=member.auth)
    assert page.headers["Cache-Control"] == "no-store"
    return re.findall(r"<code>([0-9a-z]{5}-[0-9a-z]{5})</code>", page.text)


def recover(client, username, code, password=NEW):
    return client.post("/forgot", data={"username": username, "code": code, "new_password": password})


def sign_in(client, username, password):
    answer = client.post("/api/v1/sessions", json={"username": username, "password": password})
    return answer.status_code


def test_a_code_sets_one_new_password_and_ends_every_session(client, make_member):
    member = make_member("grandma")
    codes = codes_of(client, member)
    assert len(set(codes)) == 10
    done = recover(client, "Grandma", codes[3].upper().replace("-", " "))
    assert (done.status_code, done.headers["Location"]) == (303, "/sign-in")
    assert client.get("/api/v1/me", headers=member.auth).status_code == 401
    assert (sign_in(client, "grandma", "a long enough phrase"), sign_in(client, "grandma", NEW)) == (401, 201)
    assert recover(client, "grandma", codes[3], "a third phrase to use").status_code == 422
    assert sign_in(client, "grandma", NEW) == 201


def test_new_codes_replace_the_old_and_the_page_shows_none_again(client, make_member, kept):
    member = make_member("grandma")
    first, second = codes_of(client, member), codes_of(client, member)
    page = client.get("/me/recovery-codes", headers={**member.auth, "Accept-Language": "en"}).text
    assert "You have 10 codes left." in page
    assert not any(code in page for code in second)
    before = kept()
    assert recover(client, "grandma", first[0]).status_code == 422
    assert kept() == before


@pytest.mark.parametrize(
    ("username", "code", "password"),
    [("grandma", "00000-00000", NEW), ("nobody", "00000-00000", NEW), ("grandma", "", NEW), ("grandma", None, "short")],
)
def test_a_wrong_name_code_or_password_changes_nothing(client, make_member, kept, username, code, password):
    codes = codes_of(client, make_member("grandma"))
    before = kept()
    assert recover(client, username, codes[0] if code is None else code, password).status_code == 422
    assert kept() == before


def test_guesses_count_as_attempts_to_sign_in(client, make_member, app, monkeypatch):
    settings = dataclasses.replace(app.extensions["settings"], ratelimit_enabled=True)
    monkeypatch.setitem(app.extensions, "settings", settings)
    codes = codes_of(client, make_member("grandma"))
    for number in range(10):
        assert recover(client, "grandma", f"0000{number}-00000").status_code == 422
    late = recover(client, "grandma", codes[0])
    assert late.status_code == 429
    assert int(late.headers["Retry-After"]) > 0
    assert sign_in(client, "grandma", "a long enough phrase") == 429


def test_codes_are_made_only_after_the_password_and_go_with_the_account(client, make_member, run, kept):
    member = make_member("grandma")
    codes_of(client, member)
    run(
        Login.OWNER,
        lambda tx: tx.execute(text("UPDATE login_sessions SET authenticated_at = now() - interval '1 day'")),
    )
    before = kept()
    asked = client.get("/me/recovery-codes", headers=member.auth)
    assert asked.headers["Location"] == "/me/confirm?next=/me/recovery-codes"
    client.post("/me/recovery-codes", headers=member.auth)
    assert kept() == before
    run(Login.OWNER, lambda tx: tx.execute(text("UPDATE login_sessions SET authenticated_at = now()")))
    assert client.delete("/api/v1/me", headers=member.auth).status_code == 204
    assert run(Login.OWNER, lambda tx: tx.execute(text("SELECT count(*) FROM recovery_codes")).scalar()) == 0
