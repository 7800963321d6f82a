"""Taking a file of tills in: checked as a whole, counted, and kept in chunks of whole lines, in one DB transaction."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import zstandard
from django.db import transaction

from fleet.models import NAME_LENGTH_MAX, Import, ImportChunk
from fleet.room import no_room_for_a_file, no_room_for_tills
from fleet.rows import LINE_BYTES_MAX, ROWS_MAX, HeadFault, read_head
from possys.accounts.models import User
from transactions.models import Life, Retailer

# Half a million tills with long addresses; whoever has more splits the file, or enrols at a terminal (manage.py enrol).
FILE_BYTES_MAX = 64 * 1024 * 1024
# The whole country's file, for the command.
COMMAND_BYTES_MAX = 1024 * 1024 * 1024
# A chunk is a DB transaction under the lock of enrolment: some tenths of a second, in which nobody else enrols.
CHUNK_LINES = 5_000
BLOCK_BYTES = 256 * 1024


class FileFault(ValueError):
    """The file as a whole cannot be taken; the message says why and what to do."""


class Uploaded(NamedTuple):
    """Whose file it is and what is to be done with it. `retailer` None: rows name their own; staff only."""

    name: str
    retailer: Retailer | None
    status: Life
    is_dry_run: bool
    by: str
    user: User | None = None


@dataclass
class Lines:
    """Lines of a file as they come, with what is known when all have come."""

    bytes_max: int
    size_bytes: int = 0
    count: int = 0
    rows: int = 0
    head: str = ""

    def __post_init__(self) -> None:
        self.digest = hashlib.sha256()

    def chunks(self, blocks: Iterable[bytes]) -> Iterator[tuple[int, list[bytes]]]:
        """Whole lines, some thousand at a time, each time with the first one's number. Raises FileFault."""
        waiting: list[bytes] = []
        for line in self._lines(blocks):
            self.count += 1
            if self.count == 1:
                self.head = _decoded(line, 1).strip()
                continue
            _decoded(line, self.count)
            if line.strip():
                self.rows += 1
            waiting.append(line)
            if len(waiting) == CHUNK_LINES:
                yield self.count - len(waiting) + 1, waiting
                waiting = []
        if waiting:
            yield self.count - len(waiting) + 1, waiting

    def _lines(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        rest = b""
        for block in blocks:
            self.size_bytes += len(block)
            if self.size_bytes > self.bytes_max:
                raise FileFault(f"The file is larger than {self.bytes_max // 1024 // 1024:,} MB. Send it in parts.")
            self.digest.update(block)
            *whole, rest = (rest + block).split(b"\n")
            for line in whole:
                self._check_length(line)
                yield line
            self._check_length(rest)
        if rest:
            yield rest

    def _check_length(self, line: bytes) -> None:
        if len(line) > LINE_BYTES_MAX:
            raise FileFault(
                f"Line {self.count + 1} is longer than {LINE_BYTES_MAX:,} bytes. Is it a CSV file, with a line a till?"
            )


def keep_file(blocks: Iterable[bytes], asked: Uploaded, now: datetime, *, bytes_max: int = FILE_BYTES_MAX) -> Import:
    """Keeps a file; nothing of it is enrolled yet. Raises FileFault, and then nothing is kept."""
    lines = Lines(bytes_max)
    if asked.retailer is not None and (why := no_room_for_a_file(asked.retailer.pk)):
        raise FileFault(why)
    packer = zstandard.ZstdCompressor()
    with transaction.atomic():
        made = Import(
            retailer=asked.retailer,
            name=_named(asked.name),
            sha256=b"",
            size_bytes=0,
            is_dry_run=asked.is_dry_run,
            status=asked.status,
            rows_total=0,
            uploaded_by=asked.user,
            by=asked.by,
            created_at=now,
        )
        made.save()
        for number, (first, own) in enumerate(lines.chunks(blocks)):
            if number == 0:
                _check_head(lines.head, asked)
            body = packer.compress(b"\n".join(own))
            ImportChunk.objects.create(of=made, number=number, first_line=first, body=body)
        _check_head(lines.head, asked)
        if lines.rows == 0:
            raise FileFault("There is no till in the file: behind the first line, which names the columns, is nothing.")
        if lines.rows > ROWS_MAX:
            raise FileFault(f"The file has {lines.rows:,} rows; there are numbers for {ROWS_MAX:,} tills.")
        if asked.retailer is not None and (why := no_room_for_tills(asked.retailer.pk, lines.rows)):
            raise FileFault(why)
        made.sha256, made.size_bytes = lines.digest.digest(), lines.size_bytes
        made.head, made.rows_total = lines.head, lines.rows
        made.save()
    return made


def enrol_for_real(tried: Import, user: User | None, by: str, now: datetime) -> Import:
    """A new import of the file of a dry run, which is not uploaded again. Raises FileFault when it is kept no more."""
    if tried.retailer_id is not None and (why := no_room_for_a_file(tried.retailer_id)):
        raise FileFault(why)
    with transaction.atomic():
        chunks = list(tried.chunks.order_by("number"))
        if not all(chunk.body for chunk in chunks):
            raise FileFault("The file is not kept any more. Upload it again.")
        made = Import.objects.create(
            retailer=tried.retailer,
            name=tried.name,
            sha256=tried.sha256,
            size_bytes=tried.size_bytes,
            head=tried.head,
            is_dry_run=False,
            status=tried.status,
            rows_total=tried.rows_total,
            uploaded_by=user,
            by=by,
            created_at=now,
        )
        ImportChunk.objects.bulk_create(
            [
                ImportChunk(of=made, number=chunk.number, first_line=chunk.first_line, body=chunk.body)
                for chunk in chunks
            ],
            batch_size=20,
        )
    return made


def _check_head(head: str, asked: Uploaded) -> None:
    if not head:
        raise FileFault("The file is empty.")
    try:
        read_head(head, is_one_retailers=asked.retailer is not None)
    except HeadFault as fault:
        raise FileFault(str(fault)) from fault


def _decoded(line: bytes, number: int) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        raise FileFault(f"Line {number} is not in UTF-8. Save the file as “CSV UTF-8”.") from None


def _named(name: str) -> str:
    return "".join(sign for sign in name if sign.isprintable())[:NAME_LENGTH_MAX] or "file"
