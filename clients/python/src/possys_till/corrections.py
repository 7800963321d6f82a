"""Sales that take others back, and sales in place of refused ones: what stands in them, worked out of what was sold."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from possys_till import amounts
from possys_till.amounts import Number
from possys_till.faults import Fault, SaleError
from possys_till.sale import Content, Line, Method, Payment, Rules, Type, build, read_code

# What a corrected sale has of the refused one unless it is given anew.
STAYS = ("type", "refers_to", "reason", "operator", "buyer", "lottery")


def taken_back(  # noqa: PLR0913 (a refund's own parts)
    kind: Type,
    code: str,
    sold_by: Callable[[str], Mapping[str, Any]],
    lines: Sequence[Line] | Mapping[int, Number] | None = None,
    payments: Sequence[Payment] = (),
    *,
    reason: str | None = None,
    operator: str | None = None,
) -> Content:
    """A refund or void of a receipt: whole, by line (`{place: quantity}`), or of lines as they were sold.

    `sold_by` gives the sale of a code, where that is needed. Raises SaleError, and what `sold_by` raises.
    """
    try:
        refers_to = read_code(code)
    except ValueError as fault:
        raise SaleError([Fault("/refers_to", str(fault))]) from fault
    if lines is not None and not isinstance(lines, Mapping):
        given = [line.given_back() for line in lines]
        return Content(given, payments, kind, refers_to, reason, operator)
    sold = sold_by(refers_to)
    if lines is None:
        given = [_line_of(line).given_back() for line in sold["lines"]]
        back = [Payment(one["method"], -one["amount"]) for one in sold["payments"]]
    else:
        given = _parts(sold["lines"], lines)
        most = max(sold["payments"], key=lambda one: int(one["amount"]), default={"method": "cash"})
        back = [Payment(cast(Method, most["method"]))]
    return Content(given, payments or back, kind, refers_to, reason, operator)


def corrected(
    sold: Mapping[str, Any],
    lines: Sequence[Line],
    payments: Sequence[Payment],
    changes: Mapping[str, Any],
    rules: Rules,
) -> dict[str, Any]:
    """The fields of a sale in place of a refused one. Raises SaleError."""
    known = {name: sold[name] for name in STAYS}
    unknown = set(changes) - set(known)
    if unknown:
        raise SaleError([Fault(f"/{name}", "cannot be changed by a correction") for name in sorted(unknown)])
    given = lines if known["type"] == "sale" else [line.given_back() for line in lines]
    return build(Content(given, payments, **{**known, **changes}), rules)


def _line_of(sold: Mapping[str, Any]) -> Line:
    """A line as it was sold."""
    return Line(
        name=sold["name"], price=sold["unit_price"], tax=sold["tax"], quantity=sold["quantity"],
        discount=sold["discount"], amount=sold["amount"], kind=sold["kind"], sku=sold["sku"], gtin=sold["gtin"],
        category=sold["category"], unit=sold["unit"],
    )  # fmt: skip


def _parts(sold: Sequence[Mapping[str, Any]], wanted: Mapping[int, Number]) -> list[Line]:
    """Some lines of a sale given back, each by its place, in a quantity; a discount goes back in proportion."""
    faults, found = [], []
    for place, number in wanted.items():
        where = f"/lines/{place}"
        if not 0 <= place < len(sold):
            faults.append(Fault(where, f"is not there: the sale has {len(sold)} lines, counted from 0"))
            continue
        line, text = _line_of(sold[place]), ""
        try:
            text = amounts.written(number)
        except ValueError as fault:
            faults.append(Fault(f"{where}/quantity", str(fault)))
            continue
        whole = amounts.scaled(str(line.quantity))
        if amounts.QUANTITY.fullmatch(text) is None or not 0 < amounts.scaled(text) <= abs(whole) or whole < 0:
            faults.append(Fault(f"{where}/quantity", f"{text} cannot be given back of {line.quantity}"))
            continue
        part = amounts.scaled(text)
        discount = amounts.divided(line.discount * part, whole)
        amount = None if part != whole and line.price is not None else amounts.divided((line.amount or 0) * part, whole)
        found.append(replace(line, quantity=text, discount=discount, amount=amount).given_back())
    if faults:
        raise SaleError(faults)
    return found
