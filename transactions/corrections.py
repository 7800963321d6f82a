"""What is left of a sale to take back, and whether a refund or void keeps to it. Pure: no Django, no I/O.

A receipt is compared by its lines' groups: the same product in the same unit at the same tax code is one, however many
lines it stands on. All sums are signed as the sale has them, so what takes back carries the opposite sign and is added.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec
from msgspec import Struct

from possys.money import major
from transactions.decimals import QUANTITY_SCALE, quantity
from transactions.sale import LINE_TOLERANCE_MINOR, Fault

# Groups are told apart by this much of a hash; a receipt has 500 lines at most.
KEY_BYTES = 8
# Cash is rounded to the smallest coin at each refund anew, so that parts can add up to more than the whole was rounded
# to. Half of the coarsest step in wide use (5 forints are 500 minor units) twice over; never more than this a receipt.
ROUNDING_MAX_MINOR = 500
# Refunds of one receipt that are compared: more than any shop makes, and a bound on the records that one can have read.
CORRECTIONS_MAX = 100


class ContentLine(Struct, gc=False):
    """What of a line tells it from others, and how much of it there is."""

    kind: str
    sku: str | None
    gtin: str | None
    name: str
    quantity: str
    unit: str | None
    amount: int
    tax: str


class Contents(Struct, gc=False):
    """The part of a sale that is compared; amounts in minor units."""

    type: str
    currency: str
    total: int
    rounding: int
    refers_to: str | None
    lines: list[ContentLine]


class Part(NamedTuple):
    """One group of lines: quantity in ten-thousandths and amount in minor units, both signed; `place` is the first."""

    kind: str
    product: str
    name: str
    unit: str | None
    tax: str
    quantity: int
    amount: int
    lines: int
    place: int

    def plus(self, quantity: int, amount: int) -> "Part":
        """The group with so much more of it."""
        return self._replace(quantity=self.quantity + quantity, amount=self.amount + amount)


class Sums(NamedTuple):
    """What a sale, refund or void comes to: its total, the total without its rounding, each group's quantity, amount.

    `parts` is None where the law had the record removed: then only the entry's total is known, and rounding is in it.
    """

    total: int
    unrounded: int
    parts: Mapping[bytes, tuple[int, int]] | None


class TakenBack(NamedTuple):
    """One refund or void, in the ledger or on its way there, by its own identity."""

    identity: int
    sums: Sums


class Original(NamedTuple):
    """A sale in the ledger, and what was taken back of it there by its own retailer.

    `currency` and `parts` are None where the law had its record removed; `retailer` is then the registry's.
    """

    retailer: int | None
    type: str
    currency: str | None
    sums: Sums
    parts: Mapping[bytes, Part] | None
    taken_back: tuple[TakenBack, ...]


_decoder = msgspec.json.Decoder(Contents)


def read_contents(sale: bytes) -> Contents:
    """The compared part of a sale that was taken. Raises msgspec.DecodeError."""
    return _decoder.decode(sale)


def parts_of(lines: Iterable[ContentLine]) -> dict[bytes, Part]:
    """The groups of a sale's lines by their keys."""
    parts: dict[bytes, Part] = {}
    for place, line in enumerate(lines):
        product = f"gtin {line.gtin}" if line.gtin else f"sku {line.sku}" if line.sku else f"name {line.name}"
        key = _key(line.kind, product, line.unit, line.tax)
        known = parts.get(key)
        if known is None:
            known = Part(line.kind, product, line.name, line.unit, line.tax, 0, 0, 0, place)
        parts[key] = known.plus(quantity(line.quantity), line.amount)._replace(lines=known.lines + 1)
    return parts


def _key(kind: str, product: str, unit: str | None, tax: str) -> bytes:
    written = "\0".join((kind, product, unit or "", tax))
    return hashlib.sha256(written.encode()).digest()[:KEY_BYTES]


def sums_of(contents: Contents, parts: Mapping[bytes, Part]) -> Sums:
    """The sums of a whole sale, refund or void."""
    groups = {key: (part.quantity, part.amount) for key, part in parts.items()}
    return Sums(contents.total, contents.total - contents.rounding, groups)


def reference_faults(contents: Contents, retailer: int, original: Original) -> list[Fault]:
    """What makes the receipt one that this refund or void cannot take back at all."""
    if original.retailer != retailer:
        return [Fault("/refers_to", "is a receipt of another retailer")]
    faults = []
    if original.type != "sale":
        faults.append(Fault("/refers_to", f"is a {original.type}: only a sale can be taken back"))
    if original.currency not in (None, contents.currency):
        faults.append(Fault("/currency", f"is {contents.currency}, but the receipt is in {original.currency}"))
    return faults


def amount_faults(contents: Contents, original: Original, pending: Sequence[TakenBack]) -> list[Fault]:
    """Where it takes back more than is left; `pending` are refunds and voids that are not in the ledger yet."""
    if len(original.taken_back) >= CORRECTIONS_MAX:
        return [Fault("/refers_to", f"was taken back in {CORRECTIONS_MAX} parts already, more are not taken")]
    known = {one.identity for one in original.taken_back}
    taken = [*original.taken_back, *(one for one in pending if one.identity not in known)]
    comparison = _Comparison(contents, original, [one.sums for one in taken])
    return comparison.void_faults() if contents.type == "void" else comparison.refund_faults()


class _Comparison:
    """One refund or void held against what is left."""

    def __init__(self, contents: Contents, original: Original, taken: Sequence[Sums]) -> None:
        self.contents = contents
        self.currency = contents.currency
        self.original = original
        self.is_touched = bool(taken)
        self.total = original.sums.total + sum([one.total for one in taken])
        self.unrounded = original.sums.unrounded + sum([one.unrounded for one in taken])
        self.own = parts_of(contents.lines)
        self.left = dict(original.parts) if original.parts is not None else None
        if self.left is not None:
            for one in taken:
                for key, (count, amount) in (one.parts or {}).items():
                    if key in self.left:
                        self.left[key] = self.left[key].plus(count, amount)

    def refund_faults(self) -> list[Fault]:
        """Each line is one of the receipt's and no more than is left of it, and so is the total."""
        if not self.contents.lines:
            return [Fault("/lines", "a refund has at least one line")]
        faults: list[Fault] = []
        for key, part in self.own.items():
            # A share of the receipt's discount, in whatever words, gives back less: the total is its bound.
            if self.left is not None and not (part.kind == "discount" and part.amount >= 0):
                faults.extend(self._line_faults(key, part, self.left))
        return faults + self._total_faults()

    def _line_faults(self, key: bytes, part: Part, left: Mapping[bytes, Part]) -> list[Fault]:
        of_left = left.get(key)
        if of_left is None or self.original.parts is None:
            return [self._stranger(part, left)]
        whole = self.original.parts[key]
        faults = []
        word = self._left_of(of_left, whole)
        sign = _sign(whole.quantity)
        back, rest = -sign * part.quantity, sign * of_left.quantity
        # Of a discount one part takes a share, and how many pieces that is has no meaning; nor has it of no pieces.
        if part.kind != "discount" and whole.quantity:
            if back < 0:
                faults.append(Fault(f"/lines/{part.place}/quantity", "has the sign of a sale: it takes nothing back"))
            elif back > max(rest, 0):
                pieces = _pieces(abs(part.quantity), part.unit)
                faults.append(Fault(f"/lines/{part.place}/quantity", f"takes back {pieces}, but {word}"))
        sign = _sign(whole.amount) or 1
        back, rest = -sign * part.amount, sign * of_left.amount
        if back < 0:
            faults.append(Fault(f"/lines/{part.place}/amount", "has the sign of a sale: it takes nothing back"))
        elif _exceeds(back, rest, part.lines):
            faults.append(
                Fault(f"/lines/{part.place}/amount", f"takes back {self._money(abs(part.amount))}, but {word}")
            )
        return faults

    def _total_faults(self) -> list[Fault]:
        back = -self.contents.total
        unrounded = self.contents.rounding - self.contents.total
        is_more = _exceeds(unrounded, self.unrounded, len(self.contents.lines))
        if not is_more and back <= max(self.total, 0) + ROUNDING_MAX_MINOR:
            return []
        left = f"{self._money(self.total)} is left" if self.total > 0 else "nothing is left"
        return [Fault("/total", f"takes back {self._money(back)}, but {left} of the receipt")]

    def void_faults(self) -> list[Fault]:
        """All of a receipt that nothing was taken back of, exactly."""
        if self.is_touched:
            left = f"{self._money(self.total)} is left of it" if self.total > 0 else "nothing is left of it"
            return [Fault("/refers_to", f"was taken back before, and a void takes back a whole receipt; {left}")]
        faults = []
        if self.contents.total != -self.original.sums.total:
            faults.append(
                Fault("/total", f"is {self.contents.total}, but a void takes back all: {-self.original.sums.total}")
            )
        if self.left is None:
            return faults
        for key, part in self.own.items():
            if key not in self.left:
                faults.append(self._stranger(part, self.left))
        for key, whole in self.left.items():
            own = self.own.get(key)
            if own is None:
                faults.append(Fault("/lines", f'lack "{whole.name}", and a void takes back all lines'))
            elif (own.quantity, own.amount) != (-whole.quantity, -whole.amount):
                word = self._left_of(whole, whole)
                faults.append(Fault(f"/lines/{own.place}", f"must take back all, in quantity and amount: {word}"))
        return faults

    def _stranger(self, part: Part, left: Mapping[bytes, Part]) -> Fault:
        """A line that the receipt does not have, with what it has of the same product."""
        pointer = f"/lines/{part.place}"
        for like in left.values():
            if like.product == part.product:
                unit = like.unit or "no unit"
                is_like = f"as {like.kind} in {unit} with tax code {like.tax}"
                return Fault(pointer, f'"{part.name}" is on the receipt {is_like}, not as it is here')
        return Fault(pointer, f'"{part.name}" is not on the receipt')

    def _left_of(self, left: Part, whole: Part) -> str:
        """How much is left, as a cashier can read it: `2 pcs and 51.00 are left of "Whole milk 1 l"`."""
        count = max(0, _sign(whole.quantity) * left.quantity)
        amount = max(0, (_sign(whole.amount) or 1) * left.amount)
        if not count and not amount:
            return f'nothing is left of "{whole.name}"'
        return f'{_pieces(count, whole.unit)} and {self._money(amount)} are left of "{whole.name}"'

    def _money(self, minor: int) -> str:
        return str(major(minor, self.currency))


def _exceeds(back: int, left: int, lines: int) -> bool:
    """Whether it is more than is left, but for a rounding of each line; of nothing, nothing can be rounded."""
    return back > 0 and (left <= 0 or back > left + LINE_TOLERANCE_MINOR * lines)


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)


def _pieces(count: int, unit: str | None) -> str:
    """A quantity as people write it: `2 pcs`, `0.312 kg`."""
    whole, rest = divmod(count, QUANTITY_SCALE)
    text = f"{whole}.{rest:04d}".rstrip("0") if rest else str(whole)
    return f"{text} {unit}" if unit else text
