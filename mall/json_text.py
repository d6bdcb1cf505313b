"""JSON as the API writes it. The encoders are made once: ``json.dumps`` makes one for each text that is not plain."""

from __future__ import annotations

import json

JSON_TYPE = "application/json"

compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
"""No space that nobody needs."""
ascii_only = json.JSONEncoder(separators=(",", ":")).encode
"""For what may quote anything that was sent: what is no Unicode stays escaped."""
canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode
"""The same text for the same value, however its members are ordered."""
