"""What a customer has on the counter: lines, discounts, and payments until they reach the total."""

from dataclasses import dataclass, field, replace
from typing import Any

from possys_till import amounts
from possys_till.faults import TillError
from possys_till.posctl.catalogue import Product
from possys_till.sale import Content, Line, Method, Payment, Rules, build


class BasketError(TillError):
    """What was typed cannot be done with this basket."""


@dataclass
class Basket:
    """Lines in the order in which they were scanned, and payments taken so far."""

    rules: Rules
    lines: list[Line] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)

    def add(self, product: Product, quantity: str) -> Line:
        """So much of a product. Raises BasketError."""
        line = product.line(quantity)
        build(Content([line]), self.rules)
        self.lines.append(line)
        return line

    def take_off(self, number: int) -> Line:
        """Storno of a line, counted from 1. Raises BasketError."""
        line = self.lines[self._place(number)]
        del self.lines[number - 1]
        return line

    def discount(self, number: int, text: str) -> Line:
        """A discount on a line, as an amount or per cent of its price. Raises BasketError or ValueError."""
        place = self._place(number)
        line = replace(self.lines[place], discount=0)
        whole = self.amount(line)
        off = self._off(text, whole)
        if abs(off) > abs(whole):
            raise BasketError(f"the line is only {amounts.shown(whole, self.rules.currency)}")
        self.lines[place] = replace(line, discount=off)
        return self.lines[place]

    def discount_all(self, text: str) -> None:
        """A discount on the whole receipt, shared out among the tax codes. Raises BasketError or ValueError."""
        by_code: dict[str, int] = {}
        for line in self.lines:
            if line.kind != "deposit":
                by_code[line.tax] = by_code.get(line.tax, 0) + self.amount(line)
        whole = sum(by_code.values())
        off = self._off(text, whole)
        if not 0 < off <= whole:
            raise BasketError("there is not so much to take off")
        left, left_of = off, whole
        for code, amount in sorted(by_code.items()):
            part = amounts.divided(left * amount, left_of) if left_of else 0
            left, left_of = left - part, left_of - amount
            if part:
                self.lines.append(Line("Discount", None, code, amount=-part, kind="discount", unit=None))

    def pay(self, method: Method, amount: int | None) -> bool:
        """Takes a payment; whether all is paid. Cash over the rest is given change for; no amount pays the rest.

        Raises BasketError.
        """
        if not self.lines:
            raise BasketError("there is nothing to pay for")
        open_amount = self.open_amount
        if method == "cash":
            rest = amounts.rounded_to(open_amount, self.rules.cash_rounding)
            if amount is None or amount >= rest:
                self.payments.append(Payment("cash", tendered=amount))
                return True
        elif amount is None or amount == open_amount:
            self.payments.append(Payment(method))
            return True
        elif amount > open_amount:
            raise BasketError(f"only {amounts.shown(open_amount, self.rules.currency)} is open")
        if amount <= 0:
            raise BasketError("a payment is more than nothing")
        self.payments.append(Payment(method, amount, amount if method == "cash" else None))
        return False

    @property
    def fields(self) -> dict[str, Any]:
        """The sale as it would be, paid by card."""
        return build(Content(self.lines, [Payment("card")]), self.rules)

    @property
    def total(self) -> int:
        """What is due without rounding, in minor units; 0 for an empty basket."""
        return int(self.fields["total"]) if self.lines else 0

    @property
    def open_amount(self) -> int:
        """What is not paid yet."""
        return self.total - sum(payment.amount or 0 for payment in self.payments)

    def amount(self, line: Line) -> int:
        """A line's amount."""
        return int(build(Content([line]), self.rules)["lines"][0]["amount"])

    def clear(self) -> None:
        """The next customer."""
        self.lines.clear()
        self.payments.clear()

    def _place(self, number: int) -> int:
        if not 1 <= number <= len(self.lines):
            raise BasketError(f"there is no line {number}; the basket has {len(self.lines)}")
        return number - 1

    def _off(self, text: str, whole: int) -> int:
        if text.endswith("%"):
            percent = text.removesuffix("%").strip().replace(",", ".")
            if amounts.RATE.fullmatch(percent) is None:
                raise BasketError(f"{text!r} is no discount such as 10% or 0.50")
            return amounts.divided(whole * amounts.scaled(percent), amounts.PER_CENT)
        return amounts.read_money(text, self.rules.currency)
