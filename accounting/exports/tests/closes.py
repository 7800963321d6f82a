"""A store's closes for tests: added up from the sales themselves, as somebody with a pencil would do it."""

import itertools
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from accounting.days.content import Content, CurrencyFigures, PaymentFigures, TaxFigures, written
from accounting.days.models import StoreClose, TerminalClose
from transactions.models import Store

CLOSED_AT = datetime(2026, 11, 5, 3, tzinfo=UTC)
HASHES = itertools.count(1)
Sale = dict[str, Any]


def make_closes(store: Store, day: date, parts: Sequence[Sequence[Sale]]) -> list[TerminalClose]:
    """The store's day in parts: a close for each, with one of every till in it."""
    made = []
    for part, sales in enumerate(parts, 1):
        close = StoreClose.objects.create(
            retailer=store.retailer,
            store=store,
            day=day,
            part=part,
            records=len(sales),
            content="{}",
            closed_at=CLOSED_AT,
        )
        for terminal in sorted({sale["terminal"] for sale in sales}):
            own = [sale for sale in sales if sale["terminal"] == terminal]
            made.append(_terminal_close(close, terminal, own))
    return made


def _terminal_close(close: StoreClose, terminal: int, sales: Sequence[Sale]) -> TerminalClose:
    number = TerminalClose.objects.filter(terminal=terminal).count() + 1
    content = Content(
        v=1,
        retailer=close.retailer_id,
        store=close.store_id,
        terminal=terminal,
        day=str(close.day),
        part=close.part,
        closed_at="2026-11-05T03:00:00Z",
        number=number,
        records=len(sales),
        currencies=tuple(
            _figures(currency, [sale for sale in sales if sale["currency"] == currency])
            for currency in sorted({sale["currency"] for sale in sales})
        ),
    )
    return TerminalClose.objects.create(
        close=close, terminal=terminal, number=number, content=written(content), hash=f"{next(HASHES):064x}"
    )


def _figures(currency: str, sales: Sequence[Sale]) -> CurrencyFigures:
    payments: dict[str, list[int]] = defaultdict(list)
    taxes: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for sale in sales:
        for payment in sale["payments"]:
            payments[payment["method"]].append(payment["amount"])
        for tax in sale["taxes"]:
            taxes[tax["code"], tax["rate"] or ""].append((tax["net"], tax["tax"]))
    return CurrencyFigures(
        currency,
        sales=len(sales),
        gross=sum(sale["total"] for sale in sales),
        rounding=sum(sale["rounding"] for sale in sales),
        taxes=tuple(
            TaxFigures(*key, sales_net=sum(net for net, _ in rows), sales_tax=sum(tax for _, tax in rows))
            for key, rows in sorted(taxes.items())
        ),
        payments=tuple(PaymentFigures(key, len(rows), sum(rows)) for key, rows in sorted(payments.items())),
    )
