"""Signed notes (c2sp.org/signed-note): text with signature lines; Ed25519 keys of logs and of witnesses. Pure.

Two kinds of key: a log signs the text itself (type 1), a witness signs it with the time (type 4, `cosignature/v1`,
c2sp.org/tlog-cosignature). A key's name is the log's origin, or the witness's name.
"""

import base64
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

LOG_KEY, WITNESS_KEY = 1, 4
KEY_BYTES = 32
ID_BYTES = 4
TIME_BYTES = 8
PRIVATE = "PRIVATE+KEY+"
LINE = "\u2014 "
# A note with more signatures than this is a mistake or an attack (the specification asks for 16 at least).
SIGNATURES_MAX = 64
NOTE_CHARACTERS_MAX = 64 * 1024


class NoteError(ValueError):
    """This is no such note, or no known key signed it; the message says what is wrong."""


class Signature(NamedTuple):
    """One signature line: who signed, by which key, and the bytes."""

    name: str
    key_id: bytes
    signature: bytes

    @property
    def line(self) -> str:
        """As it stands in the note, without the newline."""
        return f"{LINE}{self.name} {_b64(self.key_id + self.signature)}"


class Note(NamedTuple):
    """A note: its text, newline at the end included, and its signatures; none of them is checked yet."""

    text: str
    signatures: tuple[Signature, ...]


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key with its name and kind."""

    name: str
    kind: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The first four bytes of SHA-256(name | newline | kind | key)."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:ID_BYTES]

    @property
    def vkey(self) -> str:
        """The key as text: `name+hex(id)+base64(kind | key)`."""
        return f"{self.name}+{self.key_id.hex()}+{_b64(bytes([self.kind]) + self.public)}"

    def time_s(self, note: Note) -> int | None:
        """When this key signed the note, in seconds since 1970; 0 for a log's key; None when it did not.

        Raises NoteError when any line that claims to be this key's is false.
        """
        own = [one for one in note.signatures if (one.name, one.key_id) == (self.name, self.key_id)]
        return max((self._check(note.text, one) for one in own), default=None)

    def _check(self, text: str, one: Signature) -> int:
        time_s, signature, message = 0, one.signature, text.encode()
        if self.kind == WITNESS_KEY:
            time_s = int.from_bytes(one.signature[:TIME_BYTES], "big")
            signature = one.signature[TIME_BYTES:]
            message = cosigned_message(text, time_s)
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except InvalidSignature as fault:
            raise NoteError(f"the signature of {self.name} is false") from fault
        return time_s


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key with its name and kind."""

    verifier: Verifier
    seed: bytes

    @property
    def skey(self) -> str:
        """The key as text, to be kept secret: `PRIVATE+KEY+name+hex(id)+base64(kind | seed)`."""
        own = self.verifier
        return f"{PRIVATE}{own.name}+{own.key_id.hex()}+{_b64(bytes([own.kind]) + self.seed)}"

    def sign(self, text: str, time_s: int = 0) -> Signature:
        """Signs a note's text; a witness names the time, in seconds since 1970."""
        private = Ed25519PrivateKey.from_private_bytes(self.seed)
        if self.verifier.kind == WITNESS_KEY:
            signature = time_s.to_bytes(TIME_BYTES, "big") + private.sign(cosigned_message(text, time_s))
        else:
            signature = private.sign(text.encode())
        return Signature(self.verifier.name, self.verifier.key_id, signature)


def cosigned_message(text: str, time_s: int) -> bytes:
    """What a witness signs (c2sp.org/tlog-cosignature)."""
    return f"cosignature/v1\ntime {time_s}\n{text}".encode()


def new_signer(name: str, kind: int) -> Signer:
    """A new key. Raises NoteError for a name that no note can carry."""
    _check_name(name)
    return _signer(name, kind, Ed25519PrivateKey.generate().private_bytes_raw())


def read_skey(text: str) -> Signer:
    """A private key from its text. Raises NoteError; the message never holds the key."""
    try:
        name, key_id, kind, seed = _split(text.strip().removeprefix(PRIVATE))
    except NoteError:
        # The chain of causes would show the key's text.
        raise NoteError("this is no private key of a log or witness") from None
    signer = _signer(name, kind, seed)
    if not text.strip().startswith(PRIVATE) or signer.verifier.key_id != key_id:
        raise NoteError("this is no private key of a log or witness")
    return signer


def read_vkey(text: str) -> Verifier:
    """A public key from its text. Raises NoteError."""
    name, key_id, kind, public = _split(text.strip())
    verifier = Verifier(name, kind, public)
    if verifier.key_id != key_id:
        raise NoteError("the key's id is not that of its name and bytes: it was copied wrongly")
    return verifier


def read_note(raw: str) -> Note:
    """Takes a note apart. Raises NoteError; no signature is checked here."""
    if len(raw) > NOTE_CHARACTERS_MAX or any(ord(character) < 0x20 and character != "\n" for character in raw):
        raise NoteError("this is no signed note: it is too long or has control characters")
    text, empty, lines = raw.rpartition("\n\n")
    if not empty or not lines.endswith("\n"):
        raise NoteError("this is no signed note: a text, an empty line and signatures are expected")
    signatures = tuple(read_signature(line) for line in lines[:-1].split("\n"))
    if len(signatures) > SIGNATURES_MAX:
        raise NoteError(f"the note has more than {SIGNATURES_MAX} signatures")
    return Note(text + "\n", signatures)


def read_signature(line: str) -> Signature:
    """One signature line. Raises NoteError."""
    name, _, encoded = line.removeprefix(LINE).partition(" ")
    try:
        raw = _from_b64(encoded)
    except ValueError as fault:
        raise NoteError(f"a signature line cannot be read: {fault}") from fault
    if not line.startswith(LINE) or len(raw) <= ID_BYTES:
        raise NoteError("a signature line cannot be read")
    _check_name(name)
    return Signature(name, raw[:ID_BYTES], raw[ID_BYTES:])


def written(text: str, lines: list[str]) -> str:
    """The note of a text and its signature lines."""
    return f"{text}\n" + "".join(f"{line}\n" for line in lines)


def _signer(name: str, kind: int, seed: bytes) -> Signer:
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    return Signer(Verifier(name, kind, public), seed)


def _split(text: str) -> tuple[str, bytes, int, bytes]:
    """Name, id, kind and bytes of a key's text. Raises NoteError."""
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    _check_name(name)
    try:
        raw = _from_b64(encoded)
        id_bytes = bytes.fromhex(key_id)
    except ValueError as fault:
        raise NoteError("this is no key: name+id+base64 is expected") from fault
    if len(raw) != 1 + KEY_BYTES or raw[0] not in (LOG_KEY, WITNESS_KEY) or len(id_bytes) != ID_BYTES:
        raise NoteError("this is no Ed25519 key of a log or witness")
    return name, id_bytes, raw[0], raw[1:]


def _check_name(name: str) -> None:
    if not name or "+" in name or any(character.isspace() for character in name):
        raise NoteError(f"{name!r} is no name for a key: no blanks, no plus")


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _from_b64(text: str) -> bytes:
    """The bytes of base64 in its one way of writing them. Raises ValueError."""
    raw = base64.b64decode(text, validate=True)
    if _b64(raw) != text:
        # The last symbol has bits that mean nothing; a note must not be writable in several ways.
        raise ValueError("base64 with bits that mean nothing")
    return raw
