"""The helpers of the earning tests, for back-tests."""

from __future__ import annotations

import importlib.util
from pathlib import Path

_path = Path(__file__).resolve().parent.parent / "earning" / "conftest.py"
_spec = importlib.util.spec_from_file_location("earning_helpers", _path)
assert _spec is not None and _spec.loader is not None
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)
Mall, mall, days, simple = _module.Mall, _module.mall, _module.days, _module.simple
