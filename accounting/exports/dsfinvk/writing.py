"""The format around the tables: CSV by GDPdU's rules, the index.xml that describes it, and a zip without a clock.

CSV     semicolons, CRLF, UTF-8, texts in quotes, decimal commas, the columns' names in the first row
zip     index.xml, then the tables in their order; every time is 1980-01-01, the earliest that a zip can hold
"""

from collections.abc import Callable, Iterable
from functools import lru_cache
from types import TracebackType
from typing import IO, Self
from xml.sax.saxutils import escape  # it writes, and reads nothing # nosec B406
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from accounting.exports.dsfinvk.taxonomy import TABLES, Column, Number, Table, Text
from accounting.exports.files import room
from accounting.exports.texts import decimal_text, plain

# A number is a whole one in the column's last decimal; None is left empty.
Value = str | int | None
DELIMITER, END, POINT = ";", "\r\n", ","
# What begins a formula in some spreadsheet (OWASP, "CSV Injection"); an apostrophe in front takes that away.
FORMULA = ("=", "+", "-", "@")
LONG_AGO = (1980, 1, 1, 0, 0, 0)
# zlib's own middle way; another level gives other bytes.
COMPRESSION = 6
READABLE = 0o644
# Names of products, units and kinds come again with every line.
REMEMBERED_MAX = 20_000
UNIX = 3


class Tables:
    """All tables, each in a file of its own until they are packed; closed by leaving the block."""

    def __init__(self) -> None:
        self._files = {table: room() for table in TABLES}
        self._cells = {table: [_cell(column) for column in table.columns] for table in TABLES}
        for table, file in self._files.items():
            file.write((DELIMITER.join(f'"{column.name}"' for column in table.columns) + END).encode())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        for file in self._files.values():
            file.close()

    def add(self, table: Table, *values: Value) -> None:
        """One row; raises ValueError when it has not the table's columns."""
        cells = zip(self._cells[table], values, strict=True)
        self._files[table].write((DELIMITER.join([cell(value) for cell, value in cells]) + END).encode())

    def pack(self, supplier: str, comment: str) -> IO[bytes]:
        """The zip, written to its end."""
        packed = room()
        with ZipFile(packed, "w") as archive:
            archive.writestr(_entry("index.xml"), index(TABLES, supplier, comment), ZIP_DEFLATED, COMPRESSION)
            for table, file in self._files.items():
                file.seek(0)
                with archive.open(_entry(table.file), "w") as target:
                    while part := file.read(1 << 20):
                        target.write(part)
        packed.seek(0, 2)
        return packed


def _entry(name: str) -> ZipInfo:
    entry = ZipInfo(name, LONG_AGO)
    entry.compress_type, entry.create_system, entry.external_attr = ZIP_DEFLATED, UNIX, READABLE << 16
    return entry


def _cell(column: Column) -> Callable[[Value], str]:
    if isinstance(column, Text):
        return lambda value: _text(str(value or ""), column.length_max)
    digits = column.digits
    return lambda value: "" if value is None else decimal_text(int(value), digits, POINT)


@lru_cache(REMEMBERED_MAX)
def _text(text: str, length_max: int) -> str:
    if not text:
        return '""'
    one_line = plain(text, length_max)
    if one_line.lstrip().startswith(FORMULA):
        one_line = f"'{one_line}"[:length_max]
    return '"' + one_line.replace('"', '""') + '"'


def index(tables: Iterable[Table], supplier: str, comment: str) -> str:
    """index.xml: what each file is and what its columns hold (GDPdU description standard 1.0)."""
    described = "".join(_described(table) for table in tables)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<DataSet><Version>1.0</Version>'
        f"<DataSupplier><Name>{_written(supplier)}</Name><Location></Location>"
        f"<Comment>{_written(comment)}</Comment></DataSupplier>"
        f"<Media><Name>DSFinV-K</Name>{described}</Media></DataSet>\n"
    )


def _described(table: Table) -> str:
    return (
        f"\n<Table><URL>{table.file}</URL><Name>{table.name}</Name><UTF8/>"
        f"<DecimalSymbol>{POINT}</DecimalSymbol><DigitGroupingSymbol>.</DigitGroupingSymbol>"
        "<Range><From>2</From></Range><VariableLength>"
        f"<ColumnDelimiter>{DELIMITER}</ColumnDelimiter><RecordDelimiter>&#13;&#10;</RecordDelimiter>"
        f'<TextEncapsulator>"</TextEncapsulator>{"".join(map(_column, table.columns))}</VariableLength></Table>'
    )


def _column(column: Column) -> str:
    if isinstance(column, Number):
        accuracy = f"<Accuracy>{column.digits}</Accuracy>" if column.digits else ""
        return f"<VariableColumn><Name>{column.name}</Name><Numeric>{accuracy}</Numeric></VariableColumn>"
    return (
        f"<VariableColumn><Name>{column.name}</Name><AlphaNumeric/><MaxLength>{column.length_max}</MaxLength>"
        "</VariableColumn>"
    )


def _written(text: str) -> str:
    return escape(plain(text, 255))
