"""What the customer gets: a receipt with its code, or one that says OFFLINE, as fields and as lines of text."""

import textwrap
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from possys_till import qr
from possys_till.amounts import shown
from possys_till.credential import Credential
from possys_till.queue import Kept
from possys_till.signing import offline_address

# The columns of 58 mm paper, and of 80 mm paper in its two usual fonts.
WIDTHS = (32, 42, 48)
WIDTH = 42
ACCEPTED, OFFLINE, TRAINING = "accepted", "offline", "training"
TITLES = {"refund": "REFUND", "void": "VOID"}
MARK = {"item": "", "discount": "", "deposit": "deposit", "tip": "tip", "voucher": "voucher", "other": ""}


@dataclass(frozen=True, slots=True)
class Receipt:
    """One receipt. `standing` is accepted, offline or training; `code` is there once the server gave it.

    `warnings` are for the cashier, `due_by` is when an offline sale must have come to the server, `copy` counts copies.
    `checkpoint` is that of the server's log when it answered: `<size> <root>`.
    """

    sequence: int
    sale: Mapping[str, Any]
    standing: str
    holder: Credential
    code: str | None = None
    url: str | None = None
    warnings: tuple[str, ...] = ()
    copy: int = 0
    checkpoint: str | None = None

    @classmethod
    def of(cls, kept: Kept, holder: Credential) -> "Receipt":
        """The receipt of a kept sale as it stands now."""
        said = kept.answer or {}
        made = cls(kept.sequence, kept.sale, OFFLINE, holder)
        if kept.code is None:
            return made
        return replace(
            made, standing=ACCEPTED, code=kept.code, url=said.get("url"), checkpoint=said.get("checkpoint")
        )  # fmt: skip

    @property
    def issued_at(self) -> datetime:
        """When it was made, by the till's clock."""
        return datetime.fromisoformat(self.sale["issued_at"])

    @property
    def total(self) -> int:
        """In minor units."""
        return int(self.sale["total"])

    @property
    def change(self) -> int:
        """What the customer gets back of the cash."""
        if self.sale["tendered"] is None:
            return 0
        cash = sum(one["amount"] for one in self.sale["payments"] if one["method"] == "cash")
        return int(self.sale["tendered"]) - int(cash)

    @property
    def due_by(self) -> datetime:
        """Until when an offline sale may come; the server may have given more time for an outage."""
        return self.issued_at + timedelta(hours=self.holder.offline_allowed_hours)

    @property
    def qr_text(self) -> str:
        """What the QR code holds: the answer's url, or an address that the till signed itself."""
        if self.url is not None:
            return self.url
        return offline_address(
            self.holder.receipts,
            terminal=self.holder.terminal,
            sequence=self.sequence,
            issued_at=self.issued_at,
            total=self.total,
            key=self.holder.key,
        )

    def as_copy(self, number: int) -> "Receipt":
        """The same receipt, printed again."""
        return replace(self, copy=number)

    def text(self, width: int = WIDTH) -> str:
        """The whole receipt, lines ended by a newline."""
        return "\n".join(self.lines(width)) + "\n"

    def lines(self, width: int = WIDTH, *, qr_width: int | None = None) -> list[str]:
        """The receipt in so many columns. A QR code that does not fit is left to the printer (`qr_text`).

        `qr_width` is for screens, where the code may be wider than the paper.
        """
        above, code, below = self.parts(width, qr_width=qr_width)
        left = " " * ((width - len(code[0])) // 2) if code else ""
        return [*above, *(f"{left}{line}" for line in code), *below]

    def parts(self, width: int = WIDTH, *, qr_width: int | None = None) -> tuple[list[str], list[str], list[str]]:
        """What stands above the QR code, the code in blocks with its margin (nothing without room), and what below."""
        above = [*self._head(width), *self._body(width), *self._taxes(width), "-" * width]
        if self.standing == TRAINING:
            return [*above, *_centred("TRAINING, NOT A RECEIPT", width)], [], []
        if self.standing == OFFLINE:
            above += _centred(f"OFFLINE, due by {self.due_by:%Y-%m-%d %H:%M}", width)
        code = qr.lines(self.qr_text, columns_max=width if qr_width is None else qr_width)
        address = [] if code else textwrap.wrap(self.qr_text, width)
        return above, code, [*address, *self._foot(width)]

    def _head(self, width: int) -> Iterator[str]:
        retailer, store = self.holder.retailer, self.holder.store
        for text in (retailer.get("name"), store.get("name"), store.get("address")):
            if text:
                yield from _centred(str(text), width)
        if retailer.get("tax_id"):
            yield from _centred(f"Tax id {retailer['tax_id']}", width)
        yield "-" * width
        for text in (TITLES.get(self.sale["type"]), f"COPY {self.copy}" if self.copy else None):
            if text:
                yield from _centred(text, width)
        if self.sale["refers_to"]:
            yield from _centred(f"of {self.sale['refers_to']}", width)
        yield _sides(f"{self.issued_at:%Y-%m-%d %H:%M:%S}", f"No. {self.sequence}", width)

    def _body(self, width: int) -> Iterator[str]:
        currency = self.sale["currency"]
        for line in self.sale["lines"]:
            name = f"{line['name']} ({MARK[line['kind']]})" if MARK[line["kind"]] else line["name"]
            amount = f"{shown(line['amount'], currency)} {line['tax']}"
            detail = _detail(line, currency)
            *above, last = [*_wrapped(name, width), f"  {detail}"] if detail else _wrapped(name, width)
            if columns(last) + 1 + columns(amount) > width:
                above, last = [*above, last], ""
            yield from above
            yield _sides(last, amount, width)
        yield "-" * width
        if self.sale["rounding"]:
            yield _sides("Rounding", f"{shown(self.sale['rounding'], currency)}  ", width)
        yield _sides(f"TOTAL {currency}", f"{shown(self.total, currency)}  ", width)
        for payment in self.sale["payments"]:
            yield _sides(payment["method"].capitalize(), f"{shown(payment['amount'], currency)}  ", width)
        if self.sale["tendered"] is not None:
            yield _sides("Given", f"{shown(self.sale['tendered'], currency)}  ", width)
            yield _sides("Change", f"{shown(self.change, currency)}  ", width)

    def _taxes(self, width: int) -> Iterator[str]:
        currency = self.sale["currency"]
        yield "-" * width
        for row in self.sale["taxes"]:
            rate = "exempt" if row["rate"] is None else f"{row['rate']} %"
            figures = f"{shown(row['net'], currency):>{(width - 14) // 2}}{shown(row['tax'], currency):>10}"
            yield _sides(f"{row['code']} {rate}", figures, width)

    def _foot(self, width: int) -> Iterator[str]:
        if self.code is not None:
            yield from _centred(self.code, width)
        if self.checkpoint is not None:
            yield from _wrapped(f"Log {self.checkpoint}", width)
        key = self.holder.key
        yield _sides(f"Terminal {self.holder.terminal}", f"Key {key.fingerprint}" if key else "", width)


def _detail(line: Mapping[str, Any], currency: str) -> str:
    """How the amount came about, where it is more than one piece at its price."""
    parts = []
    if line["unit_price"] is not None and (line["quantity"] not in ("1", "-1") or line["discount"]):
        unit = "" if line["unit"] in (None, "pcs") else f" {line['unit']}"
        parts.append(f"{line['quantity']}{unit} x {_price(line['unit_price'], currency)}")
    if line["discount"]:
        parts.append(f"less {shown(line['discount'], currency)}")
    return " ".join(parts)


def _price(text: str, currency: str) -> str:
    """A unit price in whole units; parts of a minor unit are shown as they are."""
    whole, _, fraction = text.partition(".")
    return shown(int(whole), currency) + (fraction if fraction else "")


def columns(text: str) -> int:
    """How many columns a text takes: two for wide characters, none for what is put on top of another."""
    return sum(0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF") for c in text)


def _sides(left: str, right: str, width: int) -> str:
    """Two texts at the two edges; the left one is cut where there is no room."""
    room = width - columns(right) - (1 if right else 0)
    while columns(left) > room:
        left = left[:-1]
    return f"{left}{' ' * (width - columns(left) - columns(right))}{right}".rstrip() if not right else (
        f"{left}{' ' * (width - columns(left) - columns(right))}{right}"
    )  # fmt: skip


def _wrapped(text: str, width: int) -> list[str]:
    if columns(text) == len(text):
        return textwrap.wrap(text, width)
    lines, line = [], ""
    for character in text:
        if columns(line + character) > width:
            lines.append(line)
            line = ""
        line += character
    return [*lines, line]


def _centred(text: str, width: int) -> list[str]:
    return [" " * ((width - columns(line)) // 2) + line for line in _wrapped(text, width)]
