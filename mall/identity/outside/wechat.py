"""WeChat's own OAuth: inside WeChat the page of an official account, on a computer a QR code to scan.

It is not standard OAuth: ``appid`` and ``secret`` in the query, errors with status 200 and ``errcode``, JSON sent as
text/plain. See developers.weixin.qq.com, "Web page authorization" (official accounts) and "WeChat Login" (websites).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import requests
from flask_babel import force_locale, gettext

from mall.identity.outside.http import bound
from mall.identity.outside.provider import Person, Refused, Trip, Unreachable

OPEN_BASE, API_BASE = "https://open.weixin.qq.com", "https://api.weixin.qq.com"
SCOPES = ("snsapi_base", "snsapi_userinfo")
BUSY = frozenset({-1, 45009, 45011, 50001, 50002})
"""Errors that say "later": the system is busy, or too many calls."""
LONGEST_ID = 128


@dataclass(frozen=True, slots=True)
class App:
    """Id and secret of an official account, or of a website application."""

    id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class WeChat:
    """WeChat. ``account`` serves WeChat's own browser, ``site`` computers; ``scope`` is the account's."""

    account: App | None
    site: App | None
    scope: str = "snsapi_base"
    open_base: str = OPEN_BASE
    api_base: str = API_BASE
    key: str = "wechat"
    icon: str = "wechat"

    def label(self, language: str) -> str:
        """Its name on a button."""
        with force_locale(language):
            return str(gettext("WeChat"))

    def serves(self, user_agent: str) -> bool:
        """Whether there is an app for this browser. A phone cannot scan its own screen."""
        return self._app(user_agent) is not None

    def address(self, trip: Trip, back: str, user_agent: str, *, again: bool) -> str:
        """WeChat's page. It has no way to ask anew: who holds the unlocked phone is taken for its owner."""
        app = self._app(user_agent)
        if app is None:
            raise Refused("no app for this browser")
        inside = app is self.account
        asked = {
            "appid": app.id, "redirect_uri": back, "response_type": "code",
            "scope": self.scope if inside else "snsapi_login", "state": trip.state,
        }  # fmt: skip
        path = "/connect/oauth2/authorize" if inside else "/connect/qrconnect"
        return f"{self.open_base}{path}?{urlencode(asked)}#wechat_redirect"

    def person(self, trip: Trip, code: str, back: str, user_agent: str, now: datetime) -> Person:
        """Exchange the code. ``unionid`` is one for all of an owner's apps, ``openid`` is this app's own."""
        app = self._app(user_agent)
        if app is None:
            raise Refused("no app for this browser")
        found = self._tokens(app, code)
        if found.get("is_snapshotuser"):
            raise Refused("a preview's made-up user")
        openid, unionid = found.get("openid"), found.get("unionid")
        if not _is_id(openid):
            raise Refused("no openid")
        subjects = [f"openid {app.id} {openid}"]
        if _is_id(unionid):
            subjects.insert(0, f"unionid {unionid}")
        return Person(tuple(subjects))

    def _app(self, user_agent: str) -> App | None:
        agent = user_agent.lower()
        if "micromessenger" in agent:
            return self.account
        return None if any(mark in agent for mark in ("mobile", "android", "iphone")) else self.site

    def _tokens(self, app: App, code: str) -> dict[str, Any]:
        asked = {"appid": app.id, "secret": app.secret, "code": code, "grant_type": "authorization_code"}
        try:
            with bound(requests.Session()) as session:
                answer = session.get(
                    f"{self.api_base}/sns/oauth2/access_token", params=asked, allow_redirects=False
                )  # fmt: skip
        except requests.RequestException as error:
            # Its text holds the address, and the address holds the secret: neither may reach a log.
            raise Unreachable(type(error).__name__) from None
        if answer.status_code != 200:
            raise Unreachable(f"status {answer.status_code}")
        try:
            found = json.loads(answer.content.decode("utf-8"))
        except ValueError as error:
            raise Refused("no JSON") from error
        if not isinstance(found, dict):
            raise Refused("no object")
        failed = found.get("errcode")
        if failed:
            busy = isinstance(failed, int) and failed in BUSY
            raise (Unreachable if busy else Refused)(f"errcode {str(failed)[:12]}")
        return found


def _is_id(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_ID
