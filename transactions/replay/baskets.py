"""Real baskets as sales in the format of DESIGN.md section 4, ready but for terminal, sequence and time.

A sale is a head with those three, filled in when it is sent, and a template: the rest of its bytes, which
depends on the basket alone. Baskets and their order are the same in every run.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from transactions.replay.payments import pay, pay_back, spread
from transactions.replay.prices import MILLI, gallons, unit_price
from transactions.replay.rules import Rule, counts
from transactions.replay.source import Line, Year, load_year
from transactions.replay.taxes import TAX_CLASSES, net_of

HEAD = b'{"terminal":%d,"sequence":%d,"type":"%b","mode":"%b","issued_at":"%b"'
OPERATORS = 9
RETURN_REASONS = ("Returned goods", "Wrong item", "Damaged goods", "Changed mind")
# Limits of the format; no basket of the source comes near them (161 lines, about 30 kB), and one that did
# is refused.
LINES_MAX = 500
TEMPLATE_BYTES_MAX = 63 * 1024


@dataclass(frozen=True, slots=True)
class Return:
    """What makes a basket's template one of a refund or void: the code of the sale it takes back.

    `lines` are places in the basket, all of them without; `reason` one of RETURN_REASONS without.
    """

    refers_to: str
    lines: tuple[int, ...] | None = None
    reason: str | None = None


def fill(
    template: bytes,
    *,
    terminal: int,
    sequence: int,
    issued_at: bytes,
    mode: bytes = b"online",
    kind: bytes = b"sale",
) -> bytes:
    """The bytes of a sale, in about a microsecond. `issued_at` is RFC 3339 with an offset."""
    return HEAD % (terminal, sequence, kind, mode, issued_at) + template


def quantity_of(line: Line) -> tuple[str, str, str | None]:
    """Quantity, unit and unit price of a line, by its rule."""
    list_minor = line.value + line.discount
    match line.rule:
        case Rule.COUPON_SLIP | Rule.UNCOUNTED_FREE:
            return "0", "pcs", None
        case Rule.UNCOUNTED_PAID:
            return "1", "pcs", unit_price(list_minor, MILLI)
        case Rule.PETROL_BY_GALLON:
            return gallons(line.quantity), "gal", unit_price(list_minor, line.quantity)
        case _:
            return str(line.quantity), "pcs", unit_price(list_minor, line.quantity * MILLI)


def line_text(year: Year, line: Line, sign: int) -> tuple[str, str]:
    """One line as JSON, and its tax code. In a refund the quantity is negative and the unit price is not."""
    product = year.catalogue.product(line.product)
    slip = line.rule == Rule.COUPON_SLIP
    kind, name = ("other", "Manufacturer coupon") if slip else (product.kind, product.name)
    quantity, unit, price = quantity_of(line)
    minus = "-" if sign < 0 and quantity != "0" else ""
    price_text = "null" if price is None else f'"{price}"'
    code = product.tax.code
    return (
        f'{{"kind":"{kind}","sku":"{line.product}","gtin":null,"name":"{name}",'
        f'"category":"{product.category}","quantity":"{minus}{quantity}","unit":"{unit}",'
        f'"unit_price":{price_text},"discount":{sign * line.discount},'
        f'"amount":{sign * line.value},"tax":"{code}"}}'
    ), code


def taxes_text(gross_by_code: dict[str, int]) -> str:
    """The tax recap as JSON, in the order of the codes."""
    rows = []
    for code in sorted(gross_by_code):
        gross, tax = gross_by_code[code], TAX_CLASSES[code]
        net = net_of(gross, tax)
        rows.append(f'{{"code":"{code}","rate":"{tax.rate}","net":{net},"tax":{gross - net}}}')
    return ",".join(rows)


def template(year: Year, basket: int, refund: Return | None = None) -> bytes:
    """All of a sale after its time of issue; with `refund` the same basket given back, its amounts negative.

    Raises ValueError for a basket beyond the format's limits, which the source does not have.
    """
    sign = 1 if refund is None else -1
    number, whole = int(year.numbers[basket]), year.lines(basket)
    lines = whole if refund is None or refund.lines is None else [whole[place] for place in refund.lines]
    texts, gross_by_code = [], dict[str, int]()
    for line in lines:
        text, code = line_text(year, line, sign)
        texts.append(text)
        gross_by_code[code] = gross_by_code.get(code, 0) + sign * line.value
    total = abs(sum(gross_by_code.values()))
    paid = pay(number, total=sum([line.value for line in whole]), coupons=sum([line.coupon for line in whole]))
    parts = paid.payments if lines is whole else pay_back(paid, total)
    payments = ",".join(f'{{"method":"{method}","amount":{sign * amount}}}' for method, amount in parts)
    tendered = "null" if refund or paid.tendered is None else str(paid.tendered)
    reference = '"refers_to":null,"reason":null'
    if refund:
        reason = refund.reason or RETURN_REASONS[spread(number) % len(RETURN_REASONS)]
        reference = f'"refers_to":"{refund.refers_to}","reason":"{reason}"'
    made = (
        f',"currency":"USD","total":{sign * total},"rounding":0,"taxes_included":true,'
        f'"lines":[{",".join(texts)}],'
        f'"taxes":[{taxes_text(gross_by_code)}],"payments":[{payments}],"tendered":{tendered},{reference},'
        f'"operator":"{1 + spread(number) % OPERATORS}","buyer":null,"lottery":null}}'
    ).encode("ascii")
    if len(lines) > LINES_MAX or len(made) > TEMPLATE_BYTES_MAX:
        raise ValueError(f"basket {number}: {len(lines)} lines, {len(made)} bytes are beyond the format's limits")
    return made


def sale_templates(count: int, year: Year | None = None) -> list[bytes]:
    """`count` templates of baskets evenly spread over the year: 9.4 lines a sale, as the whole year has.

    More than the year holds begin again. `fill` makes sales of them; no backslash or percent sign needs care.
    """
    year = year or load_year()
    baskets = len(year.numbers)
    distinct = min(count, baskets)
    made = [template(year, place * baskets // distinct) for place in range(distinct)]
    return [made[place % distinct] for place in range(count)]


def account(year: Year, baskets: Sequence[int] | None = None) -> dict[str, int]:
    """How many rows and baskets each rule touched, of the given baskets or of all; none is dropped."""
    chosen = np.arange(len(year.numbers)) if baskets is None else np.asarray(baskets)
    wanted = np.zeros(len(year.numbers), dtype=bool)
    wanted[chosen] = True
    rows = np.repeat(wanted, np.diff(year.starts))
    totals, coupons = (np.add.reduceat(column, year.starts[:-1])[wanted] for column in (year.values, year.coupons))
    over = coupons > totals
    return {
        "baskets": len(chosen),
        "rows": int(rows.sum()),
        **{rule.name.lower(): found for rule, found in counts(year.rules[rows]).items()},
        "rows_with_coupon": int((year.coupons[rows] > 0).sum()),
        "baskets_of_value_0": int((totals == 0).sum()),
        "baskets_with_coupons_over_total": int(over.sum()),
        "coupon_cents_not_used": int((coupons - totals)[over].sum()),
    }
