"""Acts as CSV, for a spreadsheet or another program."""

import csv
import json
from collections.abc import Iterable, Iterator
from typing import Any

from audit.models import Act

# A year of a small staff; more is read by a day's filter at a time.
ROWS_MAX = 100_000
COLUMNS = ("number", "at", "kind", "person_id", "person", "client", "request", "path", "model", "key", "text", "fields",
           "said", "reason")  # fmt: skip
# What a spreadsheet would take for a formula.
FORMULAS = ("=", "+", "-", "@", "\t", "\r")


class _Line:
    """What csv writes to: it hands each line on."""

    def write(self, text: str) -> str:
        return text


def lines(acts: Iterable[Act]) -> Iterator[str]:
    """The head, then a line an act."""
    writer = csv.writer(_Line())
    yield writer.writerow(COLUMNS)
    for act in acts:
        yield writer.writerow([_cell(name, getattr(act, name)) for name in COLUMNS])


def _cell(name: str, value: Any) -> str:
    if name == "at":
        return str(value.isoformat())
    if name == "fields":
        return json.dumps(value, ensure_ascii=False, sort_keys=True) if value else ""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULAS) else text
