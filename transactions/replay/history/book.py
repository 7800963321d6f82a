"""The book of a demo's history: which spans of the year were begun, and which of each till's numbers they have.

`history.json` lies beside the file of sequences and belongs to one registry, as that does. It is written before the
numbers are set aside, and they are set aside again at every opening, which changes nothing once it was done: killed in
between, no number is given twice. Numbers set aside are missing receipts until they are sent, so a span that was begun
is always finished, and a longer history adds a second span behind it, with numbers of its own.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from transactions.replay.files import write_json
from transactions.replay.history.happenings import Happenings, Span, happenings
from transactions.replay.sequences import SEQUENCES_NAME, Sequences
from transactions.replay.source import DAY_S, Year, clock_s, moved

BOOK_NAME = "history.json"
WEEK_S = 7 * DAY_S
# The moved year begins at most 366 days before today.
WEEKS_MAX = 53


@dataclass(frozen=True, slots=True)
class Part:
    """One span, in seconds of the stores' clocks, and each terminal's first number in it with how many it has."""

    after_s: int
    until_s: int
    numbers: dict[int, tuple[int, int]]

    @property
    def total(self) -> int:
        """How many receipts it has."""
        return sum(count for _, count in self.numbers.values())


@dataclass(slots=True)
class Book:
    """All that decides what is sent. `tills` are each store's terminals when the book was begun."""

    registry: str
    anchored_at: datetime
    tills: dict[int, list[int]]
    weeks: int = 0
    parts: list[Part] = field(default_factory=list)

    @property
    def total(self) -> int:
        """How many receipts it has."""
        return sum(part.total for part in self.parts)

    def happenings(self, year: Year, after_s: int, until_s: int) -> Happenings:
        """What happened in a span of the year, moved to end when the book was begun."""
        span = Span(moved(year.wall_s, self.anchored_at), after_s, until_s, clock_s(self.anchored_at))
        return happenings(year, span, self.tills)


def read_book(folder: Path, registry: str) -> Book | None:
    """The book of this registry, its numbers set aside; None when there is none, or it is of one that is gone."""
    path = folder / BOOK_NAME
    if not path.exists():
        return None
    found: dict[str, Any] = json.loads(path.read_text())
    if found["registry"] != registry:
        return None
    book = Book(
        registry=registry,
        anchored_at=datetime.fromisoformat(found["anchored_at"]),
        tills={int(store): terminals for store, terminals in found["tills"].items()},
        weeks=found["weeks"],
        parts=[read_part(part) for part in found["parts"]],
    )
    sequences = sequences_of(folder, book)
    with sequences.alone():
        set_aside(book, sequences)
    sequences.close()
    return book


def read_part(found: dict[str, Any]) -> Part:
    """A part as it is written in the file."""
    numbers = {int(terminal): (first, count) for terminal, (first, count) in found["numbers"].items()}
    return Part(found["after_s"], found["until_s"], numbers)


def begin_book(registry: str, now: datetime, tills: Mapping[int, list[int]]) -> Book:
    """A book whose year ends now; it exists once it has a part."""
    return Book(registry, now, dict(tills))


def lengthen(book: Book, folder: Path, *, weeks: int, year: Year, oldest_s: int) -> None:
    """Adds the part that makes it so many weeks long, writes the book, sets the part's numbers aside.

    Nothing before `oldest_s` on the stores' clocks is in it, because capture would find it too old.
    """
    end_s = clock_s(book.anchored_at)
    until_s = min([part.after_s for part in book.parts], default=end_s)
    after_s = max(end_s - weeks * WEEK_S, oldest_s)
    book.weeks = weeks
    sequences = sequences_of(folder, book)
    with sequences.alone():
        if after_s < until_s:
            counts = book.happenings(year, after_s, until_s).counts()
            numbers = {terminal: (sequences.last(terminal) + 1, count) for terminal, count in counts.items()}
            book.parts.append(Part(after_s, until_s, numbers))
        write_json(folder / BOOK_NAME, {**asdict(book), "anchored_at": book.anchored_at.isoformat()})
        set_aside(book, sequences)
    sequences.close()


def sequences_of(folder: Path, book: Book) -> Sequences:
    """The file of sequences, large enough for the book's terminals."""
    return Sequences(folder / SEQUENCES_NAME, max(max(terminals) for terminals in book.tills.values()))


def set_aside(book: Book, sequences: Sequences) -> None:
    """Makes sure that whoever else takes a number gets one behind the book's."""
    for part in book.parts:
        for terminal, (first, count) in part.numbers.items():
            sequences.raise_to(terminal, first + count - 1)
