"""Plain makers of closes: a store's day as figures, without tills and without the feed."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from accounting.days.content import Content, CurrencyFigures, PaymentFigures, TaxFigures, written
from accounting.days.models import StoreClose, TerminalClose
from transactions.models import Store

DAY = date(2026, 11, 20)
# A Monday after DAY; the site's clock.
NOW = datetime(2026, 11, 30, 14, 35, tzinfo=UTC)


def make_figures(
    taxes: Sequence[TaxFigures] = (), payments: dict[str, int] | None = None, *, currency: str = "CZK"
) -> CurrencyFigures:
    """The figures of one currency; paid in cash unless said otherwise."""
    total = sum(row.net + row.tax for row in taxes)
    paid = {"cash": total} if payments is None else payments
    return CurrencyFigures(
        currency=currency,
        sales=1,
        gross=sum(paid.values()),
        taxes=tuple(taxes),
        payments=tuple(PaymentFigures(method, 1, amount) for method, amount in sorted(paid.items())),
    )


def sold(net: int, tax: int, *, code: str = "A", rate: str = "21.00", **changes: int) -> TaxFigures:
    """Items sold under a tax that is printed in their prices."""
    return TaxFigures(code, rate, **{"sales_net": net, "sales_tax": tax, "items": net + tax, **changes})


def make_close(
    store: Store, *figures: CurrencyFigures, day: date = DAY, part: int = 1, terminal: int | None = None
) -> StoreClose:
    """A close of the store; with a terminal, that terminal's Z report holds all of it."""

    def content(terminal_number: int) -> str:
        return written(
            Content(
                v=1,
                retailer=store.retailer_id,
                store=store.pk,
                terminal=terminal_number,
                day=str(day),
                part=part,
                closed_at=NOW.isoformat(),
                number=part if terminal_number else 0,
                records=1,
                currencies=figures,
            )
        )

    close = StoreClose.objects.create(
        retailer_id=store.retailer_id, store=store, day=day, part=part, records=1, content=content(0), closed_at=NOW
    )
    if terminal:
        TerminalClose.objects.create(
            close=close, terminal=terminal, number=part, content=content(terminal), hash=f"{close.pk:064x}"
        )
    return close
