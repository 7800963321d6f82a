"""Proof files that both verifiers must judge alike: right ones, forged ones, ill-written ones."""

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.log.checkpoint import TreeHead
from ledger.log.notes import LOG_KEY, Signer
from ledger.merkle import leaf_hash, root
from ledger.proof_file import proof_bytes
from tests.verifiers.proofs import (
    BANK,
    CODE,
    COSIGNED_AT_S,
    FOREIGN_LOG,
    KEY,
    LOG,
    NEXT_LOG,
    ORIGIN,
    SALE,
    STRANGER,
    TILL,
    UNION,
    WITNESSES,
    Maker,
    block,
    maker,
    record,
    signer,
    till_signature,
)
from transactions.stream import Signature

STRANGER_TILL = Ed25519PrivateKey.from_private_bytes(bytes([8]) * 32)


class Vector(NamedTuple):
    """A proof file, what the reader trusts and asks for, and the verdict: `valid` or a check's short name."""

    name: str
    raw: bytes
    verdict: str
    keys: tuple[str, ...] = (KEY,)
    witnesses: tuple[str, ...] = WITNESSES
    quorum: int | None = 2
    code: str | None = CODE

    @property
    def as_json(self) -> dict[str, Any]:
        """For the browser."""
        return {**self._asdict(), "raw": base64.b64encode(self.raw).decode()}


def changed(raw: bytes, old: str, new: str) -> bytes:
    """The file with one piece of text replaced; it must be there."""
    assert old.encode() in raw, old
    return raw.replace(old.encode(), new.encode(), 1)


def vectors() -> list[Vector]:
    """All of them but the flipped bits."""
    return [*right_ones(), *forged_parts(), *ill_written(), *ill_signed(), *ill_recorded(), *signed_by_tills()]


def right_ones() -> Iterator[Vector]:
    """Proofs that are valid, of all shapes."""
    for records, position, leaves, index in ((3, 1, 5, 2), (1, 0, 1, 0), (2, 1, 3, 2), (7, 6, 8, 7), (9, 8, 300, 255)):
        yield Vector(f"{position}/{records} in {index}/{leaves}", maker(records, position, leaves, index).raw, "valid")
    made = maker()
    yield Vector("no code asked", made.raw, "valid", code=None)
    yield Vector("one of two witnesses", made._replace(signers=(LOG, UNION)).raw, "valid", quorum=1)
    yield Vector("no witness known", made._replace(signers=(LOG,)).raw, "valid", witnesses=(), quorum=None)
    yield Vector("a stranger cosigned, too", made._replace(signers=(LOG, STRANGER, BANK, UNION)).raw, "valid")
    rotated = made._replace(signers=(NEXT_LOG, BANK, UNION)).raw
    yield Vector("old and new key pinned", rotated, "valid", keys=(KEY, NEXT_LOG.verifier.vkey))
    yield Vector("another log's key, too", made.raw, "valid", keys=(FOREIGN_LOG.verifier.vkey, KEY))


def signed_by_tills() -> Iterator[Vector]:
    """Records that the till itself signed, rightly sealed: what an operator could make who has no till's key."""

    def of(signature: Signature | None, sale: bytes = SALE) -> bytes:
        return maker(records=[record(1), record(2, sale=sale, signature=signature), record(3)]).raw

    right = till_signature()
    yield Vector("signed by the till", of(right), "valid")
    yield Vector("signed by its second key", of(right._replace(key=2)), "valid")
    other = SALE.replace(b"10300", b"10301")
    yield Vector("signed over another sale", of(till_signature(other)), "till-signature")
    yield Vector("signed by another key", of(till_signature(by=STRANGER_TILL)), "till-signature")
    yield Vector("signed without saying what", of(right._replace(value=TILL.sign(SALE))), "till-signature")
    yield Vector("a key that is none", of(right._replace(public_key=b"\xff" * 32)), "till-signature")
    yield Vector("a short signature", of(right._replace(value=right.value[:-1])), "record")
    yield Vector("a short key", of(right._replace(public_key=bytes(31))), "record")


def forged_parts() -> Iterator[Vector]:
    """Proofs put together from parts that do not belong together."""
    made = maker()
    file = made.file
    replace = msgspec.structs.replace

    def forged(name: str, verdict: str, **fields: Any) -> Vector:
        return Vector(name, proof_bytes(replace(file, **fields)), verdict)

    other_records = [record(number + 1, sale=SALE.replace(b"10300", b"20300")) for number in range(3)]
    other = block(other_records)
    yield Vector("another receipt's proof", made.raw, "code", code="0000-0000-0000-0000")
    yield forged("one digit of the total", "leaf-path", record=file.record.replace("10300", "10301", 1))
    yield forged("another record", "leaf-path", record=other_records[1].decode())
    yield forged("another header", "leaf-path", header=other.header.decode())
    rewritten = made._replace(records=other_records, header=other.header)
    yield Vector("another block with its header", rewritten.raw, "log-path")
    yield forged("another place", "place", position=2)
    neighbour = made._replace(position=2).file
    yield forged("the neighbour's record at this place", "place", record=neighbour.record)
    yield forged("the neighbour's record and place with this path", "leaf-path", record=neighbour.record, position=2)
    yield forged("a place beyond the block", "place", position=3)
    beyond = record(4).decode()
    yield forged("a record beyond the block", "leaf-path", record=beyond, position=3)
    yield forged("a hash more", "leaf-path", path=[*file.path, file.path[0]])
    yield forged("a hash less", "leaf-path", path=file.path[:-1])
    yield forged("no hashes", "leaf-path", path=[])
    yield forged("hashes in the other order", "leaf-path", path=file.path[::-1])
    yield forged("too many hashes", "file", path=file.path * 40)
    yield from _forged_log(made, forged)


def _forged_log(made: Maker, forged: Callable[..., Vector]) -> Iterator[Vector]:
    """Of the log's part."""
    file = made.file
    head, checkpoint = file.log.split("\n\n", 1)
    lines = head.split("\n")
    text = "\n".join
    yield forged("a hash more in the log", "log-path", log=f"{text([*lines, lines[-1]])}\n\n{checkpoint}")
    yield forged("a hash less in the log", "log-path", log=f"{text(lines[:-1])}\n\n{checkpoint}")
    yield forged("another index", "log-path", log=file.log.replace("index 2", "index 3"))
    yield forged("an index beyond the log", "log-path", log=file.log.replace("index 2", "index 5"))
    yield forged("an index that no reader keeps", "log", log=file.log.replace("index 2", "index 9007199254740993"))
    yield forged("an index with a zero before it", "log", log=file.log.replace("index 2", "index 02"))
    yield forged("extra data", "log", log=file.log.replace("index 2", "extra AAAA\nindex 2"))
    yield forged("no index", "log", log=file.log.replace("index 2\n", ""))
    yield forged("another head", "log", log=file.log.replace("@v1", "@v2"))
    yield forged("no checkpoint", "checkpoint", log=head)
    # The path of leaf 2 is the same among 5 and among 6, so only the signature holds the size.
    yield forged("a size more", "signature", log=file.log.replace("\n5\n", "\n6\n"))
    yield forged("a size less", "log-path", log=file.log.replace("\n5\n", "\n4\n"))
    other_leaves = [*made.leaves[:-1], leaf_hash(b"rewritten")]
    other = made._replace(leaves=other_leaves)
    yield forged("another checkpoint's signatures", "log-path", log=f"{head}\n\n{other.checkpoint}")
    yield Vector("a node of the log as a leaf", _node_as_leaf(made), "header")
    yield Vector("a record as a header", _record_as_header(made), "header")


def _node_as_leaf(made: Maker) -> bytes:
    """Two leaves' hashes joined, shown as the bytes of a header (second preimage)."""
    pair = made.leaves[0] + made.leaves[1]
    shown = msgspec.structs.replace(made.file, header=pair.decode("latin-1"))
    return proof_bytes(shown)


def _record_as_header(made: Maker) -> bytes:
    """A record that is a leaf of the log, as if it were a header."""
    raw = made.records[0]
    leaves = [*made.leaves]
    leaves[made.leaf_index] = leaf_hash(raw)
    return proof_bytes(msgspec.structs.replace(made._replace(leaves=leaves).file, header=raw.decode()))


def ill_written() -> Iterator[Vector]:
    """The same content written in another way, or no proof file at all."""
    made = maker()
    raw, file = made.raw, made.file

    def bad(name: str, changed_raw: bytes, verdict: str = "file") -> Vector:
        return Vector(name, changed_raw, verdict)

    def bad_text(name: str, verdict: str, **fields: Any) -> Vector:
        return Vector(name, proof_bytes(msgspec.structs.replace(file, **fields)), verdict)

    yield bad("nothing", b"")
    yield bad("no JSON", b"possys-proof-v1")
    yield bad("a list", b"[]")
    yield bad("a newline at the end", raw + b"\n")
    yield bad("a byte-order mark", b"\xef\xbb\xbf" + raw)
    yield bad("a blank", changed(raw, '"position":1', '"position": 1'))
    yield bad("not UTF-8", raw.replace(b"Ml\xc3\xa9ko", b"Ml\xe9ko"))
    yield bad("an escape that is not needed", changed(raw, "Ml\u00e9ko", "Ml\\u00e9ko"))
    yield bad("a lone surrogate", changed(raw, "Ml\u00e9ko", "Ml\\ud800ko"))
    yield bad("another format", changed(raw, "possys-proof-v1", "possys-proof-v2"))
    yield bad("a key more", changed(raw, '"position":1', '"position":1,"more":1'))
    yield bad("a key less", changed(raw, '"position":1,', ""))
    yield bad("a key twice", changed(raw, '"position":1', '"position":1,"position":1'))
    yield bad("keys in another order", _reordered(raw))
    for number in ("1.0", "-1", "01", "1e0", '"1"', "true", "null", "9007199254740992"):
        yield bad(f"position {number}", changed(raw, '"position":1', f'"position":{number}'))
    yield bad("a path of numbers", changed(raw, json.dumps(file.path, separators=(",", ":")), "[1]"))
    yield bad("too large", changed(raw, "Ml\u00e9ko", "x" * 600_000))
    yield bad("base64 with other last bits", changed(raw, file.path[0], _other_last_bits(file.path[0])))
    yield bad("base64 without padding", changed(raw, file.path[0], file.path[0][:-1]))
    yield bad("base64 for addresses", changed(raw, file.path[0], "_" + file.path[0][1:]))
    yield bad("base64 with a blank", changed(raw, file.path[0], " " + file.path[0]))
    yield bad("a hash of 31 bytes", changed(raw, file.path[0], base64.b64encode(b"x" * 31).decode()))
    yield bad_text("a signature in other base64", "checkpoint", log=_other_signature_bits(file.log))
    yield bad_text("a root in other base64", "checkpoint", log=_other_root_bits(file.log))
    yield bad_text("a carriage return", "checkpoint", log=file.log.replace(f"\n{ORIGIN}\n", f"\n{ORIGIN}\r\n"))
    yield bad_text("no signatures", "checkpoint", log=file.log[: file.log.index("\n\u2014") + 1])
    yield bad_text("a line that is none", "checkpoint", log=file.log + "- me AAAAAAAA\n")
    yield bad_text("a header with a blank", "header", header=file.header.replace(":1,", ": 1,", 1))
    yield bad_text("a header with a key twice", "header", header=file.header.replace('"v":1', '"v":1,"v":1'))
    yield bad_text("a header with a key more", "header", header=file.header.replace('"v":1', '"v":1,"w":1'))
    yield bad_text("a header of another version", "header", header=file.header.replace('"v":1', '"v":2'))
    yield bad_text("a header's root in capitals", "header", header=_capitals(file.header))
    yield bad_text("a header's count of true", "header", header=file.header.replace('"count":3', '"count":true'))


def _reordered(raw: bytes) -> bytes:
    fields = json.loads(raw)
    return json.dumps(dict(reversed(fields.items())), ensure_ascii=False, separators=(",", ":")).encode()


def _other_last_bits(text: str) -> str:
    """Base64 that a lenient reader takes for the same bytes: of 32 bytes, the last symbol has two bits to spare."""
    symbols = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    bare = text.rstrip("=")
    other = bare[:-1] + symbols[symbols.index(bare[-1]) ^ 1] + text[len(bare) :]
    assert other != text
    assert base64.b64decode(other) == base64.b64decode(text)
    return other


def _other_signature_bits(log: str) -> str:
    line = next(line for line in log.split("\n") if line.startswith(f"\u2014 {BANK.verifier.name}"))
    encoded = line.rpartition(" ")[2]
    return log.replace(encoded, _other_last_bits(encoded))


def _other_root_bits(log: str) -> str:
    encoded = log.split("\n\n")[1].split("\n")[2]
    return log.replace(encoded, _other_last_bits(encoded))


def _capitals(header: str) -> str:
    digits = json.loads(header)["root"]
    return header.replace(digits, digits.upper())


def ill_signed() -> Iterator[Vector]:
    """Checkpoints that are not signed by whom the reader trusts."""
    made = maker()
    raw = made.raw
    other_key = (FOREIGN_LOG.verifier.vkey,)
    yield Vector("another log's key", raw, "origin", keys=other_key)
    yield Vector("another key of this log", raw, "key", keys=(NEXT_LOG.verifier.vkey,))
    foreign = made._replace(origin=FOREIGN_LOG.verifier.name, signers=(FOREIGN_LOG, BANK, UNION))
    yield Vector("another log", foreign.raw, "origin")
    yield Vector("another log that this log's key signed", made._replace(origin="other.example/log").raw, "origin")
    yield Vector("signed only by witnesses", made._replace(signers=(BANK, UNION)).raw, "key")
    thief = Signer(LOG.verifier, bytes([9]) * 32)
    yield Vector("a false signature", made._replace(signers=(thief, BANK, UNION)).raw, "signature")
    yield Vector("a right and a false one", made._replace(signers=(LOG, thief, BANK, UNION)).raw, "signature")
    false_bank = Signer(BANK.verifier, bytes([9]) * 32)
    yield Vector("a false cosignature", made._replace(signers=(LOG, false_bank, UNION)).raw, "cosignature", quorum=1)
    yield Vector("a cosignature of nothing", _cut_cosignature(made), "cosignature", quorum=1)
    yield Vector("another time", _other_time(made), "cosignature", quorum=1)
    yield Vector("a witness missing", made._replace(signers=(LOG, BANK)).raw, "quorum")
    yield Vector("all witnesses asked for", made._replace(signers=(LOG, BANK)).raw, "quorum", quorum=None)
    yield Vector("one witness twice", made._replace(signers=(LOG, BANK, BANK)).raw, "quorum")
    twice = (BANK.verifier.vkey, BANK.verifier.vkey)
    yield Vector("one witness given twice", made._replace(signers=(LOG, BANK)).raw, "quorum", witnesses=twice)
    yield Vector("a stranger instead", made._replace(signers=(LOG, BANK, STRANGER)).raw, "quorum")
    as_log = Signer(signer(BANK.verifier.name, LOG_KEY, 4).verifier, BANK.seed)
    yield Vector("a witness who signed as a log", made._replace(signers=(LOG, as_log, UNION)).raw, "quorum")


def _cut_cosignature(made: Maker) -> bytes:
    line = BANK.sign("").line
    cut = f"\u2014 {BANK.verifier.name} {base64.b64encode(BANK.verifier.key_id + b'1234').decode()}"
    file = made._replace(signers=(LOG,)).file
    assert len(cut) < len(line)
    return proof_bytes(msgspec.structs.replace(file, log=f"{file.log}{cut}\n"))


def _other_time(made: Maker) -> bytes:
    text = TreeHead(ORIGIN, len(made.leaves), root(made.leaves)).text
    right = BANK.sign(text, COSIGNED_AT_S)
    later = (COSIGNED_AT_S + 1).to_bytes(8, "big") + right.signature[8:]
    file = made._replace(signers=(LOG,)).file
    return proof_bytes(msgspec.structs.replace(file, log=f"{file.log}{right._replace(signature=later).line}\n"))


def ill_recorded() -> Iterator[Vector]:
    """Records that are in the log just so and still say nothing that can be read in one way only."""

    def logged(name: str, sale: bytes, verdict: str = "record") -> Vector:
        records = [record(1, sale=sale)]
        sealed = block(records)
        return Vector(name, Maker(records, 0, sealed.header, [sealed.hash], 0).raw, verdict)

    yield logged("a sale that is a list", b"[]")
    yield logged("a sale of null", b"null")
    yield logged("no sale", b"")
    yield logged("two totals", SALE.replace(b'"total":10300', b'"total":1,"total":10300'))
    yield logged("two totals, one escaped", SALE.replace(b'"total":10300', b'"t\\u006ftal":1,"total":10300'))
    yield logged("a name twice in a line", SALE.replace(b'"amount":', b'"name":"x","amount":'))
    yield logged("the same key in two objects", SALE.replace(b'"buyer":null', b'"buyer":{"total":1}'), "valid")
    yield logged("quotes and braces in a text", SALE.replace(b'1 l\\"', b'}{\\\\\\",\\"total\\":1,'), "valid")
    unusual = "\U0001f404\u2028\u007f\ufeff".encode()
    yield logged("characters that some readers stumble over", SALE.replace(b"Ml", unusual), "valid")
    yield logged("a total in text", SALE.replace(b"10300,", b'"10300",', 1))
    yield logged("a total that is true", SALE.replace(b"10300,", b"true,", 1))
    yield logged("a total with a fraction", SALE.replace(b"10300,", b"103.5,", 1))
    yield logged("a total of 10300.0", SALE.replace(b"10300,", b"10300.0,", 1), "valid")
    yield logged("a total below nothing", SALE.replace(b"10300,", b"-10300,", 1), "valid")
    yield logged("a total that no reader keeps", SALE.replace(b"10300,", b"9007199254740993,", 1))
    yield logged("a total without end", SALE.replace(b"10300,", b"1e999,", 1))
    yield logged("a total of NaN", SALE.replace(b"10300,", b"NaN,", 1))
    yield logged("NaN where nobody looks", SALE.replace(b'"amount":10300', b'"amount":NaN'))
    yield logged("a currency that is none", SALE.replace(b"CZK", b"czk"))
    yield logged("a time with an escape sequence", SALE.replace(b"2026-11-23T", b"\\u001b[2J"))
    for name, old, new in (
        ("a record of another version", b'"v":1', b'"v":2'),
        ("a code that is none", CODE.encode(), b"0NXV-SRT0"),
        ("a key more in the record", b'"retailer":1', b'"retailer":1,"more":1'),
        ("another key in the record", b'"retailer":1', b'"seller":1'),
    ):
        records = [record(1).replace(old, new, 1)]
        sealed = block(records)
        yield Vector(name, Maker(records, 0, sealed.header, [sealed.hash], 0).raw, "record")
