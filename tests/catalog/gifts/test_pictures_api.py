"""Staff give a gift its pictures; members get them in the size that their screen needs."""

from __future__ import annotations

import hashlib
import io

import pytest
from photographs import PLACE, flood, jpeg_of_a_telephone, picture, saved
from PIL import Image
from sqlalchemy import text

from catalog.gifts.images import MAX_BYTES
from catalog.gifts.pictures import MOST_PICTURES
from mall.db import Login

KEPT = ("pictures", "picture_sizes", "gifts", "audit_entries", "idempotency_keys")


def _send(shop, gift, content, who=None, key=None, kind="image/jpeg"):
    path = f"/admin/gifts/{gift}/pictures"
    return shop.post(path, who or shop.owner, key=key, data=content, content_type=kind)


def _photo(shade):
    return saved(Image.new("RGB", (200, 150), (shade, 0, 0)), "PNG")


def _held(shop):
    def read(tx):
        return {name: tx.execute(text(f"SELECT t::text FROM {name} AS t ORDER BY 1")).scalars().all() for name in KEPT}

    return shop.run(Login.OWNER, read)


def test_an_upload_is_served_in_three_sizes_and_nothing_of_it_is_kept(shop, client):
    gift, sent = shop.gift(100), saved(picture(2000, 1500), "JPEG", comment=PLACE.encode())
    answer = _send(shop, gift, sent)
    assert answer.status_code == 201
    added = answer.json["added"]
    assert answer.json["pictures"] == [{"id": added, "url": f"/pictures/{added}.webp", "alt": {}}]
    widths = {}
    for name in ("", "-320", "-640", "-1280"):
        served = client.get(f"/pictures/{added}{name}.webp")
        assert (served.status_code, served.content_type) == (200, "image/webp")
        assert served.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        widths[name] = Image.open(io.BytesIO(served.data)).size
    assert widths == {"": (1280, 960), "-320": (320, 240), "-640": (640, 480), "-1280": (1280, 960)}
    assert hashlib.sha256(client.get(f"/pictures/{added}.webp").data).hexdigest() == added
    stored = shop.run(
        Login.OWNER,
        lambda tx: tx.execute(text("SELECT content FROM pictures UNION ALL SELECT content FROM picture_sizes"))
        .scalars().all(),
    )  # fmt: skip
    assert len(stored) == 3
    assert not any(PLACE.encode() in bytes(content) for content in stored)
    assert shop.get(f"/gifts/{gift}").json["pictures"] == [f"/pictures/{added}.webp"]
    actions = "SELECT count(*) FROM audit_entries WHERE action = 'gift.picture_added' AND subject = :gift"
    assert shop.sql(actions, gift=f"gift:{gift}") == 1


def test_the_same_upload_again_adds_nothing(shop):
    gift, sent = shop.gift(100), jpeg_of_a_telephone()
    first = _send(shop, gift, sent, key="one")
    assert _send(shop, gift, sent, key="one").headers["Idempotency-Replayed"] == "true"
    assert _send(shop, gift, sent).json == first.json
    assert _send(shop, gift, _photo(5), key="one").status_code == 422
    assert len(shop.get(f"/gifts/{gift}").json["pictures"]) == 1


@pytest.mark.parametrize(
    ("content", "status", "told"),
    [
        (b"", 422, "no picture in it"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'></svg>", 422, "Something else than a picture"),
        (saved(picture(300, 300), "GIF"), 422, "JPEG, PNG or WebP"),
        (flood(), 422, "million pixels"),
        (saved(picture(300, 300), "PNG") + b"<script>", 422, "hides"),
        (b"x" * (MAX_BYTES + 1), 413, ""),
    ],
)
def test_what_is_no_photograph_is_refused_and_nothing_is_kept(shop, content, status, told):
    gift = shop.gift(100)
    before = _held(shop)
    answer = _send(shop, gift, content, kind="image/png")
    assert answer.status_code == status
    if told:
        assert told in answer.json["errors"]["picture"][0]
    assert _held(shop) == before


def test_only_who_keeps_the_catalog_may_add_pictures(shop):
    gift, sent = shop.gift(100), _photo(1)
    before = _held(shop)
    for role in ("rules", "fulfilment", "auditor"):
        assert _send(shop, gift, sent, who=shop.staff(role)).status_code == 403
    assert _send(shop, gift, sent, who=shop.member()).status_code == 403
    assert _send(shop, "gft_00000000000000000000000000", sent).status_code == 404
    assert _send(shop, gift, sent, kind="image/svg+xml").status_code == 415
    after = _held(shop)
    assert (after["pictures"], after["gifts"]) == (before["pictures"], before["gifts"])
    assert _send(shop, gift, sent, who=shop.staff("catalog")).status_code == 201


def test_pictures_are_put_in_order_told_and_taken_off(shop):
    gift = shop.gift(100)
    path = f"/admin/gifts/{gift}/pictures"
    one, two, three = (_send(shop, gift, _photo(shade)).json["added"] for shade in (10, 120, 250))
    wanted = {"pictures": [{"id": three, "alt": {"zh": "三", "en": "Three"}}, {"id": one}]}
    answer = shop.post(path, shop.owner, wanted, method="PUT")
    assert [(item["id"], item["alt"]) for item in answer.json["pictures"]] == [
        (three, {"zh": "三", "en": "Three"}), (one, {}),
    ]  # fmt: skip
    assert shop.get(f"/gifts/{gift}").json["pictures"][0] == f"/pictures/{three}.webp"
    page = shop.app.test_client().get(f"/gifts/{gift}").get_data(as_text=True)
    assert 'alt="三"' in page and f"/pictures/{three}-640.webp 640w" in page
    before = _held(shop)
    for wrong in ([{"id": two}], [{"id": one}, {"id": one}], [{"id": "x"}], [{"id": one, "alt": 1}], [{}], "x"):
        refused = shop.post(path, shop.owner, {"pictures": wrong}, method="PUT")
        assert refused.status_code == 422, wrong
        assert any(name.startswith("pictures") for name in refused.json["errors"])
    assert _held(shop) == before


def test_a_gift_has_no_more_pictures_than_it_can_have(shop):
    gift = shop.gift(100)
    shop.write("UPDATE gifts SET pictures = :many WHERE id = :gift", many=["a" * 64] * MOST_PICTURES, gift=gift)
    before = _held(shop)
    answer = _send(shop, gift, _photo(1))
    assert (answer.status_code, answer.json["code"], answer.json["most"]) == (409, "too_many_pictures", MOST_PICTURES)
    assert _held(shop) == before


def test_a_picture_of_one_size_serves_for_all(shop, client):
    """As those of databases from before there were sizes."""
    content = saved(picture(480, 360), "WEBP")
    name = hashlib.sha256(content).hexdigest()
    shop.write(
        "INSERT INTO pictures (sha256, content, width, height, created_at) VALUES (:name, :content, 480, 360, now())",
        name=name, content=content,
    )  # fmt: skip
    for size in ("", "-320", "-640", "-1280"):
        assert client.get(f"/pictures/{name}{size}.webp").data == content
    assert client.get(f"/pictures/{name}-100.webp").status_code == 404
