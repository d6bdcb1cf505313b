"""The audit trail as a file: streamed, no cell a formula, the download noted; and from where each deed was done."""

from __future__ import annotations

import csv
import io
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import text

from mall.db import Login
from mall.http import downloads

URL = "/api/v1/admin/audit/file"
FILL = text("""INSERT INTO audit_entries (id, at, actor, action, subject, detail)
 SELECT 'aud_' || lpad(n::text, 26, '0'), now(), 'staff:x', 'gift.changed', 'gift:' || n, '{"after": "=1+1"}'
 FROM generate_series(1, :lines) AS n""")


def lines_of(answer: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))


def test_the_trail_is_a_file_without_formulas_and_the_download_is_in_the_trail(
    client: FlaskClient, make_staff: Callable[..., Any], make_member: Callable[..., Any], run: Any
) -> None:
    owner, auditor, member = make_staff(), make_staff("auditor"), make_member()
    note = {"reason": "=cmd|' /C calc'!A0"}
    client.post(f"/api/v1/admin/members/{member.id}/freeze", json=note, headers=owner.auth)
    heads, *rows = lines_of(client.get(f"{URL}?action=member.*", headers={**auditor.auth, "Accept-Language": "en"}))
    assert heads[2:7] == ["Who", "Name", "What", "To what", "From where"]
    assert [row[2:7] for row in rows] == [
        [f"staff:{owner.id}", owner.username, "member.frozen", f"member:{member.id}", "bearer 127.0.0.1"]
    ]
    assert "=cmd" in rows[0][7] and rows[0][7].startswith("{")
    _own, made = lines_of(client.get(f"{URL}?action=list.exported", headers=owner.auth))[1:]
    assert made[2] == f"staff:{auditor.id}" and '"format": "csv"' in made[7] and '"action": "member.*"' in made[7]
    book = load_workbook(io.BytesIO(client.get(f"{URL}?format=xlsx&action=member.*", headers=owner.auth).data))
    assert [row[4] for row in book.active.iter_rows(values_only=True)][1:] == ["member.frozen"]
    for wrong in ("format=pdf", "since=x", "kind=%00"):
        assert client.get(f"{URL}?{wrong}", headers=owner.auth).status_code == 422
    assert client.get(URL, headers=make_staff("rules").auth).status_code == 403
    member_deed = client.delete("/api/v1/me", headers=member.auth)
    assert member_deed.status_code == 204
    (left,) = client.get("/api/v1/admin/audit?action=member.left", headers=owner.auth).json["items"]
    assert left["origin"] is None


def test_a_long_trail_is_sent_as_it_is_read(
    client: FlaskClient, make_staff: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, run: Any
) -> None:
    owner = make_staff()
    run(Login.OWNER, lambda tx: tx.execute(FILL, {"lines": 3_000}))
    tracemalloc.start()
    answer = client.get(f"{URL}?action=gift.changed", headers=owner.auth, buffered=False)
    count = sum(part.count(b"\r\n") for part in answer.response)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 3_001
    assert peak < 12_000_000
    monkeypatch.setattr(downloads, "MOST_IN_WORKBOOK", 10)
    refused = client.get(f"{URL}?format=xlsx&action=gift.changed", headers=owner.auth)
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["format"])
