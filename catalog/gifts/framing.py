"""Pure: a part of a picture, cut out: which part a frame means, in shares that are right for every picture."""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image

from catalog.gifts.images import Rendered, sizes_of

SHAPES = {"4:3": (4, 3), "1:1": (1, 1)}
"""Cards show pictures 4:3; a square suits pictures that stand alone."""
LEAST_SIZE = 20
"""Per cent of the largest frame: a smaller part would be blurred."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A part of a picture.

    ``shape``: a name of ``SHAPES``. ``size``: per cent of the largest frame of that shape that fits, from 20.
    ``x``, ``y``: where it lies in the room that is left, in per cent from left and top; 50 is the middle.
    """

    shape: str = "4:3"
    size: int = 100
    x: int = 50
    y: int = 50


def box_of(frame: Frame, width: int, height: int) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the frame in pixels of a picture of ``width`` and ``height``."""
    across, down = SHAPES[frame.shape]
    scale = min(width / across, height / down) * frame.size / 100
    wide, high = max(1, round(across * scale)), max(1, round(down * scale))
    left, top = round((width - wide) * frame.x / 100), round((height - high) * frame.y / 100)
    return left, top, left + wide, top + high


def cut(content: bytes, frame: Frame) -> Rendered:
    """The framed part of one of our own pictures, in three sizes anew. Slow, so never inside a transaction."""
    with Image.open(io.BytesIO(content), formats=("WEBP",)) as image:
        image.load()
        return sizes_of(image.crop(box_of(frame, image.width, image.height)))
