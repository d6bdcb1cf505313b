"""Pages about a member's data: privacy in words, the way to the download, and leaving only when it is meant."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from mall.db import Login

pytestmark = pytest.mark.usefixtures("unguarded")
LEAVE = "/me/leave"


@pytest.fixture
def status(run):
    return lambda member: run(
        Login.OWNER,
        lambda tx: tx.execute(text("SELECT status FROM members WHERE id = :id"), {"id": member.id}).scalar(),
    )


@pytest.mark.parametrize("language", ["zh", "en"])
def test_anybody_reads_what_is_kept(client, language):
    answer = client.get("/privacy", headers={"Accept-Language": language})
    assert answer.status_code == 200
    assert {"zh": "收不到您反映的内容", "en": "never receives what you report"}[language] in answer.text


def test_the_page_leads_to_the_download_and_to_the_way_out(client, make_member):
    page = client.get("/me/data", headers=make_member().auth).text
    assert 'href="/api/v1/me/export" download' in page
    assert f'href="{LEAVE}"' in page


def test_leaving_needs_a_tick_and_then_closes_the_account(client, make_member, status):
    member = make_member()
    assert client.get(LEAVE, headers=member.auth).status_code == 200
    again = client.post(LEAVE, data={}, headers=member.auth)
    assert (again.status_code, again.headers["Location"], status(member)) == (303, LEAVE, "active")
    done = client.post(LEAVE, data={"sure": "1"}, headers=member.auth)
    assert (done.status_code, done.headers["Location"], status(member)) == (303, "/", "closed")
    assert client.get("/me/data", headers=member.auth).status_code == 303


def test_a_session_of_yesterday_is_asked_for_the_password_first(client, make_member, run, status):
    member = make_member()
    old = "UPDATE login_sessions SET authenticated_at = now() - interval '1 day'"
    run(Login.OWNER, lambda tx: tx.execute(text(old)))
    asked = client.get(LEAVE, headers=member.auth)
    assert (asked.status_code, asked.headers["Location"]) == (303, f"/me/confirm?next={LEAVE}")
    refused = client.post(LEAVE, data={"sure": "1"}, headers=member.auth)
    assert refused.status_code in (303, 403)
    assert status(member) == "active"
