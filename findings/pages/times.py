"""Evidence about times: a till's usual week with its silence, and by how much its clock was off on which days."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils.timezone import localtime

from findings.models import ClockDay, Finding
from findings.pages.parts import Part
from findings.pages.sentence import moment, seldom, span
from findings.pages.week import DAYS, HOURS, week_of
from portal.sheets.panels import Chart, Column, Kind, Panel, Row

CLOCK_DAYS = 60
WEEK_COLUMNS = (
    Column("weekday", "Weekday", Kind.WEEKDAY),
    Column("hour", "Hour", Kind.HOUR),
    Column("usual", "Usual sales", Kind.QUANTITY),
    Column("silent", "Silent now", Kind.TEXT),
)
OTHERS = (Column("what", "What", Kind.TEXT), Column("value", "How many", Kind.TEXT))
CLOCK_COLUMNS = (
    Column("day", "Day", Kind.TEXT),
    Column("minutes", "Minutes off", Kind.COUNT),
    Column("worst", "At worst", Kind.TEXT),
    Column("way", "Way", Kind.TEXT),
    Column("sales", "Receipts", Kind.COUNT),
    Column("first_number", "From number", Kind.TEXT),
    Column("last_number", "To number", Kind.TEXT),
)
WAYS = {
    ClockDay.Kind.AHEAD: "ahead",
    ClockDay.Kind.BEHIND: "behind",
    ClockDay.Kind.BACKWARDS: "jumped back",
}
# What a quantity's integer counts.
TEN_THOUSANDTHS = 10_000


def silent(finding: Finding, evidence: Mapping[str, Any], now: datetime) -> list[Part]:
    """The till's own week, from its history, with the hours in which nothing came; and how the others did."""
    usual = _usual(evidence)
    silent_hours = _silent_hours(usual, evidence)
    week = week_of(usual, silent_hours)
    rows: list[Row] = [
        (day, hour, round(usual[day][hour] * TEN_THOUSANDTHS), "silent" if (day, hour) in silent_hours else "")
        for day in range(DAYS)
        for hour in week.hours
    ]
    last = localtime(moment(evidence["last_received_at"]))
    whose = {"till": "The till's own week", "store": "The store's own week"}.get(evidence["scope"], "Its own week")
    text = (
        f"Usual sales by weekday and hour, from {evidence['weeks']} weeks of its own. The last one reached us on "
        f"{last:%A, %-d %b %Y, %H:%M}."
    )
    return [
        Part(Panel("week", whose, text, WEEK_COLUMNS, rows), week=week, aside=seldom(evidence)),
        Part(Panel("others", "Meanwhile in the store", "", OTHERS, _others(evidence))),
    ]


def _others(evidence: Mapping[str, Any]) -> list[Row]:
    rows: list[Row] = [("Receipts in a usual week", f"{evidence['usual_week']:,.0f}")]
    if evidence["scope"] == "retailer":
        return [*rows, ("Silent stores of the retailer", f"{evidence['silent_stores']:,}")]
    others = evidence["other_tills"]
    sold = f"{evidence['others_sold']:,}" if others else "there are none"
    return [*rows, ("Other tills of the store", f"{others:,}"), ("Receipts of these since then", sold)]


def clock(finding: Finding, evidence: Mapping[str, Any], now: datetime) -> list[Part]:
    """By day, how far the clock was off."""
    since = finding.began_at.date() - timedelta(CLOCK_DAYS)
    days = list(ClockDay.objects.filter(terminal=finding.terminal, day__gte=since).order_by("day", "kind"))
    rows: list[Row] = [
        (f"{one.day:%a %-d %b}", round(one.worst_s / 60), span(one.worst_s), WAYS[ClockDay.Kind(one.kind)],
         one.sales, f"{one.first_sequence}", f"{one.last_sequence}")
        for one in days
    ]  # fmt: skip
    offset = evidence["offset_s"]
    now_off = (
        "It is right now." if abs(offset) < 60 else f"Now it is {span(offset)} {'ahead' if offset < 0 else 'behind'}."
    )
    panel = Panel(
        "clock", "How far the clock was off", f"Days on which it was right are left out. {now_off}", CLOCK_COLUMNS,
        rows, chart=Chart.BARS, empty="The days are no longer known.",
    )  # fmt: skip
    return [Part(panel)]


def _usual(evidence: Mapping[str, Any]) -> list[list[float]]:
    """Mean sales by weekday and hour."""
    found = [[0.0] * HOURS for _ in range(DAYS)]
    for day, hour, mean in evidence["hours"]:
        found[day][hour] = float(mean)
    return found


def _silent_hours(usual: list[list[float]], evidence: Mapping[str, Any]) -> set[tuple[int, int]]:
    """The hours of the week that passed in silence and usually have sales, by the clock on the wall."""
    first, last = (localtime(moment(evidence[name])) for name in ("last_received_at", "judged_until"))
    hours = min(DAYS * HOURS, max(0, int((last - first).total_seconds() // 3600)))
    passed = (first + timedelta(hours=number) for number in range(1, hours + 1))
    return {(one.weekday(), one.hour) for one in passed if usual[one.weekday()][one.hour] > 0}
