"""The bytes of what happened: each receipt as it is sent, the same in every run."""

from dataclasses import dataclass
from datetime import date

from possys.codes import Environment, KeyTable
from transactions.replay.acknowledgements import Sent
from transactions.replay.baskets import Return, fill, template
from transactions.replay.history.happenings import Happenings, Kind, returned_lines
from transactions.replay.payments import spread
from transactions.replay.source import Integers, Year, issued_at

NAMES = {Kind.SALE: b"sale", Kind.REFUND: b"refund", Kind.VOID: b"void"}
VOID_REASONS = ("Rung up twice", "Customer left", "Wrong payment", "Training mistake")


@dataclass(frozen=True, slots=True)
class Receipts:
    """Makes each happening's receipt when it is asked for; `sequences` is one number a happening."""

    year: Year
    happenings: Happenings
    sequences: Integers
    keys: KeyTable

    def receipt(self, place: int) -> Sent:
        """The receipt of one happening."""
        rows = self.happenings
        kind, basket = Kind(int(rows.kinds[place])), int(rows.baskets[place])
        terminal, sequence = int(rows.terminals[place]), int(self.sequences[place])
        moment = issued_at(int(rows.wall_s[place]))
        body = fill(
            template(self.year, basket, self._reference(kind, basket, place)),
            terminal=terminal,
            sequence=sequence,
            issued_at=moment.encode("ascii"),
            mode=b"offline" if rows.offline[place] else b"online",
            kind=NAMES[kind],
        )
        store = int(self.year.stores[basket])
        return Sent(terminal, sequence, moment[:10], body, store, basket, is_refund=kind != Kind.SALE)

    def _reference(self, kind: Kind, basket: int, place: int) -> Return | None:
        """What a refund or void takes back; its code is a function of the sale's day, terminal and number."""
        if kind == Kind.SALE:
            return None
        origin = int(self.happenings.origins[place])
        code = self.keys.encode(
            Environment.PRODUCTION,
            date.fromisoformat(issued_at(int(self.happenings.wall_s[origin]))[:10]),
            int(self.happenings.terminals[origin]),
            int(self.sequences[origin]),
        )
        if kind == Kind.REFUND:
            return Return(code, lines=returned_lines(self.year, basket))
        return Return(code, reason=VOID_REASONS[spread(int(self.year.numbers[basket])) % len(VOID_REASONS)])
