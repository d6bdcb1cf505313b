"""What each database login may do to the tables of identity, tried for real."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from mall.db import Login, engine

REFUSED = [
    (Login.EARNING, "SELECT password_hash FROM members"),
    (Login.EARNING, "UPDATE members SET status = 'closed'"),
    (
        Login.EARNING,
        "INSERT INTO members (id, nickname, status, created_at, username) VALUES ('x','x','active',now(),'x')",
    ),
    (Login.EARNING, "SELECT password_hash FROM staff"),
    (Login.EARNING, "INSERT INTO login_sessions (id) VALUES ('x')"),
    (Login.EARNING, "UPDATE login_sessions SET member_id = 'x'"),
    (Login.EARNING, "SELECT * FROM login_links"),
    (Login.EARNING, "INSERT INTO api_keys (id) VALUES ('x')"),
    (Login.EARNING, "SELECT * FROM audit_entries"),
    (Login.REDEMPTION, "SELECT totp_box FROM staff"),
    (Login.REDEMPTION, "UPDATE staff SET role = 'owner'"),
    (Login.REDEMPTION, "UPDATE api_clients SET scopes = '{}'"),
    (Login.REDEMPTION, "UPDATE api_keys SET revoked_at = NULL"),
    (Login.REDEMPTION, "DELETE FROM members"),
    (Login.REDEMPTION, "SELECT * FROM audit_entries"),
    (Login.BACKOFFICE, "SELECT password_hash FROM members"),
    (Login.BACKOFFICE, "UPDATE members SET created_at = now()"),
    (Login.BACKOFFICE, "UPDATE member_notes SET words = 'x'"),
    (Login.BACKOFFICE, "DELETE FROM member_notes"),
    (Login.REDEMPTION, "SELECT words FROM member_notes"),
    (Login.BACKOFFICE, "SELECT * FROM login_links"),
    (Login.BACKOFFICE, "DELETE FROM staff"),
]


@pytest.mark.parametrize(("login", "statement"), REFUSED, ids=lambda value: str(value)[:60])
def test_a_login_may_not(app, login, statement):
    with pytest.raises(ProgrammingError) as refused, engine(login).begin() as connection:
        connection.execute(text(statement))
    assert isinstance(refused.value.orig, psycopg.errors.InsufficientPrivilege)
