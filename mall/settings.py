"""Settings of one installation, read once from the environment.

This module is the only reader of ``os.environ``. Every name read here is listed in ``docs/settings.md``
(a guard test compares the two).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from mall.secrets_file import FILE_NAME, load_or_create_secret

MIN_SECRET_LENGTH = 32
"""Characters; 32 hexadecimal digits are 128 bits, the least that NIST SP 800-131A still accepts."""

LONGEST_NUMBER = 9
"""Digits; Python itself refuses to read thousands of them."""

_KNOWN_WEAK = ("secret", "changeme", "change-me", "password", "dev", "default", "example")


class SettingsError(click.ClickException):
    """A setting is missing, weak or not understood; one line for a command's user says which and what to do."""


@dataclass(frozen=True)
class OidcSettings:
    """An OpenID provider people may sign in with; ``labels``: what its button says, by language."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    labels: dict[str, str]


@dataclass(frozen=True)
class WeChatSettings:
    """WeChat's apps, each (id, secret): the official account's, and that of a website application."""

    account: tuple[str, str] | None = field(repr=False)
    site: tuple[str, str] | None = field(repr=False)
    scope: str
    open_base: str | None = None
    api_base: str | None = None


@dataclass(frozen=True)
class Settings:
    """What one installation is told from outside."""

    secret_key: str = field(repr=False)
    var: Path = Path("var")
    port: int = 8000
    host: str = "127.0.0.1"
    database_url: str | None = field(default=None, repr=False)
    redis_url: str | None = field(default=None, repr=False)
    role_prefix: str | None = None
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))
    ratelimit_enabled: bool = True
    workers: int = 2
    threads: int = 32
    public_url: str = ""
    metrics_token: str | None = field(default=None, repr=False)
    proxies: int = 0
    effectiveness_window_days: int = 365
    stripe_secret_key: str | None = field(default=None, repr=False)
    stripe_webhook_secret: str | None = field(default=None, repr=False)
    stripe_api_base: str | None = None
    cash_currency: str = "CNY"
    payment_minutes: int = 30
    webhooks_to_private: bool = False
    oidc: OidcSettings | None = None
    wechat: WeChatSettings | None = None
    testing: bool = False

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read the environment.

        Raises SettingsError for a number, zone or flag that cannot be read, and for a missing or weak
        ``SECRET_KEY`` when ``DATABASE_URL`` is set: an installation with a database of its own must have a
        key of its own.
        """
        env = os.environ if environ is None else environ
        var = Path(env.get("MALL_VAR") or "var").expanduser().absolute()
        database_url = env.get("DATABASE_URL") or None
        port = _number(env, "PORT", 8000, 1, 65535)
        return cls(
            secret_key=_secret(env.get("SECRET_KEY") or "", var, database_url),
            var=var,
            port=port,
            host=env.get("HOST") or "127.0.0.1",
            database_url=database_url,
            redis_url=env.get("REDIS_URL") or None,
            role_prefix=env.get("DATABASE_ROLE_PREFIX") or None,
            zone=_zone(env.get("MALL_ZONE") or "Asia/Shanghai"),
            ratelimit_enabled=_flag(env, "RATELIMIT_ENABLED", True),
            workers=_number(env, "WORKERS", 2, 1, 64),
            threads=_number(env, "THREADS", 32, 1, 128),
            public_url=(env.get("PUBLIC_URL") or f"http://127.0.0.1:{port}").rstrip("/"),
            metrics_token=env.get("METRICS_TOKEN") or None,
            proxies=_number(env, "TRUSTED_PROXIES", 0, 0, 8),
            webhooks_to_private=_flag(env, "WEBHOOKS_TO_PRIVATE", False),
            effectiveness_window_days=_number(env, "EFFECTIVENESS_WINDOW_DAYS", 365, 31, 3650),
            stripe_secret_key=env.get("STRIPE_SECRET_KEY") or None,
            stripe_webhook_secret=env.get("STRIPE_WEBHOOK_SECRET") or None,
            stripe_api_base=_api_base("STRIPE_API_BASE", env.get("STRIPE_API_BASE") or ""),
            cash_currency=_currency(env.get("CASH_CURRENCY") or "cny"),
            payment_minutes=_number(env, "PAYMENT_MINUTES", 30, 1, 1380),
            oidc=_oidc(env),
            wechat=_wechat(env),
        )


def _oidc(env: Mapping[str, str]) -> OidcSettings | None:
    issuer, client_id, secret = (env.get("OIDC_ISSUER"), env.get("OIDC_CLIENT_ID"), env.get("OIDC_CLIENT_SECRET"))
    if not (issuer or client_id or secret):
        return None
    if not (issuer and client_id and secret):
        raise SettingsError("OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET go together: one of them is missing.")
    if _api_base("OIDC_ISSUER", issuer) is None or "?" in issuer or "#" in issuer:
        raise SettingsError("OIDC_ISSUER must be an address without ? and #.")
    english = env.get("OIDC_LABEL_EN") or "single sign-on"
    return OidcSettings(issuer, client_id, secret, {"zh": env.get("OIDC_LABEL_ZH") or "统一账号", "en": english})


def _wechat(env: Mapping[str, str]) -> WeChatSettings | None:
    account = _app("WECHAT_APP", env.get("WECHAT_APP_ID"), env.get("WECHAT_APP_SECRET"))
    site = _app("WECHAT_SITE_APP", env.get("WECHAT_SITE_APP_ID"), env.get("WECHAT_SITE_APP_SECRET"))
    scope = env.get("WECHAT_SCOPE") or "snsapi_base"
    if scope not in ("snsapi_base", "snsapi_userinfo"):
        raise SettingsError(f"WECHAT_SCOPE must be snsapi_base or snsapi_userinfo, not {scope[:40]!r}.")
    if account is None and site is None:
        return None
    open_base = _api_base("WECHAT_OPEN_BASE", env.get("WECHAT_OPEN_BASE") or "")
    return WeChatSettings(
        account, site, scope, open_base, _api_base("WECHAT_API_BASE", env.get("WECHAT_API_BASE") or "")
    )


def _app(name: str, app_id: str | None, secret: str | None) -> tuple[str, str] | None:
    if bool(app_id) != bool(secret):
        raise SettingsError(f"{name}_ID and {name}_SECRET go together: one of them is missing.")
    return (app_id, secret) if app_id and secret else None


def _api_base(name: str, given: str) -> str | None:
    """Another address than the usual: secrets go there, so in the clear only on this machine."""
    here = re.fullmatch(r"http://(127\.0\.0\.1|localhost)(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?", given.rstrip("/"))
    if given and not here and not given.startswith("https://"):
        raise SettingsError(f"{name} must be https://…, or http:// on this machine, not {given[:60]!r}.")
    return given.rstrip("/") or None


def _currency(given: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{3}", given):
        raise SettingsError(f"CASH_CURRENCY must be an ISO 4217 code such as cny, not {given[:20]!r}.")
    return given.upper()


def _secret(given: str, var: Path, database_url: str | None) -> str:
    if not given and database_url is None:
        return _own_secret(var)
    if not given:
        raise SettingsError(
            "SECRET_KEY is not set, and DATABASE_URL is. Set SECRET_KEY to at least 32 random characters, "
            "for example the output of: python3 -c 'import secrets; print(secrets.token_hex(32))'"
        )
    if database_url is not None and _is_weak(given):
        raise SettingsError("SECRET_KEY is too weak: use at least 32 random characters.")
    return given


def _own_secret(var: Path) -> str:
    try:
        secret = load_or_create_secret(var)
    except (OSError, ValueError) as error:
        raise SettingsError(f"MALL_VAR cannot be used: {error}") from error
    if len(secret) < MIN_SECRET_LENGTH:  # cut short by hand or by a full disk: never go on with a key anyone can guess
        raise SettingsError(f"The key in {var / FILE_NAME} is damaged: bring back the one it was.")
    return secret


def _is_weak(given: str) -> bool:
    """Whether what is left without well-known words is short or monotonous: a random key may hold "dev" by chance."""
    left = given.lower()
    for word in _KNOWN_WEAK:
        left = left.replace(word, "")
    return len(left) < MIN_SECRET_LENGTH or len(set(left)) < 8


def _number(env: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = env.get(name) or str(default)
    if not text.isdecimal() or len(text) > LONGEST_NUMBER or not least <= int(text) <= most:
        raise SettingsError(f"{name} must be a whole number from {least} to {most}, not {text[:40]!r}.")
    return int(text)


def _flag(env: Mapping[str, str], name: str, default: bool) -> bool:
    text = (env.get(name) or ("1" if default else "0")).lower()
    if text not in ("0", "1", "true", "false", "yes", "no", "on", "off"):
        raise SettingsError(f"{name} must be 0 or 1, not {text!r}.")
    return text in ("1", "true", "yes", "on")


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise SettingsError(f"MALL_ZONE is not a known time zone: {name!r}.") from error
