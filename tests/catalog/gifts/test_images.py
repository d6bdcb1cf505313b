"""Uploads become pictures of our own making, or are refused with a reason."""

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from photographs import PLACE, film, flood, jpeg_of_a_telephone, picture, png_that_tells, saved
from PIL import Image

from catalog.gifts.images import MAX_BYTES, SIZES, ImageRefused, render


def _open(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def _archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("run.js", "alert(1)")
    return out.getvalue()


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_photograph_becomes_webp_in_three_sizes(form):
    made = render(saved(picture(2000, 1500), form))
    assert {width: _open(content).size for width, content in made.sizes.items()} == {
        320: (320, 240), 640: (640, 480), 1280: (1280, 960),
    }  # fmt: skip
    assert {_open(content).format for content in made.sizes.values()} == {"WEBP"}
    assert (made.width, made.height) == (1280, 960)
    assert made.largest == made.sizes[1280]


def test_a_small_picture_is_never_made_larger():
    made = render(saved(picture(480, 360), "PNG"))
    assert {width: _open(content).size for width, content in made.sizes.items()} == {320: (320, 240), 640: (480, 360)}


def test_a_high_picture_is_at_most_twice_as_high_as_its_width():
    made = render(saved(picture(1000, 3000), "PNG"))
    assert _open(made.sizes[320]).size == (213, 640)


@pytest.mark.parametrize("content", [jpeg_of_a_telephone(), png_that_tells()])
def test_nothing_of_the_upload_but_its_pixels_is_kept(content):
    assert PLACE.encode() in content
    for size in render(content).sizes.values():
        assert PLACE.encode() not in size
        assert not _open(size).getexif()
        assert set(_open(size).info) <= {"loop", "background", "timestamp", "duration"}
        windows = {content[at : at + 24] for at in range(len(content) - 24)}
        assert not any(size[at : at + 24] in windows for at in range(len(size) - 24))


def test_a_picture_taken_sideways_stands_upright():
    made = _open(render(jpeg_of_a_telephone(orientation=6)).largest).convert("RGB")
    assert made.size == (600, 800)
    top, bottom = made.getpixel((300, 100)), made.getpixel((300, 700))
    assert top[0] > 200 and top[1] < 60
    assert abs(bottom[0] - bottom[1]) < 60


@pytest.mark.parametrize("mode", ["1", "L", "P", "I;16", "RGBA", "LA", "CMYK"])
def test_every_kind_of_pixel_is_understood(mode):
    form = "JPEG" if mode == "CMYK" else "PNG"
    wanted = Image.new("I;16", (200, 200), 40_000) if mode == "I;16" else picture(200, 200).convert(mode)
    assert _open(render(saved(wanted, form)).largest).size == (200, 200)


def test_see_through_stays_see_through():
    image = Image.new("RGBA", (200, 200), (255, 0, 0, 0))
    assert _open(render(saved(image, "PNG")).largest).convert("RGBA").getpixel((5, 5))[3] == 0


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"x" * (MAX_BYTES + 1), "too_large"),
        (b"nothing of the kind", "not_a_picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "disguised"),
        (b"<?xml version='1.0'?><!DOCTYPE svg [<!ENTITY x 'y'>]><svg/>", "disguised"),
        (saved(picture(300, 300), "JPEG") + _archive(), "disguised"),
        (saved(picture(300, 300), "PNG") + b"<script>alert(1)</script>", "disguised"),
        (saved(picture(300, 300), "JPEG", comment=b"<?php system($_GET[0]);"), "disguised"),
        (saved(picture(300, 300), "JPEG", comment=b"%PDF-1.7 1 0 obj"), "disguised"),
        (saved(picture(300, 300), "GIF"), "not_a_picture"),
        (saved(picture(300, 300), "BMP"), "not_a_picture"),
        (saved(picture(300, 300), "TIFF"), "not_a_picture"),
        (saved(picture(300, 300), "PNG")[:2000], "not_a_picture"),
        (saved(picture(300, 300), "JPEG")[:3000], "not_a_picture"),
        (flood(), "too_many_pixels"),
        (flood(9000, 5000), "too_many_pixels"),
        (b"\xff\xd8" + b"\xff\xda" * 5000, "too_many_pixels"),
        (film("WEBP"), "animated"),
        (film("PNG"), "animated"),
        (film("GIF"), "not_a_picture"),
        (saved(picture(100, 300), "PNG"), "too_small"),
        (saved(picture(130, 600), "PNG"), "too_long"),
    ],
)
def test_what_is_no_photograph_is_refused(content, reason):
    with pytest.raises(ImageRefused) as refused:
        render(content)
    assert refused.value.reason == reason


JPEG, PNG, WEBP = (saved(picture(160, 160), form) for form in ("JPEG", "PNG", "WEBP"))


@settings(max_examples=120, deadline=None)
@given(st.sampled_from([JPEG, PNG, WEBP]), st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=6)), max_size=4))
def test_a_broken_file_is_refused_or_becomes_a_picture_of_ours(content, changes):
    broken = bytearray(content)
    for where, what in changes:
        at = int(where * len(broken))
        broken[at : at + len(what)] = what
    try:
        made = render(bytes(broken))
    except ImageRefused:
        return
    assert set(made.sizes) <= set(SIZES)
    assert _open(made.largest).format == "WEBP"
