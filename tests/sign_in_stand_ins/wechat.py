"""WeChat's two pages and its token call, as they answer: JSON as text/plain, errors with status 200."""

from __future__ import annotations

import json
import re
import secrets

from werkzeug.wrappers import Request, Response

from .serving import StandIn

ACCOUNT, SITE = ("wx00000000000000aa", "account-secret"), ("wx00000000000000bb", "site-secret")
SCOPES = {"/connect/oauth2/authorize": ("snsapi_base", "snsapi_userinfo"), "/connect/qrconnect": ("snsapi_login",)}


class WeChatStandIn(StandIn):
    """Faults of its own: ``busy`` (errcode -1), ``snapshot`` (a preview's made-up user), ``denied``.

    ``unionid``: whether the apps are bound to one account of the open platform, which gives everybody one id for all.
    """

    title = "WeChat stand-in"

    def __init__(self, port: int = 0, *, asks: bool = False) -> None:
        super().__init__(port, asks=asks)
        self.unionid = False
        self._used: set[str] = set()

    def answer(self, request: Request) -> Response:
        """The person's page, or the token call."""
        if request.path in SCOPES:
            return self._page(request)
        if request.path == "/sns/oauth2/access_token":
            return Response(json.dumps(self._token(request), ensure_ascii=False), mimetype="text/plain")
        return Response("not found", 404)

    def _page(self, request: Request) -> Response:
        asked = request.args.to_dict()
        app = ACCOUNT if request.path.endswith("authorize") else SITE
        good = (
            asked.get("appid") == app[0]
            and asked.get("response_type") == "code"
            and asked.get("scope") in SCOPES[request.path]
            and re.fullmatch("[A-Za-z0-9]{1,128}", asked.get("state", ""))
        )
        if not good:
            return Response("Scope 参数错误或没有 Scope 权限", 200, mimetype="text/html")
        code = secrets.token_hex(16)
        self._codes[code] = {**asked, "who": asked.get("who") or self.who}
        return self.consent(request, asked["redirect_uri"], asked["state"], code, {})

    def _token(self, request: Request) -> dict[str, object]:
        args = request.args
        if self.fault == "busy":
            return {"errcode": -1, "errmsg": "system error"}
        if (args.get("appid"), args.get("secret")) not in (ACCOUNT, SITE):
            return {"errcode": 40125, "errmsg": "invalid appsecret, rid: 0"}
        code = args.get("code", "")
        if code in self._used:
            return {"errcode": 40163, "errmsg": "code been used, rid: 0"}
        asked = self._codes.pop(code, None)
        if asked is None or asked["appid"] != args["appid"] or args.get("grant_type") != "authorization_code":
            return {"errcode": 40029, "errmsg": "invalid code, rid: 0"}
        self._used.add(code)
        found: dict[str, object] = {
            "access_token": secrets.token_hex(16),
            "expires_in": 7200,
            "refresh_token": secrets.token_hex(16),
            "openid": f"o-{asked['appid'][-2:]}-{asked['who']}",
            "scope": asked["scope"],
        }
        if self.unionid:
            found["unionid"] = f"u-{asked['who']}"
        if self.fault == "snapshot":
            found["is_snapshotuser"] = 1
        return found
