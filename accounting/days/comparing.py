"""Compares what a till counted itself with what the server counted of it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from accounting.days.figures import DAY, NO_DAY, PAYMENT, Sums

RECORDS = ("sales", "refunds", "voids")


@dataclass(frozen=True, slots=True)
class Told:
    """What a till said last of a day in one currency; counts, and amounts in minor units."""

    terminal: int
    currency: str
    counts: tuple[int, int, int]
    total: int
    payments: Mapping[str, int]
    sent_at: datetime


class Compared(NamedTuple):
    """One figure; a method of payment is named as it is. Amounts unless `is_count`."""

    figure: str
    till: int
    server: int
    is_count: bool

    @property
    def difference(self) -> int:
        """What the till has beyond the server."""
        return self.till - self.server


def compare(told: Told, server: Sums) -> list[Compared]:
    """Every figure that the till told; methods of payment when it told any, then all that either has."""
    counts, total = server_day(server, told.currency)
    rows = [
        Compared(name, own, ours, True) for name, own, ours in zip(RECORDS, told.counts, counts, strict=True)
    ]  # fmt: skip
    rows.append(Compared("total", told.total, total, False))
    if told.payments:
        ours = {key[2]: vector[1] for key, vector in server.items() if key[:2] == (PAYMENT, told.currency)}
        rows += [
            Compared(method, told.payments.get(method, 0), ours.get(method, 0), False)
            for method in sorted({*told.payments, *ours})
        ]
    return rows


def differing(told: Told, server: Sums) -> int:
    """How many figures differ."""
    return sum(1 for row in compare(told, server) if row.difference)


def server_day(sums: Sums, currency: str) -> tuple[tuple[int, ...], int]:
    """Sales, refunds and voids by number, and their sum."""
    vector = sums.get((DAY, currency, "", ""), tuple(NO_DAY.values()))
    return vector[:3], sum(vector[3:6])
