"""A day as a till counted it itself: reads what it sends, and says everything that is wrong with it. Pure."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import msgspec

from possys.codes import TERMINAL_MAX
from possys.money import AMOUNT_MAX, CURRENCIES
from transactions.sale import Fault, Payment

# The fields with six methods and their largest amounts are some 400 bytes.
TOTALS_BYTES_MAX = 4096
# In the column; a till that sells a thousand times a second for a day stays below.
COUNT_MAX = 2**31 - 1
FIRST_DAY = date(2020, 1, 1)
# Tills east of the server are a day ahead for some hours.
DAYS_AHEAD_MAX = 1
METHODS: tuple[str, ...] = msgspec.inspect.type_info(Payment).fields[0].type.values  # type: ignore[attr-defined]
FIELDS = ("terminal", "day", "currency", "sales", "refunds", "voids", "total", "payments")
ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class TotalsRefused(ValueError):
    """They cannot be taken; `faults` says all that is wrong."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(f"{fault.pointer} {fault.detail}" for fault in faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Totals:
    """What a till counted: records by type, and in minor units all of them together and by method of payment.

    Without payments it does not count them by method.
    """

    terminal: int
    day: date
    currency: str
    sales: int
    refunds: int
    voids: int
    total: int
    payments: dict[str, int]

    def canonical(self) -> bytes:
        """The same for the same figures, however they were written."""
        fields = {name: getattr(self, name) for name in FIELDS}
        fields |= {"day": str(self.day), "payments": dict(sorted(self.payments.items()))}
        return json.dumps(fields, separators=(",", ":")).encode()


def read_totals(raw: bytes, today: date) -> Totals:
    """The totals in these bytes. Raises TotalsRefused with all that is wrong."""
    try:
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=_once)
    except _WrittenTwice as fault:
        raise TotalsRefused([Fault("", f"has the key {fault.args[0]!r} twice")]) from fault
    except (ValueError, RecursionError) as fault:
        raise TotalsRefused([Fault("", f"is not valid JSON: {str(fault)[:100]}")]) from fault
    if not isinstance(value, dict):
        raise TotalsRefused([Fault("", "must be an object")])
    faults = [Fault(f"/{name[:40]}", "is not a field here") for name in value if name not in FIELDS]
    faults += [Fault(f"/{name}", "is missing") for name in FIELDS if name not in value]
    found: dict[str, Any] = {}
    for name, check in _checks(today).items():
        if name in value:
            try:
                found[name] = check(value[name])
            except ValueError as fault:
                faults.append(Fault(f"/{name}", str(fault)))
    if "payments" in value:
        found["payments"], wrong = _payments(value["payments"])
        faults += wrong
    if faults:
        raise TotalsRefused(faults)
    return Totals(**found)


class _WrittenTwice(Exception):
    pass


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise _WrittenTwice(next(name[:40] for name in names if names.count(name) > 1))
    return found


def _checks(today: date) -> dict[str, Callable[[Any], Any]]:
    def day(value: Any) -> date:
        try:
            if not isinstance(value, str) or ISO_DATE.fullmatch(value) is None:
                raise ValueError
            found = date.fromisoformat(value)
        except ValueError:
            raise ValueError("must be a day as 2026-11-23") from None
        newest = today + timedelta(days=DAYS_AHEAD_MAX)
        if not FIRST_DAY <= found <= newest:
            raise ValueError(f"must lie between {FIRST_DAY} and {newest}")
        return found

    def currency(value: Any) -> str:
        if not isinstance(value, str) or value not in CURRENCIES:
            raise ValueError("is not an ISO 4217 currency")
        return value

    count = _integer(0, COUNT_MAX)
    return {
        "terminal": _integer(1, TERMINAL_MAX),
        "day": day,
        "currency": currency,
        "sales": count,
        "refunds": count,
        "voids": count,
        "total": _integer(-AMOUNT_MAX, AMOUNT_MAX),
    }


def _integer(least: int, most: int) -> Callable[[Any], int]:
    def check(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise ValueError(f"must be a whole number from {least} to {most}")
        return value

    return check


def _payments(value: Any) -> tuple[dict[str, int], list[Fault]]:
    if not isinstance(value, dict):
        return {}, [Fault("/payments", "must be an object of amounts by method")]
    check, found, faults = _integer(-AMOUNT_MAX, AMOUNT_MAX), dict[str, int](), []
    for name, amount in value.items():
        pointer = f"/payments/{name[:40].replace('~', '~0').replace('/', '~1')}"
        if name not in METHODS:
            faults.append(Fault(pointer, f"must be one of {', '.join(METHODS)}"))
            continue
        try:
            found[name] = check(amount)
        except ValueError as fault:
            faults.append(Fault(pointer, str(fault)))
    return found, faults
