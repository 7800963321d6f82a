"""The bytes that stand for an act in hashes, and the limits of its columns. Pure.

An act's hash is that of a leaf (RFC 6962) over one line of JSON with every column, the salt first of all: without it
whoever reads the public log could try persons and times until a hash fits.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from ledger.merkle import leaf_hash

FORMAT_VERSION = 1
SALT_BYTES = 16
PERSON_CHARACTERS_MAX = 200
CLIENT_CHARACTERS_MAX = 50
REQUEST_CHARACTERS_MAX = 64
MODEL_CHARACTERS_MAX = 80
KEY_CHARACTERS_MAX = 200
LINE_CHARACTERS_MAX = 500
# A command line, or a search with many filters.
SAID_CHARACTERS_MAX = 4000
# A form with more fields, or a longer value, is cut: the log tells what was done, it is no copy of the data.
FIELDS_MAX = 100
VALUE_CHARACTERS_MAX = 500
CUT = "…"


class Content(NamedTuple):
    """Everything that an act says, in the order in which it is hashed."""

    number: int
    at: datetime
    salt: bytes
    kind: str
    person_id: int | None
    person: str
    client: str
    request: str
    path: str
    model: str
    key: str
    text: str
    fields: Mapping[str, Mapping[str, str]]
    said: str
    reason: str

    @property
    def line(self) -> bytes:
        """One line of ASCII JSON, the same for ever."""
        said = [
            FORMAT_VERSION,
            *self._replace(
                at=self.at.astimezone(UTC).isoformat(timespec="microseconds"),  # type: ignore[arg-type]
                salt=bytes(self.salt).hex(),  # type: ignore[arg-type]
            ),
        ]
        return json.dumps(said, sort_keys=True, separators=(",", ":")).encode()

    @property
    def hash(self) -> bytes:
        """The act's leaf."""
        return leaf_hash(self.line)


COLUMNS = Content._fields


def clean(text: object, characters_max: int) -> str:
    """A text that PostgreSQL takes and a line can show: no NUL, no half characters, cut visibly when too long."""
    shown = str(text).replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
    return shown if len(shown) <= characters_max else shown[: characters_max - len(CUT)] + CUT
