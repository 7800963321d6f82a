"""Evidence about one day of a till: what it took back, sold after its close, or sold without naming the product."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import QuerySet

from findings.models import Finding, TillDay
from findings.pages import records
from findings.pages.parts import CODE, DAY, DAYS_SHOWN, ISSUED, Part
from findings.pages.sentence import day_of
from portal.sheets.panels import WHOLE, Column, Kind, Panel, Row, ratio
from transactions.stream import shard_of

# What somebody looks through; the day's own page in the sales figures has the rest.
RECEIPTS_MAX = 50
NAMES_MAX = 50

COMPARED = (
    Column("whose", "", Kind.TEXT),
    Column("share", "Refunds and voids, of sales", Kind.PERCENT),
)
BACK = (CODE, Column("type", "What", Kind.TEXT), ISSUED, Column("total", "Total", Kind.MONEY))
BACK_DAYS = (
    DAY,
    Column("sales", "Sales", Kind.COUNT),
    Column("refunds", "Refunds", Kind.COUNT),
    Column("voids", "Voids", Kind.COUNT),
    Column("back", "Given back", Kind.MONEY),
)
LATE = (CODE, ISSUED, Column("type", "What", Kind.TEXT), Column("total", "Total", Kind.MONEY))
LATE_DAYS = (DAY, Column("last", "Last sale of the day", Kind.TEXT), Column("sales", "Sales that day", Kind.COUNT))
NAMES = (
    Column("name", "Name on the receipt", Kind.TEXT),
    Column("lines", "Lines", Kind.COUNT),
    Column("amount", "Amount", Kind.MONEY),
    Column("code", "Such as on", Kind.CODE),
)
NAME_DAYS = (
    DAY,
    Column("share", "Lines without a product", Kind.PERCENT),
    Column("unknown", "Without", Kind.COUNT),
    Column("lines", "Of all", Kind.COUNT),
)


def refunds(finding: Finding, evidence: Mapping[str, Any], now: datetime) -> list[Part]:
    """Its share beside its own usual one and the others', the receipts, and the days around."""
    day = day_of(evidence)
    back = evidence["refunds"] + evidence["voids"]
    shares: list[Row] = [
        (f"This till on {day:%-d %b}", ratio(back * WHOLE, evidence["sales"])),
        ("This till, usually", round(evidence["usual_share"] * WHOLE)),
        ("The retailer's other tills", round(evidence["others_share"] * WHOLE)),
    ]
    compared = Panel("shares", "Against what is usual", "Refunds and voids for every hundred sales.", COMPARED, shares)
    taken = [one for one in records.of_day(finding.terminal, day) if one.type != "sale"]
    taken.sort(key=lambda one: one.total)
    rows: list[Row] = [
        (one.code, one.type.capitalize(), one.at, one.total) for one in taken[:RECEIPTS_MAX]
    ]  # fmt: skip
    receipts = Panel(
        "receipts", "The receipts", "The largest first.", BACK, rows, currency=evidence["currency"],
        empty="They cannot be read now.",
    )  # fmt: skip
    days: list[Row] = [
        (_named(one), one.sales, one.refunds, one.voids, -(one.refunded + one.voided))
        for one in _days(finding, day, evidence["currency"])
    ]
    around = Panel("days", "The days around", "", BACK_DAYS, days, currency=evidence["currency"])
    return [
        Part(compared, highlights=frozenset({0})),
        Part(receipts, tuple(one.code for one in taken[:RECEIPTS_MAX])),
        Part(around, highlights=_place_of(days, day)),
    ]


def after_close(finding: Finding, evidence: Mapping[str, Any], now: datetime) -> list[Part]:
    """The last receipts of the day, as many as came after the close, and when the days around ended."""
    day = day_of(evidence)
    issued = sorted(records.of_day(finding.terminal, day), key=lambda one: one.at, reverse=True)
    late = issued[: min(evidence["sales"], RECEIPTS_MAX)]
    rows: list[Row] = [(one.code, one.at, one.type.capitalize(), one.total) for one in late]
    found = list(_days(finding, day))
    currency = next((one.currency for one in found if one.day == day), "")
    hour = evidence["usual_last_hour"]
    days: list[Row] = [(_named(one), f"{one.last_issued_at:%H:%M} UTC", one.sales) for one in found]
    return [
        Part(
            Panel("receipts", "The receipts after the close", f"Usually this till sells nothing after {hour:02}:59.",
                  LATE, rows, currency=currency, empty="They cannot be read now."),
            tuple(one.code for one in late),
        ),
        Part(Panel("days", "When its days ended", "", LATE_DAYS, days), highlights=_place_of(days, day)),
    ]  # fmt: skip


def unknown_products(finding: Finding, evidence: Mapping[str, Any], now: datetime) -> list[Part]:
    """The names on the lines that name no product, the most frequent first, and the days around."""
    day = day_of(evidence)
    names = _names(finding.terminal, day)
    rows: list[Row] = [(one.name, one.lines, one.amount, one.code) for one in names[:NAMES_MAX]]
    currency = evidence["currency"]
    days: list[Row] = [
        (_named(one), ratio(one.unknown_lines * WHOLE, one.lines), one.unknown_lines, one.lines)
        for one in _days(finding, day, currency)
    ]
    return [
        Part(
            Panel("lines", "What was sold so", "Lines with neither a number nor a bar code, by their names.", NAMES,
                  rows, currency=currency, empty="They cannot be read now."),
            tuple(one.code for one in names[:NAMES_MAX]),
        ),
        Part(Panel("days", "The days around", "", NAME_DAYS, days), highlights=_place_of(days, day)),
    ]  # fmt: skip


class _Name(NamedTuple):
    """A name on lines without a product; one receipt that has it."""

    name: str
    lines: int
    amount: int
    code: str


def _names(terminal: int, day: date) -> list[_Name]:
    issued = {one.place: one for one in records.of_day(terminal, day)}
    lines: Counter[str] = Counter()
    amounts: Counter[str] = Counter()
    codes: dict[str, str] = {}
    for place, sale in records.contents(shard_of(terminal), list(issued)):
        for line in sale["lines"]:
            if line["kind"] == "item" and not line["sku"] and not line["gtin"]:
                lines[line["name"]] += 1
                amounts[line["name"]] += line["amount"]
                codes[line["name"]] = issued[place].code
    return [_Name(name, count, amounts[name], codes[name]) for name, count in lines.most_common()]


def _days(finding: Finding, day: date, currency: str = "") -> QuerySet[TillDay]:
    """The days up to a little after the one that is found."""
    around = (day - timedelta(DAYS_SHOWN), day + timedelta(DAYS_SHOWN // 2))
    found = TillDay.objects.filter(terminal=finding.terminal, day__range=around).order_by("day", "currency")
    return found.filter(currency=currency) if currency else found


def _named(one: TillDay) -> str:
    return _text(one.day)


def _text(day: date) -> str:
    return f"{day:%a %-d %b}"


def _place_of(rows: list[Row], day: date) -> frozenset[int]:
    return frozenset(place for place, row in enumerate(rows) if row[0] == _text(day))
