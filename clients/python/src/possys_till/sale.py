"""A right sale from lines and payments: amounts, taxes, rounding and change worked out, every fault named at once."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from possys_till import amounts
from possys_till.amounts import AMOUNT_MAX, Number
from possys_till.faults import Fault, SaleError

# The server's limits (docs/api.md); what is beyond them would be refused after it was printed.
SALE_BYTES_MAX = 64 * 1024
LINES_MAX = 500
TAXES_MAX = 20
PAYMENTS_MAX = 20
CHARACTERS = {"name": 120, "category": 60, "sku": 40, "unit": 10, "operator": 40, "buyer": 40, "lottery": 40}
REASON_CHARACTERS = 200
TAX_CODE_CHARACTERS = 8
KINDS = ("item", "discount", "deposit", "tip", "voucher", "other")
METHODS = ("cash", "card", "transfer", "voucher", "account", "other")
CODE = re.compile(r"[0-9A-HJKMNP-TV-Z]{16}", re.ASCII)
CODE_IGNORED = re.compile(r"[-\s]")
LOOK_ALIKES = str.maketrans("OIL", "011")

Kind = Literal["item", "discount", "deposit", "tip", "voucher", "other"]
Method = Literal["cash", "card", "transfer", "voucher", "account", "other"]
Type = Literal["sale", "refund", "void"]


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `price` is of one unit, in minor units; None where there is none, and then `amount` says it all.

    `quantity` and `price` are exact: an int, a Decimal or a decimal string of at most 4 decimals. `amount`, quantity x
    price - discount, is worked out unless given.
    """

    name: str
    price: Number | None
    tax: str
    quantity: Number = 1
    discount: int = 0
    amount: int | None = None
    kind: Kind = "item"
    sku: str | None = None
    gtin: str | None = None
    category: str | None = None
    unit: str | None = "pcs"

    def given_back(self) -> "Line":
        """The same line in a refund: everything but the unit price is negative."""
        quantity = amounts.written(self.quantity)
        minus = quantity.removeprefix("-") if quantity.startswith("-") else f"-{quantity}"
        amount = None if self.amount is None else -self.amount
        return replace(self, quantity=minus if set(minus) - set("-0.") else quantity, discount=-self.discount,
                       amount=amount)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Payment:
    """One tender. Without an amount it pays the rest; `tendered` is the cash that was handed over for it."""

    method: Method
    amount: int | None = None
    tendered: int | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """What a till needs to know for its sums: per tax code the rate in per cent, None where exempt.

    `cash_rounding` is the smallest coin in minor units, to which what is paid in cash is rounded; 0 for none.
    """

    currency: str = "EUR"
    taxes: Mapping[str, str | None] = field(default_factory=dict)
    taxes_included: bool = True
    cash_rounding: int = 0


@dataclass(frozen=True, slots=True)
class Content:
    """What is sold or given back, as the cashier means it; without payments it is paid in cash, exactly.

    In a refund or void everything is negative already (`Line.given_back`).
    """

    lines: Sequence[Line]
    payments: Sequence[Payment] = ()
    type: Type = "sale"
    refers_to: str | None = None
    reason: str | None = None
    operator: str | None = None
    buyer: str | None = None
    lottery: str | None = None


def build(content: Content, rules: Rules) -> dict[str, Any]:
    """The sale's fields in the server's form, but for terminal, sequence, mode and time. Raises SaleError."""
    faults: list[Fault] = []
    lines = [_line(place, line, rules, faults) for place, line in enumerate(content.lines)]
    if not 1 <= len(lines) <= LINES_MAX:
        faults.append(Fault("/lines", f"must be 1 to {LINES_MAX}, not {len(lines)}"))
    texts = _texts(content, faults)
    if faults:
        raise SaleError(faults)
    taxes = _taxes(lines, rules)
    due = sum(line["amount"] for line in lines)
    if not rules.taxes_included:
        due += sum(row["tax"] for row in taxes)
    rounding, payments, tendered = _paid(content.payments or (Payment("cash"),), due, rules, faults)
    total = due + rounding
    if len(taxes) > TAXES_MAX:
        faults.append(Fault("/taxes", f"are {len(taxes)}, and at most {TAXES_MAX} are allowed"))
    if content.type != "sale" and total > 0:
        faults.append(Fault("/total", f"is {total}, and a {content.type} gives money back: its lines are negative"))
    if not -AMOUNT_MAX <= total <= AMOUNT_MAX:
        faults.append(Fault("/total", f"is {total}, beyond what fits"))
    if faults:
        raise SaleError(faults)
    return {
        "type": content.type, "currency": rules.currency, "total": total, "rounding": rounding,
        "taxes_included": rules.taxes_included, "lines": lines, "taxes": taxes, "payments": payments,
        "tendered": tendered, **texts,
    }  # fmt: skip


ORDER = (
    "terminal", "sequence", "type", "mode", "issued_at", "currency", "total", "rounding", "taxes_included", "lines",
    "taxes", "payments", "tendered", "refers_to", "reason", "operator", "buyer", "lottery",
)  # fmt: skip


def write(fields: Mapping[str, Any], *, terminal: int, sequence: int, mode: str, issued_at: datetime) -> bytes:
    """The sale's bytes, ready to be kept and sent. Raises SaleError when they are too many."""
    whole = {
        **fields, "terminal": terminal, "sequence": sequence, "mode": mode,
        "issued_at": issued_at.isoformat(timespec="milliseconds"),
    }  # fmt: skip
    ordered = {name: whole[name] for name in ORDER}
    made = json.dumps(ordered, ensure_ascii=False, separators=(",", ":")).encode()
    if len(made) > SALE_BYTES_MAX:
        raise SaleError([Fault("", f"is {len(made)} bytes, and {SALE_BYTES_MAX} are allowed")])
    return made


def _line(place: int, line: Line, rules: Rules, faults: list[Fault]) -> dict[str, Any]:
    """One line in the server's form; what is wrong with it is added to the faults."""
    where = f"/lines/{place}"
    before = len(faults)
    quantity = _decimal(f"{where}/quantity", line.quantity, amounts.QUANTITY, faults)
    price = None if line.price is None else _decimal(f"{where}/unit_price", line.price, amounts.PRICE, faults)
    if line.kind not in KINDS:
        faults.append(Fault(f"{where}/kind", f"{line.kind!r} is none of {', '.join(KINDS)}"))
    if line.tax not in rules.taxes:
        known = ", ".join(rules.taxes) or "none"
        faults.append(Fault(f"{where}/tax", f"{line.tax!r} is no tax code of this till; it knows {known}"))
    if line.gtin is not None and not gtin_is_valid(line.gtin):
        faults.append(Fault(f"{where}/gtin", f"{line.gtin!r} is not 8, 12, 13 or 14 digits with a right check digit"))
    for name in ("name", "category", "sku", "unit"):
        _text(f"{where}/{name}", getattr(line, name), CHARACTERS[name], faults, empty=name != "name")
    _amount(f"{where}/discount", line.discount, faults)
    amount = line.amount
    if amount is None and len(faults) == before:
        if price is None:
            faults.append(Fault(f"{where}/amount", "is needed where there is no unit price"))
        else:
            amount = amounts.product(quantity, price) - line.discount
    _amount(f"{where}/amount", amount or 0, faults)
    return {
        "kind": line.kind, "sku": line.sku, "gtin": line.gtin, "name": line.name, "category": line.category,
        "quantity": quantity, "unit": line.unit, "unit_price": price, "discount": line.discount, "amount": amount,
        "tax": line.tax,
    }  # fmt: skip


def _decimal(pointer: str, number: Number, form: re.Pattern[str], faults: list[Fault]) -> str:
    try:
        text = amounts.written(number)
    except ValueError as fault:
        faults.append(Fault(pointer, str(fault)))
        return "0"
    if form.fullmatch(text) is None:
        faults.append(Fault(pointer, f"{text!r} is no decimal with at most 4 decimals"))
        return "0"
    return text


def _amount(pointer: str, amount: int, faults: list[Fault]) -> None:
    if isinstance(amount, bool) or not isinstance(amount, int) or not -AMOUNT_MAX <= amount <= AMOUNT_MAX:
        faults.append(Fault(pointer, f"{amount!r} is no whole number of minor units that fits"))


def _text(pointer: str, text: str | None, most: int, faults: list[Fault], *, empty: bool = True) -> None:
    if text is None:
        if not empty:
            faults.append(Fault(pointer, "is missing"))
        return
    if len(text) > most or (not text and not empty):
        faults.append(Fault(pointer, f"has {len(text)} characters; {'' if empty else '1 to '}{most} are allowed"))
    if not text.isprintable():
        faults.append(Fault(pointer, "has a control character in it"))


def _texts(content: Content, faults: list[Fault]) -> dict[str, Any]:
    """What stands beside lines and payments."""
    for name in ("operator", "buyer", "lottery"):
        _text(f"/{name}", getattr(content, name), CHARACTERS[name], faults)
    _text("/reason", content.reason, REASON_CHARACTERS, faults)
    refers_to = content.refers_to
    if content.type == "sale" and refers_to is not None:
        faults.append(Fault("/refers_to", "must be empty: only a refund or a void refers to a receipt"))
    if content.type != "sale":
        try:
            refers_to = read_code(refers_to or "")
        except ValueError as fault:
            faults.append(Fault("/refers_to", str(fault)))
    return {
        "refers_to": refers_to, "reason": content.reason, "operator": content.operator, "buyer": content.buyer,
        "lottery": content.lottery,
    }  # fmt: skip


def read_code(text: str) -> str:
    """A receipt code as somebody typed it, or the part of a link that holds it, in four groups. Raises ValueError."""
    last = text.rstrip("/").rpartition("/")[2] if "/" in text else text
    symbols = CODE_IGNORED.sub("", last).upper().translate(LOOK_ALIKES)
    if "/" in text:
        symbols = symbols[:16]
    if CODE.fullmatch(symbols) is None:
        raise ValueError(f"{text!r} is no receipt code, such as 0NXV-SRT0-G09S-89Q7")
    return "-".join(symbols[start : start + 4] for start in range(0, 16, 4))


def gtin_is_valid(text: str) -> bool:
    """Whether it is a GTIN-8, 12, 13 or 14 with a right check digit (source: GS1 General Specifications 7.9)."""
    if re.fullmatch(r"\d{8}|\d{12,14}", text, re.ASCII) is None:
        return False
    return sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(text))) % 10 == 0


def _taxes(lines: Iterable[Mapping[str, Any]], rules: Rules) -> list[dict[str, Any]]:
    """The tax recap, by code."""
    amount_by_code: dict[str, int] = {}
    for line in lines:
        amount_by_code[line["tax"]] = amount_by_code.get(line["tax"], 0) + line["amount"]
    rows = []
    for code, amount in sorted(amount_by_code.items()):
        rate = rules.taxes[code]
        if rules.taxes_included:
            net = amounts.net_of_gross(amount, rate)
            tax = amount - net
        else:
            net, tax = amount, amounts.tax_on_net(amount, rate)
        rows.append({"code": code, "rate": rate, "net": net, "tax": tax})
    return rows


def _paid(
    payments: Sequence[Payment], due: int, rules: Rules, faults: list[Fault]
) -> tuple[int, list[dict[str, Any]], int | None]:
    """Rounding, the payments with their amounts, and the cash handed over.

    Only what is paid in cash is rounded to the smallest coin: a card pays the exact amount.
    """
    open_places = [place for place, payment in enumerate(payments) if payment.amount is None]
    before = len(faults)
    _check_payments(payments, len(open_places), faults)
    if len(faults) > before:
        return 0, [], None
    given = sum(payment.amount or 0 for payment in payments)
    rest, rounding = due - given, 0
    has_cash = any(payment.method == "cash" for payment in payments)
    if open_places and payments[open_places[0]].method == "cash":
        rounding = amounts.rounded_to(rest, rules.cash_rounding) - rest
    elif not open_places and has_cash and rest and abs(2 * rest) <= rules.cash_rounding:
        # The amounts were given in full, and what is left is less than half of the smallest coin.
        rounding = -rest
    rest += rounding
    if not open_places and rest:
        faults.append(Fault("/payments", f"add up to {given}, but the total is {due + rounding}"))
    rows = [(payment.method, rest if payment.amount is None else payment.amount) for payment in payments]
    for place, (payment, (_, amount)) in enumerate(zip(payments, rows, strict=True)):
        if payment.tendered is not None and payment.tendered < amount:
            faults.append(Fault(f"/payments/{place}/tendered", f"is {payment.tendered}, less than {amount}"))
    given_cash = [payment.tendered for payment in payments if payment.tendered is not None]
    written = [{"method": method, "amount": amount} for method, amount in rows]
    return rounding, written, sum(given_cash) if given_cash else None


def _check_payments(payments: Sequence[Payment], open_count: int, faults: list[Fault]) -> None:
    """What is wrong with the payments by themselves."""
    if len(payments) > PAYMENTS_MAX:
        faults.append(Fault("/payments", f"are {len(payments)}, and at most {PAYMENTS_MAX} are allowed"))
    if open_count > 1:
        faults.append(Fault("/payments", "only one payment can pay the rest"))
    for place, payment in enumerate(payments):
        where = f"/payments/{place}"
        if payment.method not in METHODS:
            faults.append(Fault(f"{where}/method", f"{payment.method!r} is none of {', '.join(METHODS)}"))
        if payment.amount is not None:
            _amount(f"{where}/amount", payment.amount, faults)
        if payment.tendered is not None:
            _amount(f"{where}/tendered", payment.tendered, faults)
            if payment.method != "cash":
                faults.append(Fault(f"{where}/tendered", "only cash is handed over and given change for"))
