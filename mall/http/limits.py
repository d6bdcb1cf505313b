"""Rate limits for everyone: Flask-Limiter on Redis, in memory of the process while Redis is away.

These protect the machine. Limits that protect people (sign-in, claim codes, pickup codes) are kept in
PostgreSQL by their own packages and do not depend on Redis.
"""

from __future__ import annotations

import hashlib
import time

from flask import Flask, Response, g, request
from flask_limiter import Limiter
from limits import RateLimitItem, RateLimitItemPerSecond, WindowStats
from limits.strategies import STRATEGIES, FixedWindowRateLimiter
from redis.exceptions import RedisError

from mall.errors import TooMany
from mall.settings import Settings

PER_SECOND = "100 per second"
"""By credential, or by address without one (docs/api.md, conventions)."""
EXEMPT_PATHS = ("/livez", "/readyz", "/metrics", "/static/", "/pictures/")


def caller() -> str:
    """Whose budget a request uses: the credential it shows, hashed, or its address."""
    shown = request.headers.get("Authorization") or request.cookies.get("mall_session")
    if shown:
        return hashlib.sha256(shown.encode("utf-8", "replace")).hexdigest()[:32]
    return f"address:{request.remote_addr}"


class OneTrip(FixedWindowRateLimiter):
    """A fixed window that asks Redis once for each request: what a hit has counted is what the headers tell.

    Of a window of one second its end is not asked for: it is a second away at most.
    """

    def hit(self, item: RateLimitItem, *identifiers: str, cost: int = 1) -> bool:
        name, seconds = item.key_for(*identifiers), item.get_expiry()
        count = self.storage.incr(name, seconds, amount=cost)
        if seconds == 1:
            g.rate_window = (name, WindowStats(time.time(), max(0, item.amount - count)))
        return count <= item.amount

    def get_window_stats(self, item: RateLimitItem, *identifiers: str) -> WindowStats:
        seen = g.get("rate_window")
        if seen is not None and seen[0] == item.key_for(*identifiers):
            stats: WindowStats = seen[1]
            return stats
        return super().get_window_stats(item, *identifiers)


STRATEGIES["one-trip"] = OneTrip
limiter = Limiter(
    key_func=caller,
    default_limits=[PER_SECOND],
    strategy="one-trip",
    headers_enabled=False,
    in_memory_fallback=[PER_SECOND],
    in_memory_fallback_enabled=True,
    key_prefix="mall",
)


def _exempt() -> bool:
    return request.path.startswith(EXEMPT_PATHS)


limiter.request_filter(_exempt)


def spend(scope: str, times: int, seconds: int) -> None:
    """Count this request of the caller: at most ``times`` in so many seconds, for what is asked again and again.

    Raises TooMany ``too_many_requests``, saying when to come back. Counts nothing while limits are off
    or Redis is away.
    """
    if not limiter.enabled:
        return
    budget, who = RateLimitItemPerSecond(times, seconds), caller()
    try:
        if limiter.limiter.hit(budget, scope, who):
            return
        again = limiter.limiter.get_window_stats(budget, scope, who).reset_time - time.time()
    except RedisError:
        return
    raise TooMany("too_many_requests", retry_after=max(1, round(again)))


def _headers(response: Response) -> Response:
    current = limiter.current_limit
    if current is not None:
        quota, window = current.limit.amount, current.limit.get_expiry()
        left, wait = max(0, current.remaining), max(0, round(current.reset_at - time.time()))
        response.headers["RateLimit-Policy"] = f'"default";q={quota};w={window}'
        response.headers["RateLimit"] = f'"default";r={left};t={wait}'
        if response.status_code == 429 and "Retry-After" not in response.headers:
            response.headers["Retry-After"] = str(max(1, wait))
    return response


def init_app(app: Flask, settings: Settings, redis_url: str | None) -> None:
    """Switch the limits on, unless the settings say no."""
    app.config["RATELIMIT_ENABLED"] = settings.ratelimit_enabled
    app.config["RATELIMIT_STORAGE_URI"] = redis_url.replace("unix://", "redis+unix://") if redis_url else "memory://"
    limiter.init_app(app)
    if settings.ratelimit_enabled:
        app.after_request(_headers)
