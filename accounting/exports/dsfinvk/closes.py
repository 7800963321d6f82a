"""One Z report's rows. What is counted of money is the close's own; what it was for is added up from its receipts."""

from dataclasses import dataclass, field
from typing import NamedTuple

from accounting.days.content import CurrencyFigures
from accounting.exports.dsfinvk import taxonomy, words
from accounting.exports.dsfinvk.amounts import Amounts, divided, scaled_rate
from accounting.exports.dsfinvk.writing import Tables, Value

# A rate has four decimals, and the standard's column two.
RATE_STEP = 100
NO_AGENCY = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Seller:
    """Whose store it is, and where; `country` in three letters."""

    name: str
    tax_id: str
    street: str
    postal_code: str
    city: str
    country: str
    store: str
    store_address: str


class Tax(NamedTuple):
    """A tax code of the retailer at one rate in per cent; empty where there is none."""

    code: str
    rate: str


@dataclass
class Taxes:
    """The keys of a file's taxes, given in the order in which they come."""

    keys: dict[Tax, int] = field(default_factory=dict)

    def key(self, tax: Tax) -> int:
        """UST_SCHLUESSEL."""
        return self.keys.setdefault(tax, words.OWN_TAXES_FROM + len(self.keys))


@dataclass(slots=True, kw_only=True)
class Close:
    """A till's close of a day, in one currency. `records` are counted in all currencies: see reading.py."""

    terminal: int
    number: int
    day: str
    part: int
    closed_at: str
    records: int
    hash: str
    previous: str
    figures: CurrencyFigures | None
    is_alone: bool
    first_code: str = ""
    last_code: str = ""
    taxes: set[Tax | None] = field(default_factory=set)
    cases: dict[tuple[str, str, int], Amounts] = field(default_factory=dict)

    @property
    def key(self) -> tuple[Value, ...]:
        """What begins every row."""
        return str(self.terminal), self.closed_at, self.number

    def count(self, case: tuple[str, str], tax: int, amounts: Amounts) -> None:
        """Adds a line, by its GV_TYP and GV_NAME, to what the close was for."""
        known = self.cases.get((*case, tax), Amounts(0, 0, 0))
        self.cases[*case, tax] = Amounts(*[a + b for a, b in zip(known, amounts, strict=True)])


def add_close(tables: Tables, close: Close, seller: Seller, taxes: Taxes, currency: str, factor: int) -> None:
    """Everything of a close but its receipts, which must have been added before."""
    if close.figures is None:
        return
    paid = {payment.method: payment.amount * factor for payment in close.figures.payments}
    cash = paid.get(words.CASH, 0)
    named = (seller.name, seller.street, seller.postal_code, seller.city, seller.country, seller.tax_id, "")
    span = (close.first_code, close.last_code)
    tables.add(taxonomy.CLOSES, *close.key, close.day, taxonomy.VERSION, *span, *named, sum(paid.values()), cash)
    tables.add(taxonomy.PLACES, *close.key, seller.store, seller.store_address, "", "", seller.country, "")
    tables.add(taxonomy.TILLS, *close.key, "", "", str(close.terminal), "", "", currency, "0")
    for method, amount in paid.items():
        tables.add(taxonomy.PAYMENTS, *close.key, words.payment(method), method, amount)
    if words.CASH in paid:
        tables.add(taxonomy.CASH, *close.key, currency, cash)
    for (case, name, tax), amounts in sorted(close.cases.items()):
        tables.add(taxonomy.CASES, *close.key, case, name, NO_AGENCY, tax, *amounts)
    _add_taxes(tables, close, taxes)
    tables.add(taxonomy.CLOSE_PROOFS, *close.key, close.part, close.hash, close.previous)


def _add_taxes(tables: Tables, close: Close, taxes: Taxes) -> None:
    rows = [(taxes.key(tax), tax) for tax in close.taxes if tax is not None]
    if None in close.taxes:
        tables.add(taxonomy.TAXES, *close.key, words.OUTSIDE_SCOPE, 0, "Rounding: outside the scope")
    for key, tax in sorted(rows):
        rate = divided(scaled_rate(tax.rate), RATE_STEP)
        tables.add(taxonomy.TAXES, *close.key, key, rate, f"{tax.code}: {tax.rate or 'no rate'}")
