"""Pickup codes: eight digits, found by their HMAC, readable for the member under a key outside the database."""

from __future__ import annotations

import re
import secrets
import unicodedata
from dataclasses import dataclass

from mall.crypto import Keyring

DIGITS = 8
CANDIDATES = 2
"""Codes drawn at once, so that one that is taken costs no second statement."""
_PURPOSE = "pickup-code"
_FORM = re.compile(rf"[0-9]{{{DIGITS}}}")


@dataclass(frozen=True, slots=True)
class CodeRow:
    """A code and its two stored forms."""

    code: str
    code_hash: bytes
    code_box: bytes


def draw_codes(ring: Keyring) -> list[CodeRow]:
    """Some codes of which the first free one is to be taken."""
    drawn = [f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}" for _ in range(CANDIDATES)]
    return [CodeRow(code, code_hash(ring, code), ring.encrypt(_PURPOSE, code.encode())) for code in drawn]


def code_hash(ring: Keyring, code: str) -> bytes:
    """What a code is found by."""
    return ring.hmac16(_PURPOSE, code)


def read_code(ring: Keyring, code_box: bytes) -> str:
    """The code as the member sees it."""
    return ring.decrypt(_PURPOSE, code_box).decode()


def typed_code(text: str) -> str | None:
    """A code as it was typed or scanned, spaces and hyphens left out; None when it cannot be one.

    A Chinese keyboard may write digits in full width (８３６０): they are the same digits.
    """
    digits = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", text))
    return digits if _FORM.fullmatch(digits) else None
