"""The page of the VAT ledger."""

from datetime import datetime
from typing import Any

from accounting.books.asking import BalancesAsking
from accounting.books.chart import open_books
from accounting.vat.ledger import VatCheck, VatRow, vat_check, vat_rows
from accounting.vat.periods import Period, period_of, recent_periods
from portal.rights import Right
from portal.scope import Scope
from portal.sheets.pages import Action, Contents, Hint, ListShape, Page
from portal.sheets.panels import Column, Figure, Kind, Panel, Row

VAT = (
    Column("rate", "Rate", Kind.TEXT),
    Column("code", "Tax", Kind.TEXT),
    Column("net", "Net", Kind.MONEY),
    Column("tax", "Tax amount", Kind.MONEY),
    Column("sales_net", "Sales, net", Kind.MONEY),
    Column("sales_tax", "Sales, tax", Kind.MONEY),
    Column("refunds_net", "Refunds, net", Kind.MONEY),
    Column("refunds_tax", "Refunds, tax", Kind.MONEY),
    Column("voids_net", "Voids, net", Kind.MONEY),
    Column("voids_tax", "Voids, tax", Kind.MONEY),
)
CHECK = (Column("what", "What", Kind.TEXT), Column("amount", "Amount", Kind.MONEY))
VAT_IS = (
    "Net and tax of the closes that are dated in this time, by rate and tax code; refunds and voids are negative. "
    "Later closes of an open day belong to their day."
)
CORRECTIONS_ARE = (
    "Closes of days before this time that are dated in it, because their own days were locked: corrections of what was "
    "filed for them."
)
CHECK_IS = (
    "The tax above beside what moved on the accounts of output tax: by closes, and otherwise, which is by hand and by "
    "reversals. A difference is what the accounts have beyond this ledger."
)
NO_RATE = "none"
# How many periods a click away are.
PERIODS_SHOWN = 4


class VatAsking(BalancesAsking):
    """Days and a currency; by default the tax office's period that has begun."""

    def defaults(self) -> dict[str, Any]:
        """The retailer's own kind of period."""
        current = period_of(open_books(self.scope.retailer_id).vat_period, self.today)
        return {**super().defaults(), "first": current.first, "last": current.last}


def read_vat(scope: Scope, asked: dict[str, Any], now: datetime) -> Contents:
    """Three queries beside those of the address."""
    first, last, currency = asked["first"], asked["last"], asked["currency"]
    kind = open_books(scope.retailer_id).vat_period
    periods = recent_periods(kind, now.date(), PERIODS_SHOWN)
    actions = tuple(Action(_link(period, currency), period.title) for period in periods)
    rows = vat_rows(scope.retailer_id, currency, first, last)
    check = vat_check(scope.retailer_id, currency, first, last, rows)
    panels = [_panel("vat", "VAT ledger", VAT_IS, [row for row in rows if not row.is_correction], currency)]
    corrections = [row for row in rows if row.is_correction]
    if corrections:
        panels.append(_panel("corrections", "Corrections of earlier periods", CORRECTIONS_ARE, corrections, currency))
    panels.append(_check_panel(check, currency))
    return Contents(
        panels=panels if currency else [],
        figures=_figures(rows, check, currency) if currency else [],
        notes=(check.sentence,) if check.difference else (),
        hints=() if currency else (NOTHING_YET,),
        actions=actions,
        title=f"VAT, {Period(first, last).title}",
    )


def _panel(key: str, title: str, definition: str, rows: list[VatRow], currency: str) -> Panel:
    return Panel(key, title, definition, VAT, [_row(row) for row in rows], currency=currency)


def _row(row: VatRow) -> Row:
    rate = f"{row.rate} %" if row.rate else NO_RATE
    sales, refunds = (row.sales_net, row.sales_tax), (row.refunds_net, row.refunds_tax)
    return rate, row.code, row.net, row.tax, *sales, *refunds, row.voids_net, row.voids_tax


def _check_panel(check: VatCheck, currency: str) -> Panel:
    rows: list[Row] = [
        ("Tax in this ledger", check.ledger),
        ("Accounts of output tax, by closes", check.from_closes),
        ("Accounts of output tax, otherwise", check.otherwise),
        ("Difference", check.difference),
    ]
    return Panel("check", check.sentence, CHECK_IS, CHECK, rows, currency=currency)


def _figures(rows: list[VatRow], check: VatCheck, currency: str) -> list[Figure]:
    net, tax = sum(row.net for row in rows), sum(row.tax for row in rows)
    return [
        Figure("net", "Net", "All rates, less refunds and voids.", net, Kind.MONEY, currency),
        Figure("tax", "Tax", "All rates, less refunds and voids.", tax, Kind.MONEY, currency),
        Figure(
            "difference",
            "Difference to the accounts",
            CHECK_IS,
            check.difference,
            Kind.MONEY,
            currency,
            needs_look=bool(check.difference),
        ),
    ]


def _link(period: Period, currency: str) -> str:
    return f"vat?first={period.first}&last={period.last}&currency={currency}"


NOTHING_YET = Hint(
    "No day is closed yet. The server closes each day of each store after its end; its taxes then stand here.",
    "settings",
    "Settings of the books",
)
VAT_LEDGER = Page(
    key="vat",
    title="VAT",
    lead="Net and tax by rate, and whether the accounts agree.",
    right=Right.KEEP_BOOKS,
    read=read_vat,
    lists=(ListShape("vat", VAT), ListShape("corrections", VAT), ListShape("check", CHECK)),
    asks=VatAsking,
)
PAGES = (VAT_LEDGER,)
