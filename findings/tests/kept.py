"""Writes made-up histories into the tables of facts as the consumer would, without the ledger's way there."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Model

from findings.models import TillDay, TillHour, TillState
from findings.silent import DAY
from findings.tests.histories import Sales
from transactions.models import Terminal


@dataclass(frozen=True, kw_only=True)
class Day:
    """What else a till did on a day; amounts in minor units, of refunds and voids negative."""

    sales: int = 0
    refunds: int = 0
    voids: int = 0
    gross: int = 0
    refunded: int = 0
    voided: int = 0
    late: int = 0
    lines: int = 0
    unknown_lines: int = 0
    unknown_amount: int = 0
    first_at: datetime
    last_at: datetime


def keep_sales(tills: Iterable[tuple[Terminal, Sales]], *, amount: int = 1_000) -> None:
    """Sales of one amount and line each: their hours, days and states."""
    for terminal, sales in tills:
        keep_state(terminal, sales)
        hours = Counter((one.date(), one.hour) for one in sales)
        _add(TillHour, [_hour(terminal.number, day, hour, many) for (day, hour), many in hours.items()])
        days: dict[date, list[datetime]] = defaultdict(list)
        for one in sales:
            days[one.date()].append(one)
        kept = {
            day: Day(sales=len(own), gross=amount * len(own), lines=len(own), first_at=min(own), last_at=max(own))
            for day, own in days.items()
        }
        keep_days(terminal, kept)


def keep_state(terminal: Terminal, sales: Sales) -> None:
    """When a till sold first and last, and how often."""
    TillState.objects.create(
        terminal=terminal.number,
        retailer=terminal.store.retailer_id,
        store=terminal.store_id,
        records=len(sales),
        first_sequence=1,
        first_issued_at=sales[0],
        last_sequence=len(sales),
        last_issued_at=sales[-1],
        last_received_at=sales[-1],
        online_at=sales[-1],
        clock_offset_s=0,
        behind_sales=0,
        behind_least_s=0,
        block=1,
    )


def keep_days(terminal: Terminal, days: Mapping[date, Day], currency: str = "CZK") -> None:
    """Days of a till as they are given."""
    _add(
        TillDay,
        [
            TillDay(
                terminal=terminal.number,
                day=day,
                currency=currency,
                sales=one.sales,
                refunds=one.refunds,
                voids=one.voids,
                gross=one.gross,
                refunded=one.refunded,
                voided=one.voided,
                offline=0,
                late=one.late,
                lines=one.lines,
                unknown_lines=one.unknown_lines,
                unknown_amount=one.unknown_amount,
                first_issued_at=one.first_at,
                last_issued_at=one.last_at,
                last_received_at=one.last_at,
            )
            for day, one in days.items()
        ],
    )


def _hour(terminal: int, day: date, hour: int, many: int) -> TillHour:
    return TillHour(terminal=terminal, week=day - day.weekday() * DAY, weekday=day.weekday(), hour=hour, sales=many)


def _add(model: type[Model], rows: Sequence[Model]) -> None:
    model._default_manager.bulk_create(rows)
