"""Clearly invented odd histories on a demo store's tills, so that the pages of findings have something to show.

One store, whose name says what it is for, at the demo's largest retailer; each till has one oddity as its label. What
it sent is a pure function of when the store was made: sent again, capture finds every sale known, and nothing changes.
It goes through capture like any till's sales, those of the past as made while the network was away.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import msgspec
from django.utils import timezone

from possys.clock import now_ms
from possys.codes import Environment
from possys.receipt_keys import table
from transactions.answers import Accepted, Problem
from transactions.authentication import mint_terminal_token, verify
from transactions.models import Retailer, Store, Terminal
from transactions.operations import create_store, enrol_terminals
from transactions.service import capture

STORE = "Oddities (invented)"
ADDRESS = "13 Example Lane, Fairview, OH 45001"
LABELS = ("Gap", "Conflict", "Clock", "Voids", "Silent", "After close", "Departments")
CURRENCY = "USD"
PRICES = (249, 399, 1_199, 1_899, 649, 2_799, 329)
GOODS = ("Bananas", "Whole milk", "Rye bread", "Olive oil", "Coffee", "Apples", "Butter")
# A call of capture takes at most so many; of refunds and voids fewer.
BATCH, BACK_BATCH = 200, 40
# The flush runs beside; what cannot be known yet is asked again.
ATTEMPTS_MAX, AGAIN_S = 30, 1.0
HTTP_CONFLICT = 409
OPENING_HOURS = (9, 10, 11, 13, 14, 16, 17, 18)
VOIDED_BY = "7"

Say = Callable[[str], None]


class NotTakenError(RuntimeError):
    """Capture refused a sale of the demo, or did not take it in time."""


class Sold(NamedTuple):
    """One receipt of a till, in the order of its numbers."""

    sequence: int
    issued_at: datetime
    amount: int
    kind: str = "sale"
    is_offline: bool = True
    operator: str = "2"
    refers_to: str | None = None
    is_unknown: bool = False


def make_findings(retailer: Retailer, say: Say) -> int:
    """Sends the odd histories as far as they are not there; how many receipts were taken now. Raises NotTakenError."""
    store, tills = _tills(retailer)
    anchor = timezone.localtime(store.created_at)
    taken = 0
    for terminal, label in zip(tills, LABELS, strict=True):
        sent = _send(terminal, history(label, terminal.number, anchor))
        say(f"{STORE}, till {terminal.number} ({label}): {sent} receipts")
        taken += sent
    return taken


def history(label: str, terminal: int, anchor: datetime) -> list[Sold]:
    """All that the till of this label sent, up to the moment when its store was made."""
    made: dict[str, Callable[[int, datetime], Iterator[Sold]]] = {
        "Gap": _gap,
        "Conflict": _conflict,
        "Clock": _clock,
        "Voids": _voids,
        "Silent": _silent,
        "After close": _after_close,
        "Departments": _departments,
    }
    return list(made[label](terminal, anchor.replace(second=0, microsecond=0)))


def as_bytes(terminal: int, sold: Sold) -> bytes:
    """The receipt as the till sends it."""
    sign = 1 if sold.kind == "sale" else -1
    place = sold.sequence % len(GOODS)
    line = {
        "kind": "item", "sku": None if sold.is_unknown else f"EX-{place}", "gtin": None,
        "name": "Department 4" if sold.is_unknown else GOODS[place], "category": "Examples", "quantity": f"{sign}",
        "unit": "pcs", "unit_price": str(sold.amount), "discount": 0, "amount": sign * sold.amount, "tax": "Z",
    }  # fmt: skip
    amount = sign * sold.amount
    sale: dict[str, Any] = {
        "terminal": terminal, "sequence": sold.sequence, "type": sold.kind,
        "mode": "offline" if sold.is_offline else "online", "issued_at": sold.issued_at.isoformat(timespec="seconds"),
        "currency": CURRENCY, "total": amount, "rounding": 0, "taxes_included": True, "lines": [line],
        "taxes": [{"code": "Z", "rate": "0.00", "net": amount, "tax": 0}],
        "payments": [{"method": "cash", "amount": amount}], "tendered": None, "refers_to": sold.refers_to,
        "reason": None if sign > 0 else "Changed mind", "operator": sold.operator, "buyer": None, "lottery": None,
    }  # fmt: skip
    return msgspec.json.encode(sale)


def _tills(retailer: Retailer) -> tuple[Store, list[Terminal]]:
    store = Store.objects.filter(retailer=retailer, name=STORE).first()
    store = store or create_store(retailer=retailer, name=STORE, address=ADDRESS)
    tills = {till.label: till for till in Terminal.objects.filter(store=store).select_related("store__retailer")}
    missing = [label for label in LABELS if label not in tills]
    if missing:
        for till in enrol_terminals(store=store, count=len(missing), labels=missing):
            tills[till.label] = till
    return store, [tills[label] for label in LABELS]


def _usual(anchor: datetime, days: int, *, until: int = 0, each: int = 1) -> list[datetime]:
    """So many sales in each opening hour of some days, up to so many days before the last one, none of them ahead."""
    found = []
    for back in range(days, until - 1, -1):
        day = _midnight(anchor, back)
        for hour in OPENING_HOURS:
            found += [
                day + timedelta(hours=hour, minutes=(7 * hour + 3 * back) % 20 + 20 * place) for place in range(each)
            ]
    return [moment for moment in found if moment < anchor]


def _midnight(anchor: datetime, back: int) -> datetime:
    day: date = anchor.date() - timedelta(back)
    return timezone.make_aware(datetime.combine(day, datetime.min.time()))


def _amount(number: int) -> int:
    return PRICES[number % len(PRICES)]


def _gap(_terminal: int, anchor: datetime) -> Iterator[Sold]:
    """A day of numbers, three of which never came."""
    for sequence, moment in enumerate(_usual(anchor, 5), 1):
        if not 14 <= sequence <= 16:
            yield Sold(sequence, moment, _amount(sequence))


def _conflict(_terminal: int, anchor: datetime) -> Iterator[Sold]:
    """A number that was used for two receipts."""
    for sequence, moment in enumerate(_usual(anchor, 2), 1):
        yield Sold(sequence, moment, _amount(sequence))
        if sequence == 9:
            yield Sold(sequence, moment + timedelta(minutes=4), 99)


def _clock(_terminal: int, anchor: datetime) -> Iterator[Sold]:
    """A clock that is three hours ahead, since this morning."""
    usual = _usual(anchor, 2, until=1)
    for sequence, moment in enumerate(usual, 1):
        yield Sold(sequence, moment, _amount(sequence))
    for number in range(6):
        moment = anchor + timedelta(hours=3, minutes=number)
        yield Sold(len(usual) + 1 + number, moment, _amount(number), is_offline=False)


def _voids(terminal: int, anchor: datetime) -> Iterator[Sold]:
    """Every fourth sale of the last three weeks is voided by one operator, minutes later."""
    sequence = 0
    for number, moment in enumerate(_usual(anchor, 35, until=1)):
        sequence += 1
        yield Sold(sequence, moment, _amount(number))
        if number % 4 == 3 and anchor - moment < timedelta(days=21):
            code = table().encode(Environment.PRODUCTION, moment.date(), terminal, sequence)
            sequence += 1
            after = moment + timedelta(minutes=3)
            yield Sold(sequence, after, _amount(number), kind="void", operator=VOIDED_BY, refers_to=code)


def _silent(_terminal: int, anchor: datetime) -> Iterator[Sold]:
    """A till that sold on every day of six weeks, and on none of the last ten days.

    It sells more than all tills that came since, which so did not take its place.
    """
    for sequence, moment in enumerate(_usual(anchor, 52, until=10, each=3), 1):
        yield Sold(sequence, moment, _amount(sequence))


def _after_close(_terminal: int, anchor: datetime) -> Iterator[Sold]:
    """Twelve weeks of opening hours, and nine late evenings of the last three weeks."""
    moments = _usual(anchor, 83, until=1, each=3)
    moments += [_midnight(anchor, back) + timedelta(hours=22, minutes=10 + 3 * back) for back in range(3, 20, 2)]
    for sequence, moment in enumerate(sorted(moments), 1):
        yield Sold(sequence, moment, 4_990 if moment.hour >= 22 else _amount(sequence))


def _departments(_terminal: int, anchor: datetime) -> Iterator[Sold]:
    """Two of three sales of the last two weeks say nothing of what was sold."""
    for sequence, moment in enumerate(_usual(anchor, 35, until=1), 1):
        is_unknown = sequence % 3 > 0 and anchor - moment < timedelta(days=14)
        yield Sold(sequence, moment, _amount(sequence), is_unknown=is_unknown)


def _send(terminal: Terminal, sold: Sequence[Sold]) -> int:
    """Sends a till's receipts in order; what is known already counts as nothing."""
    credential = verify(mint_terminal_token(terminal.number, terminal.key_version))
    taken, waiting, attempt = 0, list(sold), 0
    while waiting:
        size = BACK_BATCH if any(one.kind != "sale" for one in waiting[:BATCH]) else BATCH
        part = waiting[:size]
        answers = capture().take([as_bytes(terminal.number, one) for one in part], credential, now_ms())
        again = []
        for one, answer in zip(part, answers, strict=True):
            if isinstance(answer, Accepted):
                taken += not answer.replayed
            elif isinstance(answer, Problem) and answer.status >= 500:
                again.append(one)
            elif not (isinstance(answer, Problem) and answer.status == HTTP_CONFLICT):
                raise NotTakenError(f"till {terminal.number}, number {one.sequence}: {answer}")
        waiting = again + waiting[size:]
        if again:
            attempt += 1
            if attempt > ATTEMPTS_MAX:
                raise NotTakenError(f"till {terminal.number}: {again[0].sequence} cannot be taken now")
            time.sleep(AGAIN_S)
    return taken
