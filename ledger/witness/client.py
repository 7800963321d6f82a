"""Asks a witness for its cosignature over HTTP (c2sp.org/tlog-witness), and believes only its pinned key."""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import NamedTuple, Self
from urllib.parse import urlsplit

from ledger.log.checkpoint import decimal, path_lines, read_tree_head
from ledger.log.notes import Note, NoteError, read_note, read_signature
from ledger.witness.configured import Witness

# A healthy witness answers in milliseconds and waits 5 s for its own disk at most.
ANSWER_LIMIT_S = 10.0
# Some dozen signature lines, or a sentence; a witness that says more is not listened to.
ANSWER_BYTES_MAX = 16 * 1024
SAID_CHARACTERS_MAX = 200
# A witness's clock may be off by this much before its word "as of this time" is refused.
CLOCK_TOLERANCE_S = 300

# Old and new size to the consistency path between them.
Prove = Callable[[int, int], list[bytes]]


class WitnessFault(Exception):
    """No cosignature came; `str` is one sentence for people, and begins with what kind of fault it is."""

    head = ""

    def __str__(self) -> str:
        return f"{self.head}: {self.args[0]}"


class NoCosignature(WitnessFault):
    """The witness is away, slow, or answers something else; it says nothing about the log."""

    head = "gave no cosignature"


class LogContradicted(WitnessFault):
    """The witness has seen another log: ours was cut or forked."""

    head = "contradicts our log"


class WitnessForgot(WitnessFault):
    """It remembers less than it cosigned, so it could be made to sign a second history."""

    head = "forgot what it cosigned"


class WitnessAhead(LogContradicted):
    """It cosigned `size` leaves of a log that has fewer in the checkpoint that it was shown."""

    def __init__(self, size: int, shown: int) -> None:
        super().__init__(f"it has cosigned {size} leaves, our log has only {shown}: the log was cut")
        self.size = size


class AskingEnded(Exception):
    """We broke the question off ourselves; that says nothing about the witness."""


class Cosigned(NamedTuple):
    """A witness's line, which its pinned key confirms, and when it was made (s since 1970)."""

    line: str
    time_s: int


class _Reply(NamedTuple):
    status: int
    text: str

    @property
    def said(self) -> str:
        """The status and the beginning of the text, on one line, fit to be shown."""
        text = "".join(character if character.isprintable() else " " for character in self.text)
        return f"{self.status} {text[:SAID_CHARACTERS_MAX].strip()}".strip()


class Client:
    """One witness as seen from the log; keeps its connection open between two checkpoints. For one thread."""

    def __init__(self, witness: Witness, *, answer_limit_s: float = ANSWER_LIMIT_S) -> None:
        self.witness = witness
        self.answer_limit_s = answer_limit_s
        self._line: http.client.HTTPConnection | None = None
        # The line lets go of its socket before the end of an answer that is the last on it.
        self._socket: socket.socket | None = None
        self._is_ended = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *fault: object) -> None:
        self.close()

    def cosign(self, note: str, *, old: int, prove: Prove) -> Cosigned:
        """Brings the witness from `old` leaves to the checkpoint; so many at least it has cosigned before.

        When it has cosigned more meanwhile, it says so, and is asked once more.
        Raises WitnessFault, AskingEnded.
        """
        size = read_tree_head(read_note(note).text).size
        reply = self._submit(note, old, prove(old, size))
        if reply.status == HTTPStatus.CONFLICT:
            named = _size_of(reply)
            if named > size:
                raise WitnessAhead(named, size)
            if named < old:
                raise WitnessForgot(f"{old} leaves, and now remembers {named}: its state was lost or restored")
            reply = self._submit(note, named, prove(named, size))
        if reply.status == HTTPStatus.UNPROCESSABLE_ENTITY:
            raise LogContradicted(f"it finds no proof that the log only grew and says {reply.said!r}")
        if reply.status != HTTPStatus.OK:
            raise NoCosignature(f"it answered {reply.said!r}")
        return self._own_line(note, reply.text)

    def close(self) -> None:
        """Ends the connection; the next question opens one."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def end(self) -> None:
        """From another thread: breaks off what is being asked, and refuses to ask again."""
        self._is_ended = True
        _cut(self._socket)

    def _submit(self, note: str, old: int, path: list[bytes]) -> _Reply:
        body = "\n".join([f"old {old}", *path_lines(path), "", note]).encode()
        until_s = time.monotonic() + self.answer_limit_s
        was_open = self._line is not None and self._line.sock is not None
        try:
            reply = self._exchange(body)
            if not self._is_ended and time.monotonic() < until_s:
                return reply
            # What was broken off can look like a short answer.
            raise TimeoutError
        except (OSError, http.client.HTTPException) as fault:
            self.close()
            if self._is_ended:
                raise AskingEnded from fault
            if time.monotonic() >= until_s or isinstance(fault, TimeoutError):
                raise NoCosignature(f"no answer within {self.answer_limit_s:g} s") from fault
            if not was_open:
                raise NoCosignature(self._why(fault)) from fault
        # A connection that was kept may have been closed meanwhile; asking twice is harmless.
        return self._submit(note, old, path)

    def _why(self, fault: Exception) -> str:
        """What went wrong with the connection, for an operator who knows no error numbers."""
        if isinstance(fault, ssl.SSLError):
            return f"its certificate or TLS is not accepted: {fault}"
        if isinstance(fault, socket.gaierror):
            return f"its name {urlsplit(self.witness.url).hostname} is not known"
        if isinstance(fault, OSError) and not isinstance(fault, ConnectionResetError | BrokenPipeError):
            why = f" ({fault.strerror.lower()})" if fault.strerror else ""
            return f"it cannot be reached at {self.witness.url}{why}"
        return str(fault) or type(fault).__name__

    def _exchange(self, body: bytes) -> _Reply:
        """One request and its answer. Raises OSError, HTTPException."""
        if self._line is None or self._line.sock is None:
            self._line = self._connected()
            self._socket = self._line.sock
        # A timeout of the socket is for each read; one who answers a byte at a time would hold us for days.
        limit = threading.Timer(self.answer_limit_s, _cut, (self._socket,))
        limit.daemon = True
        limit.start()
        try:
            path = f"{urlsplit(self.witness.url).path}/add-checkpoint"
            self._line.request("POST", path, body, {"Content-Type": "text/plain; charset=utf-8"})
            answer = self._line.getresponse()
            raw = answer.read(ANSWER_BYTES_MAX + 1)
        finally:
            limit.cancel()
        if len(raw) > ANSWER_BYTES_MAX:
            self.close()
            raise NoCosignature(f"its answer has more than {ANSWER_BYTES_MAX} bytes")
        if answer.length:
            raise http.client.IncompleteRead(raw, answer.length)
        return _Reply(answer.status, raw.decode(errors="replace"))

    def _connected(self) -> http.client.HTTPConnection:
        parts = urlsplit(self.witness.url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        line = kind(parts.hostname or "", parts.port, timeout=self.answer_limit_s)
        line.connect()
        return line

    def _own_line(self, note: str, text: str) -> Cosigned:
        """The line of the pinned key, checked; lines of keys that are not known are ignored. Raises NoCosignature."""
        checkpoint, own = read_note(note).text, self.witness.verifier
        for written in text.splitlines():
            try:
                line = read_signature(written)
                time_s = own.time_s(Note(checkpoint, (line,)))
            except ValueError as fault:
                raise NoCosignature(f"its cosignature is false: {fault}") from fault
            if time_s is not None:
                if not 0 < time_s < time.time() + CLOCK_TOLERANCE_S:
                    raise NoCosignature(f"its cosignature is dated {time_s} s after 1970: its clock is wrong")
                return Cosigned(line.line, time_s)
        raise NoCosignature("its answer has no line of the key that is pinned for it")


def _size_of(reply: _Reply) -> int:
    try:
        return decimal(reply.text.removesuffix("\n"))
    except NoteError as fault:
        raise NoCosignature(f"it answered {reply.said!r}") from fault


def _cut(line: socket.socket | None) -> None:
    """Makes a read that waits in another thread return; past TLS, whose own shutdown is not for that."""
    with suppress(OSError):
        if line is not None:
            socket.socket.shutdown(line, socket.SHUT_RDWR)
