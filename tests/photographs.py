"""Photographs as telephones and other people send them."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

from PIL import Image, PngImagePlugin

PLACE = "39.98N 116.30E somebody's home"


def picture(width: int = 800, height: int = 600, mode: str = "RGB") -> Image.Image:
    """Noise in colour with a red left half, so that it does not pack to nothing and has a right way up."""
    noise = Image.effect_noise((width, height), 40).convert(mode)
    noise.paste(Image.new(mode, (width // 2, height), "red"), (0, 0))
    return noise


def saved(image: Image.Image, form: str, **more: Any) -> bytes:
    """An image as a file."""
    out = io.BytesIO()
    image.save(out, form, **more)
    return out.getvalue()


def jpeg_of_a_telephone(orientation: int = 1) -> bytes:
    """A JPEG that tells the camera, the place and which way up it is."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010E], exif[0x0110] = orientation, PLACE, "Camera of Li"
    return saved(picture(), "JPEG", quality=85, exif=exif.tobytes(), comment=PLACE.encode())


def png_that_tells() -> bytes:
    """A PNG with a text beside its pixels."""
    told = PngImagePlugin.PngInfo()
    told.add_text("Comment", PLACE)
    return saved(picture(), "PNG", pnginfo=told)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def flood(width: int = 30_000, height: int = 30_000) -> bytes:
    """A PNG of a few kilobytes that says it has 900 million pixels."""
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + _chunk(b"IDAT", zlib.compress(bytes(100_000))) + _chunk(b"IEND", b"")


def film(form: str, frames: int = 30) -> bytes:
    """A moving picture."""
    images = [Image.new("RGB", (300, 300), (index * 8, 0, 0)) for index in range(frames)]
    return saved(images[0], form, save_all=True, append_images=images[1:])
