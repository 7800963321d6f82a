"""Evidence about times: a till's usual week with its silence, and by how much its clock was off on which days."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Sum

from findings.models import ClockDay, Finding, TillHour
from findings.pages.parts import Part
from findings.pages.sentence import moment, span
from findings.pages.week import DAYS, HOURS, week_of
from portal.sheets.cells import WEEKDAYS
from portal.sheets.panels import Chart, Column, Kind, Panel, Row

CLOCK_DAYS = 60
WEEK_COLUMNS = (
    Column("weekday", "Weekday", Kind.WEEKDAY),
    Column("hour", "Hour", Kind.HOUR),
    Column("usual", "Usual sales", Kind.QUANTITY),
    Column("silent", "Silent now", Kind.TEXT),
)
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
    """The till's own week, from its history, with the hours in which nothing came."""
    usual, silent_hours = _usual(finding, evidence), {(day, hour) for day, hour, _ in evidence["hours"]}
    week = week_of(usual, silent_hours)
    rows: list[Row] = [
        (day, hour, round(usual[day][hour] * TEN_THOUSANDTHS), "silent" if (day, hour) in silent_hours else "")
        for day in range(DAYS)
        for hour in week.hours
    ]
    last = moment(evidence["last_received_at"])
    text = (
        f"Its usual sales by weekday and hour, from its own {evidence['weeks']} weeks. The last sale reached us on "
        f"{WEEKDAYS[last.weekday()]}, {last:%-d %b %Y, %H:%M} UTC."
    )
    return [Part(Panel("week", "The till's own week", text, WEEK_COLUMNS, rows), week=week)]


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


def _usual(finding: Finding, evidence: Mapping[str, Any]) -> list[list[float]]:
    """Mean sales by weekday and hour of the weeks before the silence."""
    weeks = max(1, int(evidence["weeks"]))
    last = moment(evidence["last_issued_at"]).date()
    monday = last - timedelta(last.weekday())
    found = [[0.0] * HOURS for _ in range(DAYS)]
    sums = (
        TillHour.objects.filter(terminal=finding.terminal, week__gte=monday - timedelta(weeks=weeks), week__lte=monday)
        .values("weekday", "hour")
        .annotate(sum=Sum("sales"))
    )
    for one in sums:
        found[one["weekday"]][one["hour"]] = one["sum"] / weeks
    for day, hour, mean in evidence["hours"]:
        found[day][hour] = float(mean)
    return found
