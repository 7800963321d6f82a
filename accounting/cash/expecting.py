"""What should be in a drawer: what was there before, and what was paid in cash since."""

from collections.abc import Sequence
from datetime import date

from django.db.models import Sum

from accounting.cash.models import CashUp
from accounting.days.content import read_content
from accounting.days.models import StoreClose, TerminalClose, TerminalPaymentDay

CASH = "cash"


def cash_sales(store_id: int, terminal: int | None, day: date, currency: str) -> int:
    """Cash payments of the day less what was given back: of its closes, or what the feed has so far."""
    closes = list(StoreClose.objects.filter(store=store_id, day=day).values_list("pk", "content"))
    if not closes:
        return _fed(store_id, terminal, day, currency)
    if terminal is None:
        contents = [content for _, content in closes]
    else:
        of_terminal = TerminalClose.objects.filter(close__in=[pk for pk, _ in closes], terminal=terminal)
        contents = list(of_terminal.values_list("content", flat=True))
    return sum(_cash(content, currency) for content in contents)


def last_remaining(store_id: int, terminal: int | None, day: date, currency: str) -> int | None:
    """What the last count before the day left in the drawer; None when nobody has counted it."""
    last = (
        CashUp.objects.filter(
            store=store_id, terminal=terminal, currency=currency, day__lt=day, replaced_by__isnull=True
        )
        .order_by("-day")
        .first()
    )
    return None if last is None else last.remaining


def usual_currency(store_ids: Sequence[int]) -> str:
    """The currency of the newest cash payment at the first of these stores; "" where there is none."""
    rows = TerminalPaymentDay.objects.filter(store__in=store_ids[:1], method=CASH)
    newest = rows.order_by("-day").first()
    return newest.currency if newest else ""


def _fed(store_id: int, terminal: int | None, day: date, currency: str) -> int:
    rows = TerminalPaymentDay.objects.filter(store=store_id, day=day, currency=currency, method=CASH)
    if terminal is not None:
        rows = rows.filter(terminal=terminal)
    return rows.aggregate(sum=Sum("amount"))["sum"] or 0


def _cash(content: str, currency: str) -> int:
    return sum(
        payment.amount
        for figures in read_content(content).currencies
        if figures.currency == currency
        for payment in figures.payments
        if payment.method == CASH
    )
