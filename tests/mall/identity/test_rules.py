"""Pure rules of identity, and the job that tidies up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from mall.db import Login
from mall.errors import Forbidden
from mall.http.principals import MemberPrincipal
from mall.identity.devices import device_name
from mall.identity.jobs import tidy_identity
from mall.identity.login_links import create_login_link
from mall.identity.models import LoginAttempts, LoginLink, LoginSession, UsedNonce
from mall.identity.password_rules import refusal
from mall.identity.sessions import API, MOST_SESSIONS, open_session
from mall.identity.step_up import RECENT, is_recent, require_recent
from mall.identity.tokens import digest, looks_like_secret, new_secret

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("1234567", "short"),
        ("x1" * 64 + "y", "long"),
        ("PassWord", "common"),
        ("ａｂｃ12345", "common"),
        ("abababababab", "common"),
        ("Alice-Alice", None),
        ("alicealice", "username"),
        ("correct horse", None),
        ("一二三四五六七八", None),
    ],
)
def test_a_password_is_refused_for_one_reason(password, why):
    assert refusal(password, "Alice") == why


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0) AppleWebKit Safari/604.1 MicroMessenger/8.0.40", "WeChat · iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit Chrome/120.0 Safari/537.36 Edg/120.0", "Edge · Windows"),
        ("curl/8.0", ""),
        (None, ""),
    ],
)
def test_a_device_has_a_short_name(agent, name):
    assert device_name(agent) == name


def member(**change):
    return MemberPrincipal("mem_1", "ses_1", **{"authenticated_at": NOW, **change})


def test_a_password_given_is_recent_for_fifteen_minutes():
    assert is_recent(member(), NOW + RECENT)
    assert not is_recent(member(), NOW + RECENT + timedelta(seconds=1))
    assert not is_recent(member(authenticated_at=None), NOW)
    for caller, code in (
        (member(restricted=True), "credential_required"),
        (member(authenticated_at=None), "confirmation_required"),
    ):
        with pytest.raises(Forbidden) as refused:
            require_recent(caller, NOW)
        assert refused.value.code == code


def test_secrets_have_256_bits():
    assert len(new_secret()) == 43
    assert len({new_secret() for _ in range(100)}) == 100
    assert looks_like_secret(new_secret("mss_"))
    assert not looks_like_secret("short") and not looks_like_secret(None) and not looks_like_secret("ü" * 43)


def test_tidying_deletes_what_is_over_and_nothing_else(run, make_member):
    one = make_member()

    def fill(tx):
        for age in (timedelta(0), timedelta(days=31)):
            open_session(tx, NOW - age, kind=API, member_id=one.id)
            tx.add(LoginAttempts(subject=digest(str(age)), attempted_at=[NOW - age], latest_at=NOW - age))

    def links(tx):
        for age in (timedelta(days=31), timedelta(0)):
            create_login_link(tx, one.id, "/", NOW - age)

    def nonces(tx):
        for age in (timedelta(days=31), timedelta(0)):
            tx.add(UsedNonce(key_id="key_1", nonce_hash=digest(str(age)), used_at=NOW - age))

    run(Login.REDEMPTION, fill)
    run(Login.EARNING, links)
    run(Login.BACKOFFICE, nonces)
    assert tidy_identity(NOW) == {"sessions": 1, "links": 1, "attempts": 1, "nonces": 1}
    left = {}
    for login, model in (
        (Login.REDEMPTION, LoginLink),
        (Login.REDEMPTION, LoginAttempts),
        (Login.BACKOFFICE, UsedNonce),
        (Login.REDEMPTION, LoginSession),
    ):
        left[model] = run(login, lambda tx, of=model: tx.scalar(select(func.count()).select_from(of)))
    assert left == {LoginLink: 1, LoginAttempts: 1, UsedNonce: 1, LoginSession: 2}


def test_a_member_has_a_hundred_sessions_at_most(run, make_member):
    one = make_member()
    for _ in range(MOST_SESSIONS + 1):
        run(Login.REDEMPTION, lambda tx: open_session(tx, NOW, kind=API, member_id=one.id))
    assert run(Login.REDEMPTION, lambda tx: tx.scalar(select(func.count()).select_from(LoginSession))) == MOST_SESSIONS
