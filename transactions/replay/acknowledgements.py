"""The file of what the server acknowledged: the oracle that `manage.py reconcile` holds against the ledger.

One JSON object a line, appended by every worker:
{"result":"acknowledged","terminal":1204,"sequence":7,"issued_on":"2026-11-23",
 "code":"XXXX-XXXX-XXXX-XXXX","sha256":"64 hex digits"}
`sha256` is of the sale's bytes as sent. "unknown" instead of "acknowledged", with code null: sent at least
once, never answered, so the ledger may or may not hold it. Refused sales have no line.
"""

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ACKNOWLEDGED = "acknowledged"
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Sent:
    """One sale as it was sent, and what the replay remembers of it; `body` is the same in every attempt."""

    terminal: int
    sequence: int
    issued_on: str
    body: bytes
    store: int
    basket: int
    is_refund: bool


class AcknowledgementFile:
    """Append-only; each call is one write, so lines of several processes never mix and outlive kill -9."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def acknowledged(self, sales: Iterable[tuple[Sent, str]]) -> None:
        """Writes sales with their codes; only after this do they count as acknowledged."""
        self._append(ACKNOWLEDGED, sales)

    def unknown(self, sales: Iterable[Sent]) -> None:
        """Writes sales that were sent and never answered."""
        self._append(UNKNOWN, ((sale, None) for sale in sales))

    def _append(self, result: str, sales: Iterable[tuple[Sent, str | None]]) -> None:
        lines = "".join(
            json.dumps(
                {
                    "result": result,
                    "terminal": sale.terminal,
                    "sequence": sale.sequence,
                    "issued_on": sale.issued_on,
                    "code": code,
                    "sha256": hashlib.sha256(sale.body).hexdigest(),
                },
                separators=(",", ":"),
            )
            + "\n"
            for sale, code in sales
        ).encode("ascii")
        if lines and os.write(self._file, lines) != len(lines):
            raise OSError("the disk is full: the acknowledgement file is cut short")

    def close(self) -> None:
        os.close(self._file)
