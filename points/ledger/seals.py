"""Seals: signed Merkle blocks over wallet heads, and the file outside the database that remembers them.

The Ed25519 key comes from the secret key, which is not in the database. The heads go to ``seals.jsonl``
beside it, one line for each seal, so a tail deleted together with its wallet's head is found: the file still
knows a later version.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy.orm import Session

from mall.db import cursor
from points.ledger import merkle
from points.ledger.states import GENESIS, SealedHead

HEADS_PER_SEAL = 5_000
KEY_PURPOSE = "ledger-seals"
FILE_NAME = "seals.jsonl"
SEAL_LOCK = 7310

_TAKE = """WITH changed AS MATERIALIZED (
 SELECT member_id FROM ledger.wallets WHERE version > sealed_version ORDER BY member_id LIMIT %s
 FOR UPDATE SKIP LOCKED)
 UPDATE ledger.wallets SET sealed_version = version WHERE member_id IN (SELECT member_id FROM changed)
 RETURNING member_id, version, head_hash"""


def signed_bytes(number: int, sealed_at: datetime, heads: int, root: bytes, previous: bytes) -> bytes:
    """What a seal's signature covers."""
    micros = round(sealed_at.timestamp() * 1_000_000)
    return b"points-mall-seal/1\x1f" + f"{number}\x1f{micros}\x1f{heads}\x1f".encode() + root + previous


def seal_heads(tx: Session, key: Ed25519PrivateKey, path: Path, now: datetime) -> int:
    """Seal up to 5,000 wallets that changed since their last seal; returns how many.

    The file is written, and on disk, before the transaction commits: a crash between the two leaves a line
    whose heads are true all the same.
    """
    cur = cursor(tx)
    cur.execute("SELECT pg_advisory_xact_lock(%s)", (SEAL_LOCK,))
    heads = sorted(cur.execute(_TAKE, (HEADS_PER_SEAL,)).fetchall())
    if not heads:
        return 0
    last = cur.execute("SELECT number, root, signature FROM ledger.seals ORDER BY number DESC LIMIT 1").fetchone()
    number = last[0] + 1 if last else 1
    previous = link(last[1], last[2]) if last else GENESIS
    root = merkle.root([merkle.leaf(*head) for head in heads])
    signature = key.sign(signed_bytes(number, now, len(heads), root, previous))
    _append(path, number, now, root, previous, signature, heads)
    cur.execute(
        "INSERT INTO ledger.seals (number, sealed_at, heads, root, previous, signature) VALUES (%s,%s,%s,%s,%s,%s)",
        (number, now, len(heads), root, previous, signature),
    )
    return len(heads)


def _append(
    path: Path, number: int, now: datetime, root: bytes, previous: bytes, signature: bytes, heads: list[Any]
) -> None:
    line = json.dumps(
        {
            "seal": number,
            "sealed_at": now.isoformat(),
            "root": root.hex(),
            "previous": previous.hex(),
            "signature": signature.hex(),
            "heads": [[member_id, version, head_hash.hex()] for member_id, version, head_hash in heads],
        },
        separators=(",", ":"),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        if os.fstat(descriptor).st_size and not _ends_with_newline(path):
            line = "\n" + line  # a crash cut the line before; leave it to verify, start afresh
        left = memoryview((line + "\n").encode())
        while left:
            left = left[os.write(descriptor, left) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def link(root: bytes, signature: bytes) -> bytes:
    """What the next seal says of this one."""
    return hashlib.sha256(root + signature).digest()


def read_file(path: Path, key: Ed25519PublicKey) -> Iterator[tuple[int, bytes, bytes, list[SealedHead]]]:
    """The seals in the file whose heads hash to their root and whose signature holds: number, root, signature, heads.

    Raises SealBroken for a line that was altered. A last line cut by a crash is passed over: its transaction
    did not commit.
    """
    if not path.exists():
        return
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            try:
                value = json.loads(line)
                heads = [
                    SealedHead(member_id, version, bytes.fromhex(head)) for member_id, version, head in value["heads"]
                ]
                root, previous = bytes.fromhex(value["root"]), bytes.fromhex(value["previous"])
                signature = bytes.fromhex(value["signature"])
                sealed_at = datetime.fromisoformat(value["sealed_at"])
            except (ValueError, KeyError, TypeError) as error:
                if not line.endswith("\n"):
                    return
                if not line.rstrip("\n").endswith("}"):
                    continue
                raise SealBroken(f"{path.name}, line {number}: not a seal") from error
            if merkle.root([merkle.leaf(h.member_id, h.version, h.head_hash) for h in heads]) != root:
                raise SealBroken(f"{path.name}, line {number}: heads do not match their root")
            try:
                key.verify(signature, signed_bytes(value["seal"], sealed_at, len(heads), root, previous))
            except InvalidSignature as error:
                raise SealBroken(f"{path.name}, line {number}: the signature does not hold") from error
            yield value["seal"], root, signature, heads


class SealBroken(Exception):
    """A seal was altered; the message says which."""
