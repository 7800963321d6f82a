"""Evidence about some weeks of a till: what it took back, sold after the close, or sold without naming the product."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet

from findings.models import Finding, TillDay
from findings.pages.parts import CODE, DAY, Part
from findings.pages.sentence import seldom
from portal.sheets.panels import WHOLE, Column, Kind, Panel, Row, ratio

# What somebody looks through; the sales figures have the rest.
ROWS_MAX = 60

WHOSE = Column("whose", "Whose", Kind.TEXT)
TOTAL = Column("total", "Total", Kind.MONEY)
# As the till wrote it, in its own time.
WRITTEN = Column("issued_at", "Issued", Kind.TEXT)
WHAT = Column("what", "What", Kind.TEXT)
OPERATOR = Column("operator", "Operator", Kind.TEXT)

BACK_SHARES = (WHOSE, Column("share", "Refunds and voids, of sales", Kind.PERCENT))
STANDS_OUT = (WHAT, Column("count", "How many", Kind.COUNT), Column("usual", "Usually", Kind.TEXT))
OPERATORS = (
    OPERATOR,
    Column("refunds", "Refunds", Kind.COUNT),
    Column("voids", "Voids", Kind.COUNT),
    Column("amount", "Given back", Kind.MONEY),
)
RECEIPTS = (CODE, WRITTEN, TOTAL, OPERATOR)
BACK_RECEIPTS = (CODE, WHAT, WRITTEN, TOTAL, OPERATOR, Column("refers_to", "Of receipt", Kind.CODE))
BACK_DAYS = (
    DAY,
    Column("back", "Given back", Kind.MONEY),
    Column("refunds", "Refunds", Kind.COUNT),
    Column("voids", "Voids", Kind.COUNT),
    Column("sales", "Sales", Kind.COUNT),
)
LATE_DAYS = (
    DAY,
    Column("sales", "Sales after it", Kind.COUNT),
    Column("amount", "Amount", Kind.MONEY),
    Column("usual_end", "Usual end", Kind.TEXT),
    Column("first_at", "First after it", Kind.TEXT),
    Column("last_at", "Last", Kind.TEXT),
)
UNKNOWN_SHARES = (WHOSE, Column("share", "Lines without a product", Kind.PERCENT))
NAMES = (Column("name", "Name on the receipt", Kind.TEXT), Column("lines", "Lines", Kind.COUNT))

REASONS = {
    "refunds": "more refunds than usual",
    "voids": "more voids than usual",
    "amount": "more money given back than usual",
    "round": "many round amounts",
    "series": "several in a row without a customer between",
    "before-close": "many just before the end of business",
}


LATE_REASONS = {
    "repeated": "on several days",
    "large": "much in one night",
    "backdated": "made after midnight, dated before",
}


def refunds(finding: Finding, evidence: Mapping[str, Any], now: datetime) -> list[Part]:
    """The share beside what is usual, what stands out, who made them, the receipts, and the days."""
    currency = evidence["currency"]
    back = evidence["refunds"] + evidence["voids"]
    reasons = ", ".join(REASONS.get(one, one) for one in evidence["reasons"])
    shares = Panel(
        "refund-shares", "Against what is usual", f"What stands out: {reasons}.", BACK_SHARES,
        _shares(evidence, ratio(back * WHOLE, evidence["sales"])),
    )  # fmt: skip
    stands_out = Panel(
        "stands-out",
        "What stands out",
        "Among the refunds and voids of these weeks.",
        STANDS_OUT,
        _stands_out(evidence),
    )
    by_operator: list[Row] = [
        (one["operator"], one["refunds"], one["voids"], -one["amount"]) for one in evidence["operators"]
    ]
    days: list[Row] = [
        (_text(one.day), -(one.refunded + one.voided), one.refunds, one.voids, one.sales)
        for one in _days(finding, evidence)
        if one.refunds or one.voids
    ]
    parts = [
        Part(shares, highlights=frozenset({0}), aside=seldom(evidence)),
        Part(stands_out),
        Part(
            Panel("operators", "Who made them", "By operator of the till.", OPERATORS, by_operator, currency=currency)
        ),
        Part(Panel("refund-days", "By day", "Days without any are left out.", BACK_DAYS, days, currency=currency)),
        _taken_back(evidence),
    ]
    return [part for part in parts if part.panel.rows]


def after_close(finding: Finding, evidence: Mapping[str, Any], now: datetime) -> list[Part]:
    """By day what came after its close, and the receipts."""
    days: list[Row] = [
        (_text(date.fromisoformat(one["day"])), one["sales"], one["amount"], one["usual_end"], one["first_at"],
         one["last_at"])
        for one in evidence["days"][:ROWS_MAX]
    ]  # fmt: skip
    share = f"{evidence['share'] * 100:.1f}% of what the till sold in these weeks. "
    backdated = evidence["backdated"]
    dated = f"{backdated} of them were made after midnight and are dated before it. " if backdated else ""
    reasons = ", ".join(LATE_REASONS.get(one, one) for one in evidence.get("reasons", ()))
    about = f"{share}{dated}" + (f"What stands out: {reasons}." if reasons else "")
    panel = Panel("late-days", "After the close, by day", about, LATE_DAYS, days, currency=evidence["currency"])
    return [Part(panel, aside=seldom(evidence)), _receipts(evidence, "The receipts after the close")]


def unknown_products(finding: Finding, evidence: Mapping[str, Any], now: datetime) -> list[Part]:
    """The share beside what is usual, the names on the lines, and receipts that have such."""
    shares = Panel(
        "unknown-shares", "Against what is usual", "", UNKNOWN_SHARES,
        _shares(evidence, ratio(evidence["unknown_lines"] * WHOLE, evidence["lines"])),
    )  # fmt: skip
    names: list[Row] = [(name, lines) for name, lines in evidence["names"][:ROWS_MAX]]
    named = "Lines with neither a number nor a bar code, by what stands on the receipt."
    return [
        Part(shares, highlights=frozenset({0}), aside=seldom(evidence)),
        Part(Panel("names", "What was sold so", named, NAMES, names)),
        _receipts(evidence, "Receipts with such lines"),
    ]


def _shares(evidence: Mapping[str, Any], own: int | None) -> list[Row]:
    return [
        ("This till, in these weeks", own),
        ("This till before", round(evidence["usual_share"] * WHOLE)),
        ("Other tills of its store", round(evidence["store_share"] * WHOLE)),
        ("Other tills of the retailer", round(evidence["others_share"] * WHOLE)),
    ]


def _stands_out(evidence: Mapping[str, Any]) -> list[Row]:
    rows: list[Row] = [
        ("Refunds", evidence["refunds"], f"about {evidence['expected_refunds']:.0f}"),
        ("Voids", evidence["voids"], f"about {evidence['expected_voids']:.0f}"),
        ("Round amounts", evidence["round_amounts"], ""),
        ("In a row, without a customer between", evidence["in_series"], ""),
        ("Just before the end of business", evidence["before_close"], ""),
        ("Voids within moments of the sale", evidence["quick_voids"], ""),
    ]
    return [row for row in rows if row[1]]


def _taken_back(evidence: Mapping[str, Any]) -> Part:
    found: Sequence[Mapping[str, Any]] = evidence["receipts"][:ROWS_MAX]
    rows: list[Row] = [
        (one["code"], one["kind"].capitalize(), _written(one["issued_at"]), one["total"], one.get("operator") or "",
         one.get("refers_to") or "")
        for one in found
    ]  # fmt: skip
    return _with_codes("refund-receipts", "The refunds and voids", BACK_RECEIPTS, rows, evidence)


def _receipts(evidence: Mapping[str, Any], title: str) -> Part:
    found: Sequence[Mapping[str, Any]] = evidence["receipts"][:ROWS_MAX]
    rows: list[Row] = [
        (one["code"], _written(one["issued_at"]), one["total"], one.get("operator") or "") for one in found
    ]
    return _with_codes("receipts", title, RECEIPTS, rows, evidence)


def _with_codes(
    key: str, title: str, columns: tuple[Column, ...], rows: list[Row], evidence: Mapping[str, Any]
) -> Part:
    panel = Panel(
        key, title, "Times are the till's own.", columns, rows, currency=evidence["currency"], empty="None was kept."
    )
    return Part(panel, tuple(str(row[0]) for row in rows))


def _days(finding: Finding, evidence: Mapping[str, Any]) -> QuerySet[TillDay]:
    window = (evidence["since"][:10], evidence["until"][:10])
    found = TillDay.objects.filter(terminal=finding.terminal, day__range=window, currency=evidence["currency"])
    return found.order_by("day")[:ROWS_MAX]


def _text(day: date) -> str:
    return f"{day:%a %-d %b}"


def _written(text: str) -> str:
    """As on the receipt: the day and the minute, in whatever time the till has."""
    day, _, rest = text.partition("T")
    return f"{_text(date.fromisoformat(day))}, {rest[:5]}" if rest else text
