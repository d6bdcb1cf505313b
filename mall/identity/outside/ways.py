"""The ways to sign in that this installation offers to this browser."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from flask import current_app, request
from flask_babel import get_locale

from mall.errors import NotFound
from mall.identity.outside.oidc import OpenId
from mall.identity.outside.provider import Provider
from mall.identity.outside.wechat import API_BASE, OPEN_BASE, App, WeChat
from mall.settings import Settings

EXTENSION = "outside_providers"
BEGIN = "/sign-in/with"


@dataclass(frozen=True, slots=True)
class Way:
    """A button: whose, what it says, where it leads."""

    key: str
    label: str
    icon: str
    path: str


def providers_of(settings: Settings) -> dict[str, Provider]:
    """The providers that the settings name, by key."""
    found: dict[str, Provider] = {}
    wechat = settings.wechat
    if wechat is not None:
        account, site = (App(*one) if one else None for one in (wechat.account, wechat.site))
        open_base, api_base = wechat.open_base or OPEN_BASE, wechat.api_base or API_BASE
        found["wechat"] = WeChat(account, site, wechat.scope, open_base, api_base)
    oidc = settings.oidc
    if oidc is not None:
        found["oidc"] = OpenId(oidc.issuer, oidc.client_id, oidc.client_secret, oidc.labels)
    return found


def provider(key: str) -> Provider:
    """One of them. Raises NotFound."""
    found = _all().get(key)
    if found is None:
        raise NotFound()
    return found


def label_of(key: str) -> str:
    """What a provider is called in the reader's language; one that is switched off goes by its key."""
    found = _all().get(key)
    return found.label(_language()) if found is not None else {"oidc": "OpenID", "wechat": "WeChat"}.get(key, key)


def icon_of(key: str) -> str:
    """The symbol of a provider."""
    return {"wechat": "wechat"}.get(key, "key")


def ways(purpose: str = "sign-in", next_path: str = "", among: set[str] | None = None) -> list[Way]:
    """The buttons for this browser, WeChat's first inside WeChat; ``among``: of these providers alone."""
    agent = user_agent()
    inside = "micromessenger" in agent.lower()
    found = [one for key, one in _all().items() if one.serves(agent) and (among is None or key in among)]
    found.sort(key=lambda one: (one.key != "wechat") if inside else (one.key == "wechat"))
    asked = {name: value for name, value in (("for", purpose), ("next", next_path)) if value not in ("", "sign-in")}
    query = f"?{urlencode(asked)}" if asked else ""
    return [Way(one.key, one.label(_language()), one.icon, f"{BEGIN}/{one.key}{query}") for one in found]


def inside_wechat() -> bool:
    """Whether the page is looked at inside WeChat."""
    return "micromessenger" in user_agent().lower()


def user_agent() -> str:
    """What the browser calls itself, cut short."""
    return request.headers.get("User-Agent", "")[:512]


def _all() -> dict[str, Provider]:
    found: dict[str, Provider] = current_app.extensions[EXTENSION]
    return found


def _language() -> str:
    return "en" if str(get_locale()) == "en" else "zh"
