"""Holds a store's closes against themselves, the feed and the journal, and names every place that differs. Pure."""

from collections import Counter, defaultdict
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass

import msgspec

from accounting.books.splitting import Part, parts_of
from accounting.days.content import Content, hash_of, read_content, written
from accounting.days.figures import Sums, added, difference, sums_of, totals_of

# (amount, tax code, tax rate) of a line of an entry.
EntryLine = tuple[int, str, str]
# A terminal and its day.
TerminalDayKey = tuple[str, int]


@dataclass(frozen=True, slots=True)
class KeptReport:
    """A terminal's close as its row has it."""

    terminal: int
    number: int
    text: str
    previous_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class KeptClose:
    """A store's close as its rows have it; `entries` are the lines of its journal entries by currency."""

    retailer: int
    store: int
    day: str
    part: int
    records: int
    missing: int
    filled: int
    text: str
    reports: tuple[KeptReport, ...]
    entries: dict[str, list[EntryLine]]

    @property
    def place(self) -> str:
        """For people."""
        return f"store {self.store}, {self.day}, part {self.part}"


class StoreCheck:
    """One store being checked; `faults` names what differs, in the order in which it is found."""

    def __init__(self, store: int) -> None:
        self.store = store
        self.faults: list[str] = []
        self._closed: defaultdict[TerminalDayKey, list[Sums]] = defaultdict(list)
        self._chains: defaultdict[int, list[tuple[KeptReport, Content, str]]] = defaultdict(list)

    def add(self, close: KeptClose, part: int) -> None:
        """A close and its Z reports; `part` is the number that it should have."""
        self.faults += [f"{close.place}: {fault}" for fault in self._check(close, part)]

    def _check(self, close: KeptClose, part: int) -> Iterator[str]:
        if close.part != part:
            yield f"part {part} is missing"
        content = yield from _read(close.text)
        reports: list[Content] = []
        for report in close.reports:
            own = yield from self._check_report(close, report)
            if own is not None:
                reports.append(own)
        if content is None:
            return
        head = (content.retailer, content.store, content.day, content.part)
        if head != (close.retailer, close.store, close.day, close.part):
            yield "its content is about another close"
        if (content.records, content.missing, content.filled) != (close.records, close.missing, close.filled):
            yield "its counts are not those of its content"
        if content.hashes != tuple(report.hash for report in close.reports):
            yield "its terminals' hashes are not those of their Z reports"
        if len(reports) == len(close.reports) and added(map(sums_of, reports)) != sums_of(content):
            yield "its figures are not the sum of its Z reports"
        yield from _check_entries(content, close.entries)

    def _check_report(self, close: KeptClose, report: KeptReport) -> Generator[str, None, Content | None]:
        name = f"Z {report.number} of terminal {report.terminal}: "
        if hash_of(report.text) != report.hash:
            yield f"{name}its hash is not that of its content"
        content = yield from _read(report.text, name)
        if content is None:
            return None
        head = (content.retailer, content.store, content.day, content.part)
        if head != (close.retailer, close.store, close.day, close.part) or (
            (content.terminal, content.number, content.previous)
            != (report.terminal, report.number, report.previous_hash)
        ):
            yield f"{name}its content is about another close"
        self._chains[report.terminal].append((report, content, close.place))
        self._closed[close.day, report.terminal].append(sums_of(content))
        return content

    def check_chains(self) -> None:
        """Once all closes are added: numbers, hashes and grand totals follow each other."""
        for terminal, chain in sorted(self._chains.items()):
            chain.sort(key=lambda link: link[0].number)
            previous, totals = "", Counter[str]()
            for number, (report, content, place) in enumerate(chain, start=1):
                where = f"{place}: Z {report.number} of terminal {terminal}: "
                if report.number != number:
                    self.faults.append(f"{where}Z {number} is missing before it")
                    break
                if report.previous_hash != previous:
                    self.faults.append(f"{where}it does not follow Z {number - 1}")
                previous = report.hash
                totals.update(totals_of(sums_of(content)))
                if any(one.grand_total != totals[one.currency] for one in content.currencies):
                    self.faults.append(f"{where}its grand total is not the sum of the chain")

    def compare(self, day: str, fed: dict[int, Sums]) -> Iterator[str]:
        """What the closes of a day and the feed differ in."""
        terminals = {terminal for own, terminal in self._closed if own == day} | fed.keys()
        for terminal in sorted(terminals):
            closed = added(self._closed.get((day, terminal), ()))
            for what, *names in sorted(difference(fed.get(terminal, {}), closed)):
                name = " ".join(name for name in (what, *names) if name)
                yield f"store {self.store}, {day}, terminal {terminal}: its closes are not what is fed ({name})"

    @property
    def days(self) -> set[str]:
        """Days with closes."""
        return {day for day, _ in self._closed}


def _read(text: str, name: str = "") -> Generator[str, None, Content | None]:
    try:
        content = read_content(text)
    except msgspec.DecodeError:
        yield f"{name}its content cannot be read"
        return None
    if written(content) != text:
        yield f"{name}its content is not as it was written"
    return content


def _check_entries(content: Content, entries: dict[str, list[EntryLine]]) -> Iterator[str]:
    """The journal has an entry for each currency that moves something, and its lines are the close's amounts."""
    wanted = dict(parts_of(content.currencies))
    for currency in sorted(wanted.keys() | entries.keys()):
        if currency not in entries:
            yield f"it is not posted in {currency}"
        elif currency not in wanted:
            yield f"its entry in {currency} has nothing to post"
        elif sorted(entries[currency]) != _lines(wanted[currency]):
            yield f"its entry in {currency} has other amounts"


def _lines(parts: Iterable[Part]) -> list[EntryLine]:
    return sorted((part.amount, part.tax_code, part.tax_rate) for part in parts)
