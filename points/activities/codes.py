"""Pure: the code shown at the venue: eight characters that change every half minute.

It proves that somebody was there a moment ago, or knows somebody who was; it is no secret of the member's.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from hmac import compare_digest

STEP = timedelta(seconds=30)
GOOD_FOR = 4
"""How many steps a code is good for, its own included: time to scan, to sign in and to press the button."""
LENGTH = 8
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_READ = str.maketrans({"o": "0", "i": "1", "l": "1", "u": "v"})

Mac = Callable[[int], bytes]
"""A keyed digest of the activity and a step, of at least eight bytes."""


def step_at(now: datetime) -> int:
    """The number of the half minute that ``now`` lies in."""
    return int(now.timestamp() // STEP.total_seconds())


def code_at(mac: Mac, now: datetime) -> str:
    """The code shown at ``now``."""
    return _code(mac, step_at(now))


def is_good(mac: Mac, typed: str, now: datetime) -> bool:
    """Whether a code was shown within the last two minutes; case, spaces, hyphens and o for 0 do not matter."""
    plain = re.sub(r"[\s-]", "", typed.lower()).translate(_READ).encode()
    step, good = step_at(now), False
    for past in range(GOOD_FOR):  # all of them, so that the time taken tells nothing
        good |= compare_digest(_code(mac, step - past).encode(), plain)
    return good


def shown(code: str) -> str:
    """As people read it: ``4k7m p2qx``."""
    return f"{code[:4]} {code[4:]}"


def _code(mac: Mac, step: int) -> str:
    return "".join(_ALPHABET[byte & 31] for byte in mac(step)[:LENGTH])
