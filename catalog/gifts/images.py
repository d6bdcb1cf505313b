"""Pure: an uploaded photograph becomes WebP pictures of our own making, in three sizes; or is refused.

Nothing of the upload is kept but its pixels: it is decoded, turned the right way up, brought to sRGB, and
encoded anew. So no camera data, place, profile, comment or hidden second file survives.
"""

from __future__ import annotations

import contextlib
import io
import threading
import zipfile
from dataclasses import dataclass

from PIL import Image, ImageCms, ImageOps

SIZES = (320, 640, 1280)
"""Widths in pixels: cards and rows, the gift's page on a phone, and wide or very sharp screens."""
MAX_BYTES = 8 * 1024 * 1024
MAX_PIXELS = 40_000_000
LEAST_SIDE = 120
"""Pixels of the shorter side below which a picture is of no use on a page."""
MOST_STRETCH = 4
"""How many times longer one side may be than the other."""
FORMATS = ("JPEG", "PNG", "WEBP")
TALLEST = 2
"""A picture is shown at most twice as high as wide."""
QUALITY = {320: 75, 640: 80, 1280: 82}
"""The smaller a picture is shown, the less of it is missed: a page of cards is to be light."""

_HIDDEN = (b"<script", b"<?php", b"<!doctype", b"<html", b"<svg ", b"<iframe", b"%pdf-1", b"%!ps-adobe")
"""What no photograph holds by chance: a file that is a picture to one program and a document to another."""
_SCAN = b"\xff\xda"
MOST_SCANS = 64
"""Passes of a progressive JPEG: a small file may ask for thousands, each over all of its pixels."""
_ONE_AT_A_TIME = threading.Lock()
"""A decoded picture may take 160 MB: a process opens one at a time."""

Image.MAX_IMAGE_PIXELS = MAX_PIXELS


class ImageRefused(Exception):
    """An upload that is not taken. ``reason``: empty, too_large, not_a_picture, disguised, animated, too_many_pixels,
    too_small or too_long."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Rendered:
    """A picture in its sizes: WebP bytes by width asked for; never wider than the upload. The last is the largest."""

    width: int
    height: int
    sizes: dict[int, bytes]

    @property
    def largest(self) -> bytes:
        """The picture as it is known: its hash is its address."""
        return self.sizes[max(self.sizes)]


def render(content: bytes) -> Rendered:
    """``content`` in three sizes. Raises ImageRefused."""
    if not content:
        raise ImageRefused("empty")
    if len(content) > MAX_BYTES:
        raise ImageRefused("too_large")
    if is_disguised(content):
        raise ImageRefused("disguised")
    if content.startswith(b"\xff\xd8") and content.count(_SCAN) > MOST_SCANS:
        raise ImageRefused("too_many_pixels")
    with _ONE_AT_A_TIME:
        return sizes_of(_decoded(content))


def is_disguised(content: bytes) -> bool:
    """Whether a document, a script or an archive hides in the bytes."""
    lower = content.lower()
    return any(mark in lower for mark in _HIDDEN) or zipfile.is_zipfile(io.BytesIO(content))


def _decoded(content: bytes) -> Image.Image:
    """The pixels, upright and in sRGB. The header is judged before anything is unpacked."""
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            _judge(image)
            image.draft("RGB", (2 * SIZES[-1], 2 * SIZES[-1]))  # JPEG alone: unpacks no more than is needed
            image.load()
            profile = image.info.get("icc_profile")
            upright = ImageOps.exif_transpose(image)
    except ImageRefused:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageRefused("too_many_pixels") from error
    except (OSError, ValueError, SyntaxError, EOFError, ZeroDivisionError, MemoryError) as error:
        raise ImageRefused("not_a_picture") from error
    return _in_srgb(upright, profile)


def _judge(image: Image.Image) -> None:
    short, long = sorted(image.size)
    if short * long > MAX_PIXELS:
        raise ImageRefused("too_many_pixels")
    if short < LEAST_SIDE:
        raise ImageRefused("too_small")
    if long > MOST_STRETCH * short:
        raise ImageRefused("too_long")
    # Telephones put a second, smaller picture behind a JPEG ("MPO"); that is no film.
    if image.format != "MPO" and getattr(image, "is_animated", False):
        raise ImageRefused("animated")


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    see_through = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
    mode = "RGBA" if see_through else "RGB"
    if profile and image.mode in ("RGB", "RGBA"):
        with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError):  # a broken profile is left out
            own, screen = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
            converted = ImageCms.profileToProfile(image, own, screen, outputMode=image.mode)
            image = converted or image
    if image.mode.startswith("I"):  # 16 bits of grey
        image = image.point(lambda value: value / 256).convert("L")
    return image.convert(mode)


def sizes_of(image: Image.Image) -> Rendered:
    """A picture in the sizes in which it is shown, never larger than it is."""
    sizes: dict[int, bytes] = {}
    width = height = 0
    for wanted in SIZES:
        scale = min(wanted / image.width, TALLEST * wanted / image.height, 1)
        width, height = max(1, round(image.width * scale)), max(1, round(image.height * scale))
        whole = (width, height) == image.size
        sizes[wanted] = _webp(
            image if whole else image.resize((width, height), Image.Resampling.LANCZOS), QUALITY[wanted]
        )
        if scale == 1:
            break
    return Rendered(width, height, sizes)


def _webp(image: Image.Image, quality: int) -> bytes:
    plain = Image.new(image.mode, image.size)  # a new picture has nothing but pixels
    plain.paste(image)
    out = io.BytesIO()
    plain.save(out, "WEBP", quality=quality, method=4, exif=b"", icc_profile=b"", xmp=b"")
    return out.getvalue()
