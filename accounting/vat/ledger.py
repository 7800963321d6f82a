"""The VAT ledger: net and tax by rate and code, out of the closes whose entries are dated in the period.

What a close of an earlier period's day posted in this one (its own was locked) stands apart: the tax office wants to
know it as a correction. The tax ties to what moved on the accounts of output tax.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count, Q, Sum
from django.db.models.functions import Coalesce

from accounting.books.models import Account, JournalEntry, JournalLine, PostingRule
from accounting.books.splitting import rate_shown

FIGURES = ("sales_net", "sales_tax", "refunds_net", "refunds_tax", "voids_net", "voids_tax")
# A close is dated on its day or, when that was locked, later. One that moved nothing has no entry, and its own day.
SELECT = f"""
WITH chosen AS (
    SELECT close.content, false AS is_correction FROM accounting_storeclose AS close
    WHERE close.retailer_id = %(retailer)s AND close.day BETWEEN %(first)s AND %(last)s AND NOT EXISTS (
        SELECT FROM accounting_journalentry AS entry
        WHERE entry.close_id = close.id AND entry.kind = 'close' AND entry.currency = %(currency)s
            AND entry.dated > %(last)s)
    UNION ALL
    SELECT close.content, true FROM accounting_journalentry AS entry
    JOIN accounting_storeclose AS close ON close.id = entry.close_id
    WHERE entry.retailer_id = %(retailer)s AND entry.dated BETWEEN %(first)s AND %(last)s AND entry.kind = 'close'
        AND entry.currency = %(currency)s AND close.day < %(first)s
)
SELECT is_correction, tax ->> 'rate', tax ->> 'code',
    {", ".join(f"sum((tax ->> '{name}')::bigint)::bigint" for name in FIGURES)}
FROM chosen
CROSS JOIN LATERAL jsonb_array_elements(content::jsonb -> 'currencies') AS money
CROSS JOIN LATERAL jsonb_array_elements(money -> 'taxes') AS tax
WHERE money ->> 'currency' = %(currency)s
GROUP BY 1, 2, 3
"""  # noqa: S608


@dataclass(frozen=True)
class VatRow:
    """A rate and code in a period; refunds and voids are negative. `is_correction`: of days before the period."""

    is_correction: bool
    rate: str
    code: str
    sales_net: int
    sales_tax: int
    refunds_net: int
    refunds_tax: int
    voids_net: int
    voids_tax: int

    @property
    def net(self) -> int:
        """All of it."""
        return self.sales_net + self.refunds_net + self.voids_net

    @property
    def tax(self) -> int:
        """All of it."""
        return self.sales_tax + self.refunds_tax + self.voids_tax


@dataclass(frozen=True)
class VatCheck:
    """The ledger beside the accounts of output tax in the period; credits are positive here."""

    ledger: int
    from_closes: int
    otherwise: int

    @property
    def difference(self) -> int:
        """What the accounts have beyond the ledger."""
        return self.from_closes + self.otherwise - self.ledger

    @property
    def sentence(self) -> str:
        """What it means; amounts stand beside it."""
        if self.from_closes != self.ledger:
            return "What closes posted differs from this ledger: tell the operator."
        if self.otherwise:
            return "The accounts hold entries by hand or reversals beyond this ledger: look at them before you file."
        return "The ledger and the accounts of output tax agree."


def vat_rows(retailer_id: int, currency: str, first: date, last: date) -> list[VatRow]:
    """The period's rows, by rate from the highest and then by code; corrections of earlier periods last."""
    asked: dict[str, int | str | date] = {"retailer": retailer_id, "currency": currency, "first": first, "last": last}
    with connection.cursor() as cursor:
        cursor.execute(SELECT, asked)
        found = list(_merged(cursor.fetchall()))
    return sorted(found, key=lambda row: (row.is_correction, not row.rate, -Decimal(row.rate or 0), row.code))


def vat_check(retailer_id: int, currency: str, first: date, last: date, rows: list[VatRow]) -> VatCheck:
    """The rows beside the journal: the accounts where output tax goes by the rules, or went by earlier ones."""
    by_rule = PostingRule.objects.filter(retailer=retailer_id, purpose=PostingRule.Purpose.TAX)
    rule_accounts = set(by_rule.values_list("account", flat=True))
    # Revenue says its tax code too, but its account is no liability (accounting/books/chart.py).
    is_tax = Q(entry__kind=JournalEntry.Kind.CLOSE, account__kind=Account.Kind.LIABILITY) & ~Q(tax_code="")
    moved = (
        JournalLine.objects.filter(
            Q(account__kind=Account.Kind.LIABILITY) | Q(account__in=rule_accounts),
            entry__retailer=retailer_id, entry__currency=currency, entry__dated__gte=first, entry__dated__lte=last,
        )
        .order_by()
        .values("account")
        .annotate(all=Sum("amount"), tax=Coalesce(Sum("amount", filter=is_tax), 0), taxes=Count("pk", filter=is_tax))
    )  # fmt: skip
    own = [row for row in moved if row["taxes"] or row["account"] in rule_accounts]
    from_closes = -sum(int(row["tax"]) for row in own)
    return VatCheck(sum(row.tax for row in rows), from_closes, -sum(int(row["all"]) for row in own) - from_closes)


def _merged(rows: list[tuple[Any, ...]]) -> Iterator[VatRow]:
    """Equal rates that tills write differently are one."""
    sums: dict[tuple[bool, str, str], list[int]] = {}
    for is_correction, rate, code, *figures in rows:
        key = (is_correction, rate_shown(rate), code)
        known = sums.get(key, [0] * len(FIGURES))
        sums[key] = [one + other for one, other in zip(known, figures, strict=True)]
    for (is_correction, rate, code), added in sums.items():
        yield VatRow(is_correction, rate, code, *added)
