"""``python -m tests.sign_in_stand_ins``: both stand-ins, with the settings that make the mall use them."""

from __future__ import annotations

import os
import sys
import threading

from .openid import CLIENT_ID, CLIENT_SECRET, OpenIdStandIn
from .wechat import ACCOUNT, SITE, WeChatStandIn


def main() -> None:
    """Serve until stopped."""
    first = int(os.environ.get("STAND_IN_PORT", "0"))
    openid = OpenIdStandIn(first, asks=True).start()
    wechat = WeChatStandIn(first + 1 if first else 0, asks=True).start()
    for name, value in (
        ("OIDC_ISSUER", openid.url),
        ("OIDC_CLIENT_ID", CLIENT_ID),
        ("OIDC_CLIENT_SECRET", CLIENT_SECRET),
        ("WECHAT_APP_ID", ACCOUNT[0]),
        ("WECHAT_APP_SECRET", ACCOUNT[1]),
        ("WECHAT_SITE_APP_ID", SITE[0]),
        ("WECHAT_SITE_APP_SECRET", SITE[1]),
        ("WECHAT_OPEN_BASE", wechat.url),
        ("WECHAT_API_BASE", wechat.url),
    ):
        sys.stdout.write(f"export {name}={value}\n")
    sys.stdout.flush()
    threading.Event().wait()


if __name__ == "__main__":
    main()
