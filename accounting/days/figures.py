"""A day's sums as vectors by what they are of: added, subtracted, and turned into a close's figures and back. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from accounting.days.content import Content, CurrencyFigures, PaymentFigures, TaxFigures

# (what, currency, tax code or method, rate); what is one of the three below.
Key = tuple[str, str, str, str]
# The numbers of a key, in the order of COLUMNS; a key whose numbers are all 0 is left out.
Sums = dict[Key, tuple[int, ...]]
# The first and the last time in a currency, RFC 3339 in UTC.
Times = dict[str, tuple[str, str]]

DAY, TAX, PAYMENT = "day", "tax", "payment"
# The fed tables' columns, and the fields of a close's figures, in the order of a vector.
COLUMNS = {
    DAY: (
        "sales", "refunds", "voids", "gross", "refunded", "voided", "rounding", "discounts", "offline", "late",
    ),
    TAX: (
        "sales_net", "sales_tax", "refunds_net", "refunds_tax", "voids_net", "voids_tax",
        "items", "discounts", "deposits", "tips", "vouchers", "others",
    ),
    PAYMENT: ("payments", "amount"),
}  # fmt: skip
NO_DAY: dict[str, Any] = dict.fromkeys(COLUMNS[DAY], 0)
NO_TIMES = ("", "")
# A close is written in 64 bits. Fed sums stand at that limit instead of passing it, and so do sums of them.
LIMIT = 2**63 - 1


def added(parts: Iterable[Mapping[Key, tuple[int, ...]]]) -> Sums:
    """The sum of some parts."""
    made: Sums = {}
    for part in parts:
        for key, vector in part.items():
            known = made.get(key)
            made[key] = vector if known is None else tuple([a + b for a, b in zip(known, vector, strict=True)])
    return {key: vector for key, vector in made.items() if any(vector)}


def difference(whole: Sums, part: Sums) -> Sums:
    """What a part lacks of the whole."""
    if not part:
        return {key: vector for key, vector in whole.items() if any(vector)}
    return added((whole, {key: tuple([-number for number in vector]) for key, vector in part.items()}))


def sums_of(content: Content) -> Sums:
    """The figures of a close as sums."""
    made: Sums = {}
    for one in content.currencies:
        made[DAY, one.currency, "", ""] = _vector(one, DAY)
        for tax in one.taxes:
            made[TAX, one.currency, tax.code, tax.rate] = _vector(tax, TAX)
        for payment in one.payments:
            made[PAYMENT, one.currency, payment.method, ""] = _vector(payment, PAYMENT)
    return {key: vector for key, vector in made.items() if any(vector)}


def _vector(figures: CurrencyFigures | TaxFigures | PaymentFigures, what: str) -> tuple[int, ...]:
    return tuple([getattr(figures, name) for name in COLUMNS[what]])


def records_of(sums: Sums) -> int:
    """Sales, refunds and voids in all currencies."""
    return sum(sum(vector[:3]) for (what, *_), vector in sums.items() if what == DAY)


def totals_of(sums: Sums) -> dict[str, int]:
    """What was taken by currency: sales, refunds and voids together."""
    return {currency: sum(vector[3:6]) for (what, currency, _, _), vector in sums.items() if what == DAY}


def currencies_of(
    sums: Sums, times: Times, grand_totals: Mapping[str, int] | None = None
) -> tuple[CurrencyFigures, ...]:
    """The figures of each currency with sums or a grand total, ordered as a close has them."""
    days: dict[str, dict[str, Any]] = {}
    taxes: dict[str, list[TaxFigures]] = {}
    payments: dict[str, list[PaymentFigures]] = {}
    for key in sorted(sums):
        what, currency, name, rate = key
        vector = [bounded(number) for number in sums[key]]
        if what == DAY:
            days[currency] = dict(zip(COLUMNS[DAY], vector, strict=True))
        elif what == TAX:
            taxes.setdefault(currency, []).append(TaxFigures(name, rate, *vector))
        else:
            payments.setdefault(currency, []).append(PaymentFigures(name, *vector))
    totals = grand_totals or {}
    return tuple(
        CurrencyFigures(
            name,
            **days.get(name, NO_DAY),
            first_issued_at=times.get(name, NO_TIMES)[0],
            last_issued_at=times.get(name, NO_TIMES)[1],
            taxes=tuple(taxes.get(name, ())),
            payments=tuple(payments.get(name, ())),
            grand_total=bounded(totals.get(name, 0)),
        )
        for name in sorted({*days, *taxes, *payments, *totals})
    )


def bounded(number: int) -> int:
    """The number, or the limit that it passes."""
    return max(-LIMIT, min(LIMIT, number))
