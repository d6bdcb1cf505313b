"""A text as a QR code, drawn into the page."""

from __future__ import annotations

from typing import Any

import segno
from markupsafe import Markup


def qr_svg(text: str, *, border: int = 2, **look: Any) -> Markup:
    """The code as an inline SVG that takes the size of its place; ``border`` in modules, ``look``: as segno's."""
    sized = {} if "scale" in look else {"omitsize": True}
    # segno writes digits and paths of its own making: nothing of the text itself reaches the page.
    return Markup(segno.make(text, micro=False).svg_inline(border=border, **sized, **look))  # noqa: S704
