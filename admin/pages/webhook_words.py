"""Events, answers and states of webhooks in words."""

from __future__ import annotations

from flask_babel import gettext as _


def event_words() -> dict[str, str]:
    """What each event tells."""
    return {
        "credit.booked": _("points were credited for an event"),
        "credit.reversed": _("an event was taken back"),
        "order.placed": _("an order was placed"),
        "order.confirmed": _("an order was confirmed"),
        "order.advanced": _("an order went a step further"),
        "order.cancelled": _("an order was cancelled"),
        "order.refunded": _("points of an order were given back"),
        "points.expired": _("points expired; only for the mall's own endpoints"),
        "stock.low": _("a gift runs low"),
    }


def answer_words(answer: str | None) -> str:
    """The answer to an attempt: a status, or what went wrong without one."""
    if answer is None:
        return ""
    return str(unsent_words().get(answer, f"HTTP {answer}"))


def unsent_words() -> dict[str, str]:
    """What went wrong with a message to another system that had no answer of HTTP."""
    return {
        "form": _("The address is not valid"),
        "scheme": _("The address is not https"),
        "unknown": _("The address is not known"),
        "private": _("The address is not public"),
        "connect": _("No connection"),
        "timeout": _("No answer in time"),
        "tls": _("No secure connection"),
        "protocol": _("The answer is no HTTP"),
        "too_large": _("The answer is too long"),
    }
