"""The floor under every credit: PostgreSQL's own pgbench with the least a credit can be, as one statement."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import psycopg

TABLES = """
DROP SCHEMA IF EXISTS bare CASCADE; CREATE SCHEMA bare;
CREATE TABLE bare.events (event_key bytea PRIMARY KEY, member_id bigint NOT NULL);
CREATE TABLE bare.postings (member_id bigint, version bigint, points bigint NOT NULL, posted_at timestamptz NOT NULL,
  PRIMARY KEY (member_id, version));
CREATE TABLE bare.wallets (member_id bigint PRIMARY KEY, version bigint NOT NULL, available bigint NOT NULL)
  WITH (fillfactor = 70);
INSERT INTO bare.wallets SELECT n, 0, 0 FROM generate_series(1, 50000) n;
"""
CREDIT = """\\set member random(1, 50000)
WITH event AS (INSERT INTO bare.events VALUES (uuid_send(gen_random_uuid()), :member) RETURNING member_id),
 wallet AS (UPDATE bare.wallets SET version = version + 1, available = available + 5
  WHERE member_id = (SELECT member_id FROM event) RETURNING member_id, version)
INSERT INTO bare.postings SELECT member_id, version, 5, now() FROM wallet;
"""
CLIENTS = 16


def bare_credits(dsn: str, binary: Path, seconds: int, folder: Path) -> float:
    """Minimal credits a second with 16 clients, each a transaction of its own."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(TABLES)
    script = folder / "credit.sql"
    script.write_text(CREDIT)
    command = [str(binary), "-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "2", "-T", str(seconds)]
    done = subprocess.run([*command, "-f", str(script), dsn], capture_output=True, text=True, check=False)
    found = re.search(r"^tps = ([0-9.]+)", done.stdout, re.M)
    if found is None:
        raise SystemExit(f"pgbench failed: {done.stderr[-800:]}")
    return float(found.group(1))
