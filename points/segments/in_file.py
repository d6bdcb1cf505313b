"""Segments as a part of the rule set's file. Their ids go along: rules of the file name them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from points.earning.compare import compare
from points.earning.rule_set import Change, Section
from points.earning.versions import By
from points.segments.keep import change_segment, create_segment, segments, stored_filter
from points.segments.models import Segment

NAME = "segments"


def _exported(tx: Session, now: datetime) -> list[dict[str, Any]]:
    return [{"id": one.id, "name": one.name, "filter": one.filter} for one in segments(tx)]


def _put(tx: Session, item: dict[str, Any], by: By) -> Change | None:
    wanted = {"name": item["name"], "filter": stored_filter(item["filter"])}
    found = tx.get(Segment, item["id"], with_for_update=True)
    told = compare({"name": found.name, "filter": found.filter} if found else {}, wanted)
    if found is None:
        create_segment(tx, item["name"], item["filter"], by, segment_id=item["id"])
        return Change(NAME, item["id"], "added", None, told)
    if not told:
        return None
    change_segment(tx, found.id, found.version, item["name"], item["filter"], by)
    return Change(NAME, item["id"], "set", None, told)


SEGMENTS = Section(NAME, "id", _exported, _put)
