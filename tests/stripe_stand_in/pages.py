"""The page on which members pay: no money moves here."""

from __future__ import annotations

import html

from werkzeug.wrappers import Response

from .objects import Thing

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Pay</title><style>body{{font:16px sans-serif;margin:3rem auto;max-width:22rem;text-align:center}}
button{{font:inherit;padding:.8rem 3rem}}</style><body>{body}</body></html>"""


def pay_page(session: Thing) -> Response:
    """An amount, a button, and the way back."""
    amount = html.escape(f"{session['currency'].upper()} {session['amount_total'] / 100:.2f}")
    back = html.escape(session["cancel_url"])
    body = (
        f"<p>Stripe stand-in: no money moves here</p><h1>{amount}</h1>"
        f'<form method="post"><button>Pay</button></form><p><a href="{back}">Back</a></p>'
    )
    return Response(_PAGE.format(body=body), content_type="text/html; charset=utf-8")


def closed_page() -> Response:
    """What a paid or expired session shows."""
    return Response(_PAGE.format(body="<h1>This page is closed</h1>"), 404, content_type="text/html")
