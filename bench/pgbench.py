"""The floor under credits and orders: PostgreSQL's own pgbench with the least each can be."""

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
CREATE TABLE bare.orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, member_id bigint, placed_at timestamptz);
CREATE TABLE bare.stock (item_id bigint PRIMARY KEY, on_hand bigint NOT NULL) WITH (fillfactor = 50);
INSERT INTO bare.stock VALUES (1, 1000000000);
"""
CREDIT = """\\set member random(1, 50000)
WITH event AS (INSERT INTO bare.events VALUES (uuid_send(gen_random_uuid()), :member) RETURNING member_id),
 wallet AS (UPDATE bare.wallets SET version = version + 1, available = available + 5
  WHERE member_id = (SELECT member_id FROM event) RETURNING member_id, version)
INSERT INTO bare.postings SELECT member_id, version, 5, now() FROM wallet;
"""
HOT_ORDER = """\\set member random(1, 50000)
BEGIN;
WITH wallet AS (UPDATE bare.wallets SET version = version + 1, available = available - 1
  WHERE member_id = :member RETURNING member_id, version)
INSERT INTO bare.postings SELECT member_id, version, -1, now() FROM wallet;
INSERT INTO bare.orders (member_id, placed_at) VALUES (:member, now());
UPDATE bare.stock SET on_hand = on_hand - 1 WHERE item_id = 1 AND on_hand > 0;
COMMIT;
"""
CLIENTS = 16


def bare_credits(dsn: str, binary: Path, seconds: int, folder: Path) -> float:
    """Minimal credits a second with 16 clients, each a transaction of its own."""
    return _rate(CREDIT, dsn, binary, seconds, folder)


def bare_orders(dsn: str, binary: Path, seconds: int, folder: Path) -> float:
    """Minimal orders of one gift a second with 16 clients: wallet, posting, order, and the row of stock last."""
    return _rate(HOT_ORDER, dsn, binary, seconds, folder)


def _rate(script: str, dsn: str, binary: Path, seconds: int, folder: Path) -> float:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(TABLES)
    file = folder / "transaction.sql"
    file.write_text(script)
    command = [str(binary), "-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "2", "-T", str(seconds)]
    done = subprocess.run([*command, "-f", str(file), dsn], capture_output=True, text=True, check=False)
    found = re.search(r"^tps = ([0-9.]+)", done.stdout, re.M)
    if found is None:
        raise SystemExit(f"pgbench failed: {done.stderr[-800:]}")
    return float(found.group(1))
