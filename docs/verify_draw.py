#!/usr/bin/env python3
"""Draw again: read the published record of a draw and see whether its winners are right.

    python3 verify_draw.py https://mall.example/draws/drw_.../record.json
    python3 verify_draw.py record.json --commitment 4f1c... --entry ent_9a0b...

Needs nothing but Python 3. Prints the winners, the first prize first; exits with 1 when anything does not fit.
``--commitment``: the digest you noted before the draw. ``--entry``: your own entry; its place is printed.

How the draw works: before the first entry the mall publishes the SHA-256 of "draw id:seed". When the entries are
closed it publishes their list and the SHA-256 of it (ascending, each followed by a line feed). A minute later it
publishes the seed. The entries are put in the order of HMAC-SHA256(seed, entry) in hexadecimal; the first ones win.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import json
import sys
from typing import Any
from urllib.request import urlopen


def read_record(source: str) -> dict[str, Any]:
    """The record from a file or an address."""
    if source.startswith(("http://", "https://")):
        with urlopen(source, timeout=60) as answer:  # noqa: S310
            record: dict[str, Any] = json.load(answer)
            return record
    with open(source, encoding="utf-8") as file:
        record = json.load(file)
        return record


def ranked(record: dict[str, Any]) -> list[str]:
    """The entries in the order in which they win."""
    key = record["seed"].encode()
    return sorted(record["entries"], key=lambda entry: hmac.new(key, entry.encode(), hashlib.sha256).hexdigest())


def problems(record: dict[str, Any], winners: list[str], noted: str | None) -> list[str]:
    """What does not fit."""
    promised = hashlib.sha256(f"{record['id']}:{record['seed']}".encode()).hexdigest()
    listed = hashlib.sha256("".join(f"{entry}\n" for entry in sorted(record["entries"])).encode()).hexdigest()
    checks = {
        "the seed is not the one that was promised": promised != record["commitment"],
        "the promise is not the one you noted": noted is not None and noted.lower() != record["commitment"],
        "the list is not the one that was published": listed != record["list_sha256"],
        "an entry is on the list twice": len(set(record["entries"])) != len(record["entries"]),
        "the winners are not the first of the ranking": winners != record["winners"],
    }
    return [what for what, is_so in checks.items() if is_so]


def main() -> int:
    """Print the winners; 0 when all is well."""
    parser = argparse.ArgumentParser(description="See whether the winners of a draw are right.")
    parser.add_argument("record", help="file or address of record.json")
    parser.add_argument("--commitment", help="the digest you noted before the draw")
    parser.add_argument("--entry", help="your own entry")
    asked = parser.parse_args()
    record = read_record(asked.record)
    if record.get("seed") is None:
        print("This draw has not taken place yet.", file=sys.stderr)
        return 1
    order = ranked(record)
    winners = order[: record["winners_count"]]
    for number, entry in enumerate(winners, 1):
        print(f"{number}. {entry}")
    if asked.entry is not None:
        place = order.index(asked.entry) + 1 if asked.entry in order else None
        print(f"{asked.entry}: {f'place {place} of {len(order)}' if place else 'not on the list'}")
    wrong = problems(record, winners, asked.commitment)
    for what in wrong:
        print(f"WRONG: {what}", file=sys.stderr)
    print(f"{len(order)} entries, {len(winners)} winners: {'does not fit' if wrong else 'all fits'}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
