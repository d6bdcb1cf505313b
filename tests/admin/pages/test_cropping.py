"""A picture of a gift is cut to a frame on the server; the part takes its place and the whole one stays for orders."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from catalog.gifts.framing import Frame, box_of


def pictured(shop, desk):
    """A gift with one picture, red above and blue below, 400 by 600."""
    gift, browser, photo = shop.gift(), desk("catalog"), io.BytesIO()
    image = Image.new("RGB", (400, 600), "red")
    image.paste("blue", (0, 300, 400, 600))
    image.save(photo, "PNG")
    photo.seek(0)
    form = {"picture": (photo, "a.png"), "shape": "1:1"}
    answer = browser.post(f"/admin/gifts/{gift}/pictures", data=form, content_type="multipart/form-data")
    return gift, browser, answer.headers["Location"]


def shown(shop, gift):
    return shop.sql("SELECT pictures[1] FROM gifts WHERE id = :g", g=gift)


def pixels(browser, sha256):
    return Image.open(io.BytesIO(browser.get(f"/pictures/{sha256}.webp").data)).convert("RGB")


@pytest.mark.parametrize(
    ("frame", "box"),
    [
        (Frame("4:3"), (0, 150, 400, 450)),
        (Frame("1:1", y=0), (0, 0, 400, 400)),
        (Frame("1:1", size=50, x=100, y=100), (200, 400, 400, 600)),
    ],
)
def test_a_frame_is_a_share_of_what_fits(frame, box):
    assert box_of(frame, 400, 600) == box


def test_an_upload_with_a_shape_leads_to_the_frame_and_the_part_takes_the_pictures_place(shop, desk):
    gift, browser, crop = pictured(shop, desk)
    whole = shown(shop, gift)
    assert crop == f"/admin/gifts/{gift}/pictures/{whole}/crop?shape=1:1"
    assert browser.get(crop).status_code == 200
    answer = browser.post(crop.split("?")[0], data={"shape": "1:1", "size": "50", "x": "0", "y": "100"})
    assert answer.headers["Location"] == f"/admin/gifts/{gift}#pictures"
    part = pixels(browser, shown(shop, gift))
    assert part.size == (200, 200) and part.getpixel((100, 20))[2] > 200
    assert pixels(browser, whole).size == (400, 600)


def test_a_frame_that_is_none_changes_nothing(shop, desk, make_staff, client):
    gift, browser, crop = pictured(shop, desk)
    whole, path = shown(shop, gift), crop.split("?")[0]
    for wrong in ({"shape": "9:1"}, {"shape": "1:1", "size": "5"}, {"shape": "1:1", "x": "-1"}):
        assert browser.post(path, data=wrong).headers["Location"] == f"/admin/gifts/{gift}"
    assert browser.post(path.replace(whole, "0" * 64), data={"shape": "1:1"}).status_code == 303
    assert shown(shop, gift) == whole
    api = f"/api/v1/admin/gifts/{gift}/pictures/{whole}/frame"
    staff = make_staff("catalog").auth
    assert client.put(api, json={"shape": "4:3", "size": 101}, headers=staff).status_code == 422
    answer = client.put(api, json={"shape": "4:3"}, headers=staff).json
    assert answer["pictures"][0]["id"] == shown(shop, gift) != whole
    assert pixels(browser, shown(shop, gift)).size == (400, 300)
    assert client.put(api, json={"shape": "4:3"}, headers=staff).status_code == 404
