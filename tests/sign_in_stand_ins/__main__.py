"""``python -m tests.sign_in_stand_ins``: both stand-ins, with the settings that make the mall use them."""

from __future__ import annotations

import os
import sys
import threading

from .openid import OpenIdStandIn
from .settings import settings_of
from .wechat import WeChatStandIn


def main() -> None:
    """Serve until stopped."""
    first = int(os.environ.get("STAND_IN_PORT", "0"))
    openid = OpenIdStandIn(first, asks=True).start()
    wechat = WeChatStandIn(first + 1 if first else 0, asks=True).start()
    for name, value in settings_of(openid, wechat).items():
        sys.stdout.write(f"export {name}={value}\n")
    sys.stdout.flush()
    threading.Event().wait()


if __name__ == "__main__":
    main()
