"""What ``bench.office`` asks for: every page and list that takes no argument, and what people filter by.

Pages without an argument are taken from the routes, so that a new list is measured without a word here. In a path,
``{member}``, ``{order}`` and ``{gift}`` are another one at each request, ``{heavy}`` the member with the longest book.
"""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask

from points.ledger.movements import SORTS

LEFT_OUT = {
    "/api/v1/admin/ledger/verification": "proves the whole ledger",
    "/api/v1/admin/search": "needs words to look for",
    "/api/v1/me/export": "everything there is of one member",
    "/statement/file": "a file",
    "/admin/parcels/to-ship": "a file",
    "/boards": "leads to the board of the month",
    "/me/new-password": "for who has just proven a linked sign-in",
    "/sign-in": "leads home",
}
"""Not a page or a list's first page."""
DASHBOARD = (
    "/admin?period=7", "/admin?period=28", "/admin?period=90", "/admin?period=month",
    "/admin?from={year_ago}&until={today}", "/admin?from={month_ago}&until={week_ago}",
)  # fmt: skip
OFFICE = (
    "/admin/search?q=小王", "/admin/search?q=bench_4", "/admin/search?q=R2026", "/admin/search?q=nothing-like-it",
    "/admin/members?q=bench_4", "/admin/members?q=小王", "/admin/members?q=小王12", "/admin/members?q={member}",
    "/admin/members?q=nobody-is-called-so", "/admin/members/{member}", "/admin/members/{heavy}",
    *(f"/admin/orders?status={status}" for status in (
        "placed", "confirmed", "preparing", "ready_for_pickup", "shipped", "issued", "completed", "cancelled",
        "returned",
    )),
    *(f"/admin/orders?kind={kind}" for kind in ("delivery", "pickup", "voucher", "donation", "draw")),
    "/admin/orders?number=R20260101-000000", "/admin/orders?gift={gift}", "/admin/orders?order=oldest",
    "/admin/orders?gift={gift}&status=shipped", "/admin/orders?from={week_ago}&until={today}",
    "/admin/orders?from={year_ago}&until={year_ago}", "/admin/orders?status=completed&from={year_ago}&until={year_ago}",
    "/admin/orders?pickup_point={point}", "/admin/orders?pickup_point={point}&status=ready_for_pickup",
    "/admin/orders?kind=donation&status=completed", "/admin/orders?kind=draw&status=placed",
    "/admin/orders/{order}", "/admin/gifts?q=雨伞", "/admin/gifts/{gift}", "/admin/gifts/{gift}/stock",
    "/admin/audit?action=orders.exported", "/admin/audit?action=order.*", "/admin/audit?kind=gift",
    "/admin/audit?q=entry", "/admin/audit?q=entry+480", "/admin/audit?q=nothing+like+it", "/admin/audit?actor=staff:*",
    "/admin/audit?from={year_ago}&until={year_ago}", "/admin/audit?action=never.done",
    "/admin/awards?state=pending", "/admin/awards?state=active", "/admin/awards?rule=tip-outcome",
    "/admin/awards?state=active&rule=check-in-streak", "/admin/notices?state=all",
    "/admin/api-clients/{client}/requests", "/admin/api-clients/{client}/requests?outcome=refused",
    "/admin/api-clients/{client}/requests?outcome=failed", "/admin/reconciliation?client={client}&day={week_ago}",
    "/admin/reports?kind=monthly",
    "/admin/figures?from={year_ago}&until={today}", *(f"/admin/figures/{{week_ago}}?move={move}" for move in SORTS),
)  # fmt: skip
OFFICE_API = (
    "/api/v1/admin/search?q=小王", "/api/v1/admin/search?q=nothing-like-it",
    "/api/v1/admin/members?q=小王", "/api/v1/admin/members/{member}", "/api/v1/admin/orders?status=shipped",
    "/api/v1/admin/orders?gift={gift}", "/api/v1/admin/audit?q=entry", "/api/v1/admin/awards?state=active",
    "/api/v1/admin/api-clients/{client}/requests", "/api/v1/admin/gifts/{plain_gift}/stock",
)  # fmt: skip
MEMBERS_API = ("/api/v1/leaderboards/week", "/api/v1/leaderboards/month", "/api/v1/leaderboards/all")
MEMBERS = (
    "/boards/week", "/boards/month", "/boards/all", "/statement?direction=in", "/statement?direction=out",
    "/mall?q=雨伞", "/orders?status=completed", "/gifts/{gift}",
)  # fmt: skip
EXPORTS = (
    *(f"/admin/files/{name}?format=csv" for name in ("audit", "orders", "members", "awards")),
    "/admin/files/audit?format=xlsx&from={days_ago}&until={today}",
    "/admin/files/orders?format=xlsx&from={days_ago}&until={today}",
)
"""Lists as files; of the longest the first million lines. Workbooks: of about as many lines as they may have."""
CLIENT_API = ("/api/v1/credit-events", "/api/v1/credit-events?posted_after={week_ago}T00:00:00Z")


def plain_paths(app: Flask, start: str, kinds: tuple[str, ...]) -> Iterator[str]:
    """Paths below ``start`` without an argument that callers of these ``kinds`` may read."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        auth = getattr(app.view_functions[rule.endpoint], "auth", None)
        wanted = auth is not None and auth.kind in kinds and "GET" in (rule.methods or ())
        file = rule.rule.startswith("/admin/files/") or rule.rule.endswith(("file", ".json"))
        plain = not rule.arguments and not file
        if wanted and plain and rule.rule.startswith(start) and rule.rule not in LEFT_OUT:
            yield rule.rule
