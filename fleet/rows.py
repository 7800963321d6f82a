"""One row of an enrolment file: its columns, how a line is read, and everything that can be wrong with it. Pure.

    tax_id, retailer           whose till; left out where retailers upload their own
    store_reference            the retailer's own number of the store; with the label it names the till for ever
    store, address, place      the store's name, address and town; the name is needed of stores that are new
    kind                       fixed, mobile, vending or online; fixed where it is empty
    label                      the retailer's own name of the till, or its serial number

An apostrophe in front of what a spreadsheet would take for a formula is left out: files of faults have it there. A line
is a row: cells hold no line breaks, so that work can go on at any line, and an unclosed quotation mark spoils
one row and not the rest of the file.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import gt
from typing import NamedTuple

from portal.sheets.files import FORMULA
from possys.codes import TERMINAL_MAX
from transactions.models import Retailer, Store, Terminal

# Cells as long as the registry's columns.
LENGTHS: Mapping[str, int] = {
    "tax_id": Retailer._meta.get_field("tax_id").max_length or 0,
    "retailer": Retailer._meta.get_field("name").max_length or 0,
    "store_reference": Store._meta.get_field("reference").max_length or 0,
    "store": Store._meta.get_field("name").max_length or 0,
    "address": Store._meta.get_field("address").max_length or 0,
    "place": Store._meta.get_field("place").max_length or 0,
    "kind": Store._meta.get_field("kind").max_length or 0,
    "label": Terminal._meta.get_field("label").max_length or 0,
}
OWNER_COLUMNS = ("tax_id", "retailer")
COLUMNS = tuple(LENGTHS)
REQUIRED = ("store_reference", "label")
# What a file of faults adds behind the columns; a corrected one is uploaded as it is.
FAULT_COLUMNS = ("fault_line", "fault_columns", "faults")
KINDS = tuple(Store.Kind.values)
# Eight cells of their full length, each in quotation marks and four bytes a character, are less.
LINE_BYTES_MAX = 4_000
# More tills than there are numbers for.
ROWS_MAX = TERMINAL_MAX
BYTE_ORDER_MARK = "\ufeff"
# Below a space there are only control characters; the delete character is the one above.
DELETE = "\x7f"


class Row(NamedTuple):
    """One row as it stands in the file, trimmed; `line` counts from 1, the head's."""

    line: int
    tax_id: str
    retailer: str
    store_reference: str
    store: str
    address: str
    place: str
    kind: str
    label: str

    @property
    def cells(self) -> tuple[str, ...]:
        """The columns in their order."""
        return self[1:]


class Fault(NamedTuple):
    """What is wrong with a column of a row, and what to do."""

    column: str
    text: str


class HeadFault(ValueError):
    """The first line does not name the columns; the message says everything that is wrong with it."""


class Head(NamedTuple):
    """What the first line says: how cells are separated, and the place of each column (None: not there)."""

    delimiter: str
    places: tuple[int | None, ...]
    width: int

    def row(self, line: int, text: str) -> Row | Fault | None:
        """The row of a line; None of an empty one, a Fault of one that is no row."""
        try:
            cells = read_cells(text, self.delimiter)
        except csv.Error:
            return Fault("", "A quotation mark is not closed on this line. Close it; cells cannot hold line breaks.")
        if not any(cells):
            return None
        if len(cells) > self.width and any(cells[self.width :]):
            return Fault(
                "",
                f"There are {len(cells)} cells for {self.width} columns. Put quotation marks around cells that "
                f"hold “{self.delimiter}”.",
            )
        if "'" in text:
            cells = [cell[1:] if cell[:1] == "'" and cell[1:].startswith(FORMULA) else cell for cell in cells]
        count = len(cells)
        return Row(line, *["" if at is None or at >= count else cells[at] for at in self.places])


def read_cells(text: str, delimiter: str) -> list[str]:
    """The cells of one line, trimmed. Raises csv.Error."""
    if '"' not in text:
        return [cell.strip() for cell in text.split(delimiter)]
    (cells,) = csv.reader([text.rstrip("\r\n")], delimiter=delimiter, strict=True)
    return [cell.strip() for cell in cells]


def read_head(text: str, *, is_one_retailers: bool) -> Head:
    """What the first line says. Raises HeadFault.

    `is_one_retailers`: the file is of one retailer, who is known; their two columns must not be there.
    """
    text = text.removeprefix(BYTE_ORDER_MARK)
    delimiter = ";" if ";" in text else ","
    try:
        titles = [title.lower() for title in read_cells(text, delimiter)]
    except csv.Error:
        raise HeadFault("The first line names the columns, and a quotation mark is not closed there.") from None
    known = [name for name in COLUMNS if not (is_one_retailers and name in OWNER_COLUMNS)]
    required = [*([] if is_one_retailers else OWNER_COLUMNS[:1]), *REQUIRED]
    wrong = [
        f"There is no column “{title[:40]}”." for title in titles if title and title not in {*known, *FAULT_COLUMNS}
    ]
    wrong += [f"The column “{title}” stands there twice." for title in known if titles.count(title) > 1]
    wrong += [f"The column “{title}” is missing." for title in required if title not in titles]
    if wrong:
        raise HeadFault(f"{' '.join(wrong)} The first line names the columns, which are: {', '.join(known)}.")
    places = tuple(titles.index(name) if name in titles and name in known else None for name in COLUMNS)
    return Head(delimiter, places, len(titles))


def faults_of(row: Row, *, is_one_retailers: bool) -> list[Fault]:
    """Everything that is wrong with a row by itself."""
    found = []
    if not is_one_retailers and not row.tax_id:
        found.append(Fault("tax_id", "Is empty. Say whose till it is by the retailer's tax id."))
    if not row.store_reference:
        found.append(Fault("store_reference", "Is empty. Give the store's number in the retailer's own books."))
    if not row.label:
        found.append(Fault("label", "Is empty. Give the till a name or its serial number; no two in a store the same."))
    # Of a hundred thousand rows nearly all are fine: that is seen at once.
    if any(map(gt, map(len, row.cells), LENGTHS.values())) or not "".join(row.cells).isprintable():
        found += _faults_of_cells(row.cells)
    if row.kind and row.kind.lower() not in KINDS:
        found.append(
            Fault("kind", f"“{row.kind[:20]}” is none. Write {', '.join(KINDS)}, or leave it empty for fixed.")
        )
    return found


def _faults_of_cells(cells: Sequence[str]) -> list[Fault]:
    found = []
    for column, cell in zip(COLUMNS, cells, strict=True):
        if len(cell) > LENGTHS[column]:
            found.append(Fault(column, f"Has {len(cell)} characters. Shorten it to {LENGTHS[column]} at most."))
        if any(sign < " " or sign == DELETE for sign in cell):
            found.append(Fault(column, "Holds a control character. Take it out."))
    return found


def same_name(one: str, other: str) -> bool:
    """Whether two names are the same but for capitals and spaces."""
    return one == other or " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def fault_cells(line: int, cells: Sequence[str], faults: Iterable[Fault]) -> list[str]:
    """A faulty row as the file of faults has it: as it stood, its line, the columns, and what to do."""
    faults = list(faults)
    columns = ", ".join(dict.fromkeys(fault.column or "line" for fault in faults))
    said = " ".join(f"{fault.column}: {fault.text}" if fault.column else fault.text for fault in faults)
    return [*cells, str(line), columns, said]


def text_lines(body: bytes) -> Iterator[str]:
    """The lines of whole lines in UTF-8, without their ends. Raises UnicodeDecodeError."""
    for line in body.split(b"\n"):
        yield line.rstrip(b"\r").decode()
