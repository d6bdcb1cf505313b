"""The settings that make a mall use the stand-ins."""

from __future__ import annotations

from .openid import CLIENT_ID, CLIENT_SECRET, OpenIdStandIn
from .wechat import ACCOUNT, SITE, WeChatStandIn


def settings_of(openid: OpenIdStandIn, wechat: WeChatStandIn) -> dict[str, str]:
    """As environment variables."""
    return {
        "OIDC_ISSUER": openid.url,
        "OIDC_CLIENT_ID": CLIENT_ID,
        "OIDC_CLIENT_SECRET": CLIENT_SECRET,
        "WECHAT_APP_ID": ACCOUNT[0],
        "WECHAT_APP_SECRET": ACCOUNT[1],
        "WECHAT_SITE_APP_ID": SITE[0],
        "WECHAT_SITE_APP_SECRET": SITE[1],
        "WECHAT_OPEN_BASE": wechat.url,
        "WECHAT_API_BASE": wechat.url,
    }
