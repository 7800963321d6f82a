"""Evidence about numbers: those that are missing with their neighbours, and those that came twice."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.timezone import localtime

from findings.models import Finding
from findings.pages import records
from findings.pages.comparing import Sides, side_by_side
from findings.pages.parts import CODE, ISSUED, NUMBER, Part
from findings.pages.sentence import counted, moment
from ledger.blocks import Place
from portal.sheets.panels import Column, Kind, Panel, Row

# More ranges than anybody reads one by one.
RANGES_MAX = 50
# Of one number's contents, so many are compared with the first.
OTHERS_MAX = 3

STEPS = (
    NUMBER,
    Column("what", "What we have", Kind.TEXT),
    ISSUED,
    CODE,
)
SIDES = (
    Column("field", "Field", Kind.TEXT),
    Column("first", "First, recorded", Kind.TEXT),
    Column("second", "Second, kept apart", Kind.TEXT),
    Column("differs", "Differs", Kind.TEXT),
)


def gap(finding: Finding, evidence: Mapping[str, Any], now: datetime) -> list[Part]:
    """The missing ranges between the receipts that stand around them."""
    ranges = [(first, last) for first, last in evidence["ranges"][:RANGES_MAX]]
    near = {moment(evidence[name]).date() for name in ("issued_after", "issued_before")}
    around = {number for first, last in ranges for number in (first - 1, last + 1)}
    known = records.with_numbers(finding.terminal, around, near)
    rows: list[Row] = []
    codes: list[str] = []
    missing: set[int] = set()

    def neighbour(number: int) -> None:
        """A receipt beside a gap, once."""
        if number <= 0 or (one := known.pop(number, None)) is None:
            return
        rows.append((f"{number}", one.type.capitalize(), one.at, one.code))
        codes.append(one.code)

    for first, last in ranges:
        neighbour(first - 1)
        missing.add(len(rows))
        number = f"{first}" if first == last else f"{first} to {last}"
        missed = "Some are missing" if evidence.get("is_more") else f"Missing: {counted(last - first + 1, 'receipt')}"
        rows.append((number, missed, None, ""))
        codes.append("")
        neighbour(last + 1)
    text = _due(evidence)
    if evidence.get("is_more"):
        text += " This till lacks more than is kept one by one: how many is known, and not which."
    panel = Panel("numbers", "The numbers around it", text, STEPS, rows)
    return [Part(panel, tuple(codes), highlights=frozenset(missing))]


def _due(evidence: Mapping[str, Any]) -> str:
    if evidence["due_at"] is None:
        return "They are not due yet: a declared outage goes on, and until its end no time runs."
    due = localtime(moment(evidence["due_at"]))
    return f"They {'were' if evidence['is_overdue'] else 'are'} due by {due:%-d %b %Y, %H:%M}."


def conflict(finding: Finding, evidence: Mapping[str, Any], now: datetime) -> list[Part]:
    """The first content beside each of the newest others."""
    shard, first = evidence["shard"], _place(evidence["first"])
    others = [place for spot in reversed(evidence["others"][-OTHERS_MAX:]) if (place := _place(spot)) is not None]
    known = dict(records.contents(shard, [place for place in (first, *others) if place is not None]))
    recorded = known.get(first) if first else None
    return [
        _beside(f"contents-{number}", _title(number, len(others)), recorded, known.get(place))
        for number, place in enumerate(others, 1)
    ]


def _title(number: int, count: int) -> str:
    return "Both contents" if count == 1 else f"Both contents, {number} of {count}, the newest first"


def _beside(key: str, title: str, first: Mapping[str, Any] | None, second: Mapping[str, Any] | None) -> Part:
    if first is None or second is None:
        away = "One of the two was removed because the law demands it, or cannot be read now."
        return Part(Panel(key, title, away, SIDES, [], empty=away))
    sides = side_by_side(first, second)
    return Part(Panel(key, title, "As the till sent them.", SIDES, _rows(sides)), sides=sides)


def _rows(sides: Sides) -> list[Row]:
    return [(pair.label, pair.first, pair.second, pair.said) for pair in (*sides.fields, *sides.lines)]


def _place(spot: Mapping[str, Any] | None) -> Place | None:
    return Place(str(spot["sealed_on"]), spot["block"], spot["position"]) if spot else None
