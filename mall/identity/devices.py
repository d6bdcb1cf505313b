"""Pure: a browser's own description, cut down to what helps its owner to know it again."""

from __future__ import annotations

_APPS = (
    ("micromessenger", "WeChat"),
    ("edg/", "Edge"),
    ("firefox/", "Firefox"),
    ("huaweibrowser", "Huawei Browser"),
    ("miuibrowser", "Mi Browser"),
    ("ucbrowser", "UC Browser"),
    ("qqbrowser", "QQ Browser"),
    ("opr/", "Opera"),
    ("chrome/", "Chrome"),
    ("safari/", "Safari"),
)
_SYSTEMS = (
    ("iphone", "iPhone"),
    ("ipad", "iPad"),
    ("harmonyos", "HarmonyOS"),
    ("android", "Android"),
    ("windows", "Windows"),
    ("mac os", "Mac"),
    ("linux", "Linux"),
)


def device_name(user_agent: str | None) -> str:
    """``Chrome · Android`` and the like; the whole header, which can single a person out, is not kept."""
    text = (user_agent or "").lower()
    app = next((name for mark, name in _APPS if mark in text), "")
    system = next((name for mark, name in _SYSTEMS if mark in text), "")
    return " · ".join(part for part in (app, system) if part)
