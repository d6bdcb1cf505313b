"""The rule set's file: which parts it has, how it is read, and what a change looks like in an answer."""

from __future__ import annotations

import json
from typing import Any

from marshmallow import fields

from admin.routes.budgets import BudgetChangeSchema
from admin.routes.campaigns import CampaignChangeSchema
from admin.routes.redemption_rules import NewRedemptionRuleSchema
from admin.routes.rule_schemas import ControlsSchema, NewRuleSchema
from admin.routes.segments import NewSegmentSchema
from admin.rule_set_words import name_in
from catalog.rules.in_file import REDEMPTION_RULES
from catalog.wording import wording
from mall.http.call import load
from mall.http.fields import Choice, StrictSchema, Text, Whole
from points.earning.compare import Difference
from points.earning.compare_display import told
from points.earning.drafts import KEY_PATTERN
from points.earning.rule_set import FORMAT, FORMAT_VERSION, Imported
from points.earning.rule_set_sections import BUDGETS, CAMPAIGNS, EARNING_RULES, OWNER_LIMITS
from points.segments.in_file import SEGMENTS

SECTIONS = (EARNING_RULES, CAMPAIGNS, BUDGETS, OWNER_LIMITS, SEGMENTS, REDEMPTION_RULES)
"""The parts of the file, in the order in which they are put in: a campaign may name a rule of the same file.
A part more is a line here and one in ``RuleSetSchema``."""


class RuleInFileSchema(NewRuleSchema):
    """An earning rule; ``document`` is the version in force, or the next to begin."""


class CampaignInFileSchema(StrictSchema):
    """A campaign that is published."""

    key = Text(1, 60, required=True, pattern=KEY_PATTERN)
    document = fields.Nested(CampaignChangeSchema, required=True)


class BudgetInFileSchema(BudgetChangeSchema):
    """A budget, of the rule or programme ``scope``."""

    scope = Text(1, 60, required=True, pattern=KEY_PATTERN)


class SegmentInFileSchema(NewSegmentSchema):
    """A segment, under the id that rules of the file name."""

    id = Text(5, 40, required=True, pattern="seg_[0-9a-z]+")


class RedemptionRuleInFileSchema(NewRedemptionRuleSchema):
    """A redemption rule; gift, category and segment by their ids."""

    id = Text(5, 40, required=True, pattern="rru_[0-9a-z]+")


def _few(listed: list[Any]) -> bool:
    return len(listed) <= 1000


class RuleSetSchema(StrictSchema):
    """The file. A part that is left out is left alone."""

    format = Choice((FORMAT,), required=True)
    format_version = Whole(FORMAT_VERSION, FORMAT_VERSION, required=True)
    earning_rules = fields.List(fields.Nested(RuleInFileSchema), validate=_few)
    campaigns = fields.List(fields.Nested(CampaignInFileSchema), validate=_few)
    budgets = fields.List(fields.Nested(BudgetInFileSchema), validate=_few)
    controls = fields.Nested(ControlsSchema)
    segments = fields.List(fields.Nested(SegmentInFileSchema), validate=_few)
    redemption_rules = fields.List(fields.Nested(RedemptionRuleInFileSchema), validate=_few)


def in_form(loaded: dict[str, Any]) -> dict[str, Any]:
    """What ``RuleSetSchema`` has read, with its texts as the mall keeps them."""
    file = dict(loaded)
    if "earning_rules" in file:
        file["earning_rules"] = [{**one, "title": wording(one["title"])} for one in file["earning_rules"]]
    if "campaigns" in file:
        file["campaigns"] = [
            {**one, "document": {**one["document"], "name": wording(one["document"]["name"])}}
            for one in file["campaigns"]
        ]
    for part in ("segments", "redemption_rules"):
        if part in file:
            file[part] = [{**one, "name": wording(one["name"])} for one in file[part]]
    return file


def read_rule_set(value: Any) -> dict[str, Any]:
    """A file's JSON value, read. Raises Invalid with every reason by its path."""
    return in_form(load(RuleSetSchema(), value))


def written(file: dict[str, Any]) -> str:
    """The file as it is written: indented, for people and for version control."""
    return json.dumps(file, ensure_ascii=False, indent=2) + "\n"


def told_import(found: Imported, *, dry_run: bool) -> dict[str, Any]:
    """What a file changes, with the names of its lines in the reader's language."""
    return {
        "dry_run": dry_run,
        "changes": [
            {"section": one.section, "key": one.key, "action": one.action, "version": one.version,
             "differences": [_line(one.section, line) for line in one.differences]}
            for one in found.changes
        ],
        "unchanged": found.unchanged,
        "kept": [{"section": section, "key": key} for section, key in found.kept],
    }  # fmt: skip


def _line(section: str, difference: Difference) -> dict[str, str | None]:
    name = name_in(section, difference.path)
    if name is None:
        return told(difference)
    plain = {"before_words": difference.before, "after_words": difference.after}  # the words belong to earning rules
    return {**told(difference), "label": name, **plain}
