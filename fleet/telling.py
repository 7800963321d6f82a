"""How steps of the registry are told to a retailer's people."""

import re
from collections.abc import Iterable

from fleet.models import Import
from portal.models import Membership
from portal.queries import called
from portal.sheets.panels import Column, Kind, Row
from transactions.models import RegistryStep

STEPS = (
    Column("what", "What", Kind.TEXT),
    Column("at", "When", Kind.MOMENT),
    Column("before", "Before", Kind.TEXT),
    Column("after", "After", Kind.TEXT),
    Column("reason", "Why", Kind.TEXT),
    Column("by", "Who", Kind.TEXT),
)
STEPS_ARE = "Every step, the newest first. Steps are only ever added; nobody can change or delete one."
MEMBER = re.compile(r"member (\d{1,18}) of retailer (\d{1,18})")
IMPORT = re.compile(r"import (\d{1,18})")


def member(membership_id: int, retailer_id: int) -> str:
    """Who a member is in steps."""
    return f"member {membership_id} of retailer {retailer_id}"


def till_name(label: str, number: int) -> str:
    """What a till is called where it stands alone."""
    return label or f"Till {number}"


def rows(steps: Iterable[RegistryStep], retailer_id: int) -> list[Row]:
    """Steps as rows; members are named, staff are not: who of them it was is not the retailer's business."""
    steps = list(steps)
    files = {int(found[1]) for step in steps if (found := IMPORT.fullmatch(step.by))}
    by_file = dict(Import.objects.filter(pk__in=files).values_list("pk", "by")) if files else {}
    said = [*(step.by for step in steps), *by_file.values()]
    ids = {int(found[1]) for by in said if (found := MEMBER.fullmatch(by)) and int(found[2]) == retailer_id}
    members = Membership.objects.filter(pk__in=ids, retailer=retailer_id).select_related("user") if ids else ()
    names = {one.pk: called(one.user) for one in members}
    return [
        (
            step.get_kind_display(), step.at, step.before, step.after, step.reason,
            _who(_uploader(step.by, by_file), names),
        )
        for step in steps
    ]  # fmt: skip


def _uploader(by: str, by_file: dict[int, str]) -> str:
    """Of a step that a file made, whoever uploaded the file."""
    found = IMPORT.fullmatch(by)
    return by_file.get(int(found[1]), by) if found else by


def _who(by: str, names: dict[int, str]) -> str:
    if found := MEMBER.fullmatch(by):
        return names.get(int(found[1]), "a member")
    return "staff" if by.startswith("staff") or by == "command" else by
