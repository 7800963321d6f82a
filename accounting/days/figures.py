"""A day's sums as vectors by what they are of: added, subtracted, and turned into what a close says and back. Pure."""

from collections.abc import Iterable, Mapping

from accounting.days.content import (
    Content,
    CurrencyFigures,
    LineKinds,
    NetTax,
    PaymentFigures,
    Report,
    TaxFigures,
    Turnover,
)

# (what, currency, tax code or method, rate); what is one of the four below.
Key = tuple[str, str, str, str]
# The numbers of a key, in the order below; a key whose numbers are all 0 is left out.
Sums = dict[Key, tuple[int, ...]]

RECORDS, DAY, TAX, PAYMENT = "records", "day", "tax", "payment"
# The fed tables' columns in the order of a vector.
COLUMNS = {
    RECORDS: ("records", "offline", "late"),
    DAY: ("sales", "refunds", "voids", "gross", "refunded", "voided", "rounding", "discounts"),
    TAX: (
        "sales_net", "sales_tax", "refunds_net", "refunds_tax", "voids_net", "voids_tax",
        "items", "discounts", "deposits", "tips", "vouchers", "others",
    ),
    PAYMENT: ("payments", "amount"),
}  # fmt: skip
ALL: Key = (RECORDS, "", "", "")


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


def sums_of(said: Content | Report) -> Sums:
    """The figures of a close as sums."""
    made: Sums = {ALL: (said.records, said.offline, said.late)}
    for one in said.currencies:
        turnovers = (one.sales, one.refunds, one.voids)
        made[DAY, one.currency, "", ""] = (
            *(turnover.count for turnover in turnovers),
            *(turnover.amount for turnover in turnovers),
            one.rounding,
            one.discounts,
        )
        for tax in one.taxes:
            recaps = [number for recap in (tax.sales, tax.refunds, tax.voids) for number in (recap.net, recap.tax)]
            kinds = tax.lines
            made[TAX, one.currency, tax.code, tax.rate] = (
                *recaps, kinds.item, kinds.discount, kinds.deposit, kinds.tip, kinds.voucher, kinds.other,
            )  # fmt: skip
        for payment in one.payments:
            made[PAYMENT, one.currency, payment.method, ""] = (payment.count, payment.amount)
    return {key: vector for key, vector in made.items() if any(vector)}


def currencies_of(sums: Sums) -> tuple[CurrencyFigures, ...]:
    """The figures of each currency, ordered as a content has them."""
    days: dict[str, tuple[int, ...]] = {}
    taxes: dict[str, list[TaxFigures]] = {}
    payments: dict[str, list[PaymentFigures]] = {}
    for key in sorted(sums):
        what, currency, name, rate = key
        vector = sums[key]
        if what == DAY:
            days[currency] = vector
        elif what == TAX:
            taxes.setdefault(currency, []).append(_tax(name, rate, vector))
        elif what == PAYMENT:
            payments.setdefault(currency, []).append(PaymentFigures(name, *vector))
    return tuple(
        _currency(name, days.get(name, _NO_DAY), tuple(taxes.get(name, ())), tuple(payments.get(name, ())))
        for name in sorted({*days, *taxes, *payments})
    )


_NO_DAY = (0,) * len(COLUMNS[DAY])


def _tax(code: str, rate: str, vector: tuple[int, ...]) -> TaxFigures:
    recaps = [NetTax(*vector[at : at + 2]) for at in (0, 2, 4)]
    return TaxFigures(code, rate, recaps[0], recaps[1], recaps[2], LineKinds(*vector[6:]))


def _currency(
    name: str, day: tuple[int, ...], taxes: tuple[TaxFigures, ...], payments: tuple[PaymentFigures, ...]
) -> CurrencyFigures:
    turnovers = [Turnover(day[at], day[3 + at]) for at in range(3)]
    return CurrencyFigures(
        name, turnovers[0], turnovers[1], turnovers[2], sum(day[3:6]), day[6], day[7], taxes, payments
    )  # fmt: skip


def totals_of(sums: Sums) -> dict[str, int]:
    """What was taken by currency: sales, refunds and voids together."""
    return {currency: sum(vector[3:6]) for (what, currency, _, _), vector in sums.items() if what == DAY}
