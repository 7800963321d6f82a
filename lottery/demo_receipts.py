"""Receipts for the demo's lottery: real baskets out of the ledger, and sales at the front desk that are given back."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from ledger.models import Entry, sequence_of, terminal_of
from ledger.shards import ALL_SHARDS
from possys import receipt_keys
from possys.codes import Environment
from possys_till.connection import Connection
from receipts.queries import Finding, State, find_receipt
from transactions.authentication import mint_terminal_token
from transactions.demo import counter_terminal
from transactions.replay.counter import SALE, SEQUENCE_EPOCH_S
from transactions.stream import SALE_TYPES

ROWS_A_DAY = 12
# Of the latest day more: without a past there is no other.
LATEST_ROWS = 100
ROWS_MAX = 260
# Of a day's sales, of which some are chosen.
READ_MAX = 2_000
MINIMUM_TOTAL = 500
RECORDED_LIMIT_S = 10.0
LOOK_EVERY_S = 0.2
SALES = "/api/v1/transactions"
_OK = frozenset({State.RECORDED, State.LATE})
_used = iter(range(10**6))


def some_rows(first_day: date, last_day: date) -> Iterator[Entry]:
    """Some sales of each day, the latest day first: each a short look into one partition, shard by shard."""
    left = ROWS_MAX
    for back in range((last_day - first_day).days + 1):
        day = last_day - timedelta(days=back)
        rows = _rows_of(day)[: min(ROWS_A_DAY if back else LATEST_ROWS, left)]
        left -= len(rows)
        yield from rows


def _rows_of(day: date) -> list[Entry]:
    sales = Entry.objects.filter(
        issued_on=day, shard__in=ALL_SHARDS, type=SALE_TYPES.index("sale"), total__gte=MINIMUM_TOTAL
    )
    # Unordered, since sorting a day's sales is not worth a demo's while; spread out, since neighbours are of one store.
    found = list(sales.order_by()[:READ_MAX])
    return found[:: max(1, len(found) // LATEST_ROWS)]


def code_of_row(row: Entry) -> str:
    """The receipt code of a sale in the ledger."""
    terminal, sequence = terminal_of(row.identity), sequence_of(row.identity)
    return receipt_keys.table().encode(Environment.PRODUCTION, row.issued_on, terminal, sequence)


class Bought(NamedTuple):
    """A sale at the front desk, to be given back."""

    sale: dict[str, Any]
    code: str
    post: Callable[[dict[str, Any]], str]

    def sold(self) -> Finding | None:
        """The receipt, once it is recorded; None when that takes too long."""
        end = time.monotonic() + RECORDED_LIMIT_S
        while time.monotonic() < end:
            finding = find_receipt(self.code)
            if finding.state in _OK:
                return finding
            time.sleep(LOOK_EVERY_S)
        return None

    def give_back(self) -> None:
        """All of it, at the same till."""
        self.post(returned(self.sale, self.code))


def refunded_pair(url: str, clock: Callable[[], datetime]) -> Bought:
    """Buys something at the front desk."""
    till = counter_terminal()
    token = mint_terminal_token(till.number, till.key_version)

    def post(sale: dict[str, Any]) -> str:
        connection = Connection(url)
        try:
            answer = connection.post(SALES, json.dumps(sale).encode(), token)
        finally:
            connection.close()
        return str(json.loads(answer.body)["code"])

    # Below the seconds by which people's own sales at this till are numbered.
    sequence = int(clock().timestamp()) - SEQUENCE_EPOCH_S - 600 + 2 * next(_used)
    sale = json.loads(
        SALE % {"terminal": till.number, "sequence": sequence, "issued_at": clock().isoformat(timespec="seconds")}
    )
    return Bought(sale, post(sale), post)


def returned(sale: dict[str, Any], code: str) -> dict[str, Any]:
    """The refund of a whole sale."""
    lines = [
        {**line, "quantity": f"-{line['quantity']}", "discount": -line["discount"], "amount": -line["amount"]}
        for line in sale["lines"]
    ]
    taxes = [{**tax, "net": -tax["net"], "tax": -tax["tax"]} for tax in sale["taxes"]]
    return {
        **sale, "sequence": sale["sequence"] + 1, "type": "refund", "total": -sale["total"], "lines": lines,
        "taxes": taxes, "payments": [{"method": "cash", "amount": -sale["total"]}], "tendered": None,
        "refers_to": code, "reason": "returned unopened",
    }  # fmt: skip
