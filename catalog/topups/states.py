"""Pure: how a top-up stands, and what a provider's answer makes of it.

waiting ──► accepted ──► done
   │            │
   ├────────────┴──────► refused (points go back)   stuck (staff decide)
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

PATIENT = frozenset({408, 425, 429})
"""4xx that ask for another attempt and refuse nothing."""
LONGEST_WORDS = 200
LONGEST_REFERENCE = 100
TARGETS = ("phone", "account")
"""What a member is asked for."""
_PHONE = re.compile(r"\+?[0-9]{6,15}")
_ACCOUNT = re.compile(r"[^\s\x00-\x1f\x7f\u2028-\u202e\u2066-\u2069\ud800-\udfff]{1,100}")
_BAD = re.compile(r"[\x00-\x1f\x7f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


class State(StrEnum):
    """How a top-up stands."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    DONE = "done"
    REFUSED = "refused"
    STUCK = "stuck"


class Verdict(StrEnum):
    """What an answer says: it is done, it will be, it will not be, or nothing that can be relied on."""

    DONE = "done"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Judged:
    """An answer, judged. ``words``: why it refused, in the provider's words; ``problem``: one word for tables."""

    verdict: Verdict
    words: str | None = None
    reference: str | None = None
    problem: str | None = None


def clean_target(kind: str, text: str) -> str | None:
    """An account as it is sent to the provider, nothing in full width; None when it cannot be one."""
    text = unicodedata.normalize("NFKC", text)
    if kind == "phone":
        number = re.sub(r"[\s()-]", "", text)
        return number if _PHONE.fullmatch(number) else None
    return text.strip() if _ACCOUNT.fullmatch(text.strip()) else None


def judge_answer(status: int | None, body: bytes, problem: str | None, *, asked_before: bool) -> Judged:
    """What an answer to a request says.

    ``asked_before``: the provider has accepted it earlier and is only asked how it stands; then a 4xx may be
    that it cannot be asked, and only its own word refuses.
    """
    if status is None:
        return Judged(Verdict.UNCLEAR, problem=problem)
    said = judge_words(_read(body))
    if 200 <= status < 300:
        return said if said.verdict != Verdict.UNCLEAR else Judged(Verdict.UNCLEAR, problem="not_understood")
    if 400 <= status < 500 and status not in PATIENT and (said.verdict == Verdict.REFUSED or not asked_before):
        return Judged(Verdict.REFUSED, said.words, said.reference, str(status))
    return Judged(Verdict.UNCLEAR, problem=str(status))


def judge_words(said: Any) -> Judged:
    """What a provider says of an order: ``{"status": "done" | "accepted" | "refused", "reason"?, "reference"?}``."""
    if not isinstance(said, dict) or said.get("status") not in ("done", "accepted", "refused"):
        return Judged(Verdict.UNCLEAR)
    words = _short(said.get("reason"), LONGEST_WORDS)
    return Judged(Verdict(said["status"]), words, _short(said.get("reference"), LONGEST_REFERENCE))


def _read(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _short(value: Any, most: int) -> str | None:
    return _BAD.sub(" ", value).strip()[:most] or None if isinstance(value, str) else None
