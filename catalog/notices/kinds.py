"""Pure: which kinds of notices a member may do without, in groups; all others are needed and always come."""

from __future__ import annotations

GROUPS: dict[str, tuple[str, ...]] = {
    "orders": ("order.placed", "order.preparing", "order.shipped", "order.completed"),
    "booked": ("points.booked",),
    "wishes": ("wish.affordable", "wish.in_stock"),
    "expiry": ("points.expiring",),
    "news": ("announcement",),
    "activities": ("activity.tomorrow",),
    "standing": ("level.up", "level.down", "level.warning", "badge.earned"),
}
"""Steps of an order that ask nothing of the member can be left out; what is to be paid, collected or comes back not.
Announcements can, unless staff say that one is important; that an activity was moved or called off comes always."""
_GROUP_OF = {kind: group for group, kinds in GROUPS.items() for kind in kinds}


def group_of(kind: str) -> str | None:
    """The group of a kind that may be left out; None for one that is needed."""
    return _GROUP_OF.get(kind)
