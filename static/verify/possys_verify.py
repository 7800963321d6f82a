#!/usr/bin/env python3
"""possys-verify: checks that a sale was recorded in the log, or that the log only ever grew. It trusts no server.

    python possys_verify.py PROOF_FILE --key VKEY [--witness VKEY ... --quorum K] [--code CODE] [--show]
    python possys_verify.py consistency OLD_CHECKPOINT NEW_CHECKPOINT PROOF --key VKEY

VKEY is a public key, `name+id+base64`, or @FILE with it: get it from somebody other than whoever gave you the proof.
Exit code: 0 valid, 1 not valid, 2 the call cannot be used. Needs Python 3.10, `cryptography`. See docs/proof-format.md.
"""

import argparse
import base64
import json
import re
import time
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FILE_BYTES_MAX, HASHES_MAX, SIGNATURES_MAX = 512 * 1024, 64, 64
# What every JSON reader keeps exactly; no log and no amount comes near it. The end of the year 9999.
NUMBER_MAX, TIME_MAX, MOMENT = 2**53 - 1, 253402300799, "%Y-%m-%d %H:%M:%SZ"
LOG_KEY, WITNESS_KEY = 1, 4  # kinds of keys
FILE_KEYS = ["format", "record", "position", "path", "header", "log"]
RECORD_KEYS = ["v", "shard", "epoch", "number", "received_at", "code", "retailer", "store", "signature", "sale"]
HEADER_KEYS = ["v", "shard", "block", "epoch", "first_number", "count", "root", "marks", "previous", "sealed_at"]
SALE_KEY, CROCKFORD = ',"sale":', "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE, HEX, CONTROLS = "[0-9A-Z]{4}(-[0-9A-Z]{4}){3}", "[0-9a-f]{64}", "[\x00-\x09\x0b-\x1f\x7f]"
TIME = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{5,18}(Z|[+-][0-9]{2}:[0-9]{2})"


class Refused(ValueError):
    """What is wrong, as `check: sentence`."""


class Key(NamedTuple):  # of a log (kind 1) or of a witness (kind 4)
    name: str
    id: bytes
    kind: int
    public: bytes


class Note(NamedTuple):  # a checkpoint: the text that is signed, what it says, signatures as (name, key's id, bytes)
    text: str
    origin: str
    size: int
    root: bytes
    signatures: list[tuple[str, bytes, bytes]]


# --- Reading: everything may be written in one way only, so that no bit of a file is without meaning
def need(right: object, code: str, sentence: str) -> None:
    if not right:
        raise Refused(f"{code}: {sentence}")


def fits(text: Any, pattern: str) -> bool:
    return isinstance(text, str) and re.fullmatch(pattern, text) is not None


def is_whole(number: Any, kinds: tuple[type, ...] = (int,)) -> bool:
    return type(number) in kinds and 0 <= number <= NUMBER_MAX and number == int(number)


def read_object(text: str, code: str, keys: list[str], canonical: bool) -> dict[str, Any]:
    """A JSON object with just these keys in order, or any; `canonical`: without blanks, escapes only where needed."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            raise ValueError("a key stands twice in one object")
        return dict(pairs)

    try:
        found = json.loads(text, object_pairs_hook=unique, parse_constant=int)  # `int` refuses NaN: it is no JSON
    except (ValueError, RecursionError) as fault:
        raise Refused(f"{code}: The {code} is not proper JSON: {fault}.") from None
    right = isinstance(found, dict) and list(found) == (keys or list(found))
    need(right, code, f"The {code} must have the keys {', '.join(keys)}.")
    same = not canonical or json.dumps(found, ensure_ascii=False, separators=(",", ":")) == text
    need(same, code, f"The {code} is not written in the one form that is allowed.")
    return dict(found)


def unbase64(text: Any, code: str, size: int | None = None) -> bytes:
    """The bytes of base64 in its one proper form; `size`: how many they must be."""
    raw = base64.b64decode(text) if fits(text, "([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}(=|[A-Za-z0-9+/])=)?") else b""
    right = raw and base64.b64encode(raw).decode() == text and size in (None, len(raw))
    need(right, code, f"{text!r:.60} is not {size or 'some'} bytes in base64.")
    return raw


def read_hashes(texts: Any, code: str) -> list[bytes]:
    need(isinstance(texts, list) and len(texts) <= HASHES_MAX, code, f"A path must be at most {HASHES_MAX} hashes.")
    return [unbase64(text, code, 32) for text in texts]


def read_decimal(text: str, code: str) -> int:
    need(fits(text, "0|[1-9][0-9]{0,15}") and int(text) <= NUMBER_MAX, code, f"{text!r:.30} is no number of leaves.")
    return int(text)


def read_key(text: str, kind: int) -> Key:
    name, _, rest = text.strip().partition("+")
    need(fits(text.strip(), r"[^\s+]+\+\w{8}\+\S+"), "key", f"{text!r:.60} is no key: name+id+base64 is expected.")
    raw = unbase64(rest[9:], "key", 33)
    right = sha256(name.encode() + b"\n" + raw).hexdigest()[:8] == rest[:8] and raw[0] == kind
    need(right, "key", f"{text!r:.60} is no key of kind {kind}, or it was copied wrongly.")
    return Key(name, bytes.fromhex(rest[:8]), kind, raw[1:])


def read_note(text: str) -> Note:
    """A checkpoint (c2sp.org/tlog-checkpoint), a signed note; no signature is checked here."""
    body, _, below = text.rpartition("\n\n")
    lines, signatures = body.split("\n"), list[tuple[str, bytes, bytes]]()
    right = len(lines) >= 3 and "" not in lines and below.endswith("\n") and not re.search(CONTROLS, text)
    need(right, "checkpoint", "The checkpoint must be origin, size and root, an empty line and signatures.")
    for line in below[:-1].split("\n"):
        name, _, encoded = line[2:].partition(" ")
        raw = unbase64(encoded, "checkpoint")
        right = line[:2] == "\u2014 " and fits(name, r"[^\s+]+") and len(raw) > 4 and len(signatures) < SIGNATURES_MAX
        need(right, "checkpoint", f"{line!r:.60} is no signature line, or one too many.")
        signatures.append((name, raw[:4], raw[4:]))
    size, root = read_decimal(lines[1], "checkpoint"), unbase64(lines[2], "checkpoint", 32)
    return Note(body + "\n", lines[0], size, root, signatures)


def read_record(text: str) -> dict[str, Any]:
    record = read_object(text, "record", RECORD_KEYS, canonical=False)
    sale = record["sale"] if isinstance(record["sale"], dict) else {}
    right = all(is_whole(record[name], (int, float)) for name in RECORD_KEYS[:4]) and record["v"] == 1
    right = right and type(sale.get("total")) in (int, float) and is_whole(abs(sale["total"]), (int, float))
    right = right and fits(record["code"], CODE) and fits(record["received_at"], TIME)
    right = right and fits(sale.get("currency"), "[A-Z]{3}") and fits(sale.get("issued_at"), "[!-~]{1,40}")
    own = record["signature"]
    right = right and (own is None or (isinstance(own, dict) and list(own) == ["key", "public_key", "value"]))
    need(right, "record", "A field of the record is not what its format says.")
    return record


def read_header(text: str) -> dict[str, Any]:
    header = read_object(text, "header", HEADER_KEYS, canonical=True)
    right = all(is_whole(header[name]) for name in HEADER_KEYS[:6]) and header["v"] == 1
    right = right and all(fits(header[name], HEX) for name in HEADER_KEYS[6:9]) and fits(header["sealed_at"], TIME)
    need(right, "header", "A field of the block's header is not what its format says.")
    return header


# --- Merkle trees (RFC 6962): a leaf is SHA-256(0x00 | bytes), a node SHA-256(0x01 | left | right)
def node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def root_of_path(start: bytes, index: int, size: int, path: list[bytes], code: str) -> bytes:
    """The root of a tree of `size` leaves, from one leaf and its path, the leaf's sibling first (RFC 6962, 2.1.1)."""
    need(index < size, code, f"There is no place {index} among {size}.")
    need((size == 1) == (not path), code, f"There are {'more' if path else 'fewer'} hashes than the tree has levels.")
    if size == 1:
        return start
    half = 1 << (size - 1).bit_length() - 1  # The left side has the largest power of two below the size.
    if index < half:
        return node(root_of_path(start, index, half, path[:-1], code), path[-1])
    return node(path[-1], root_of_path(start, index - half, size - half, path[:-1], code))


def both_roots(old: int, new: int, known: bytes | None, path: list[bytes]) -> tuple[bytes, bytes]:
    """The roots of `old` and of `new` leaves (RFC 6962, 2.1.2); `known`: the first, unless it is in the path."""
    if old == new and len(path) == (known is None):
        return known or path[0], known or path[0]
    need(old < new and path, "consistency", f"There are {'more' if path else 'fewer'} hashes than the trees need.")
    half = 1 << (new - 1).bit_length() - 1
    if old <= half:
        left = both_roots(old, half, known, path[:-1])
        return left[0], node(left[1], path[-1])
    right = both_roots(old - half, new - half, None, path[:-1])
    return node(path[-1], right[0]), node(path[-1], right[1])


def check_consistency(old: int, new: int, old_root: bytes, new_root: bytes, path: list[bytes]) -> None:
    """Raises Refused unless the tree of `new` leaves begins with the tree of `old` leaves."""
    right = old <= new and (old or not path)
    need(right, "consistency", f"{old} leaves cannot come before {new} with {len(path)} hashes between them.")
    empty = sha256(b"").digest()
    found = both_roots(old, new, old_root, path) if old else (empty, new_root if new else empty)
    need(found[0] == old_root, "consistency", f"The first {old} leaves have another root now: the log was rewritten.")
    need(found[1] == new_root, "consistency", f"The hashes do not lead to the root of all {new} leaves.")


# --- Signatures: Ed25519, by keys that the caller trusts
def signed_at(note: Note, key: Key) -> int | None:
    """When this key signed, in seconds since 1970 (1 for a log's key); None: it did not. Raises Refused when false."""
    found = None
    for name, key_id, raw in note.signatures:
        if (name, key_id) == (key.name, key.id):
            found, signature, message, code = 1, raw, note.text, "signature"
            if key.kind == WITNESS_KEY:  # c2sp.org/tlog-cosignature: eight bytes of time, then the signature
                found, signature, code = int.from_bytes(raw[:8], "big"), raw[8:], "cosignature"
                message = f"cosignature/v1\ntime {found}\n{note.text}"
            try:
                Ed25519PublicKey.from_public_bytes(key.public).verify(signature, message.encode())
            except (InvalidSignature, ValueError):
                raise Refused(f"{code}: The signature of {name} is false.") from None
    return found


def check_till(text: str, signature: dict[str, Any] | None) -> list[str]:
    """By which key the till signed the sale, if it did; nothing here says whose key that is: the paper does."""
    if signature is None:
        return []
    public, value = (unbase64(signature[name], "record", size) for name, size in (("public_key", 32), ("value", 64)))
    try:
        sale = text[text.index(SALE_KEY) + len(SALE_KEY) : -1].encode()
        Ed25519PublicKey.from_public_bytes(public).verify(value, b"possys/sale/1\n" + sale)
    except (InvalidSignature, ValueError):
        raise Refused("till-signature: The signature is not of the till's key over this sale.") from None
    bits = int.from_bytes(sha256(public).digest()[:5], "big")
    mark = "".join(CROCKFORD[bits >> shift & 31] for shift in range(35, -1, -5))
    return [f"signed by the till with its key {mark[:4]}-{mark[4:]}; the paper must show the same"]


def check_log_key(note: Note, keys: list[Key]) -> str:
    own = [key for key in keys if key.name == note.origin]
    need(own, "origin", f"The checkpoint is of the log {note.origin!r}; no key of that log was given.")
    need([key for key in own if signed_at(note, key)], "key", f"No given key of {note.origin} signed the checkpoint.")
    return f"{note.origin} signed its first {note.size} leaves, root {note.root.hex()}"


def check_witnesses(note: Note, keys: list[Key], witnesses: list[Key], quorum: int | None) -> str:
    times = [(key.name, signed_at(note, key)) for key in dict.fromkeys(witnesses)]
    said = [f"{name} at {time.strftime(MOMENT, time.gmtime(min(at, TIME_MAX)))}" for name, at in times if at]
    right = len(said) >= (len(times) if quorum is None else quorum)
    need(right, "quorum", f"Only {len(said)} of the {len(times)} given witnesses cosigned the checkpoint.")
    more = len({one[:2] for one in note.signatures} - {key[:2] for key in keys + witnesses})  # by name and id
    rest = f"; {more} more signature{'s'[: more - 1]} by a key that was not given: not checked" if more else ""
    return (f"cosigned by {', '.join(said)}" if said else "not cosigned by a given witness") + rest


def verify_proof(raw: bytes, keys: list[Key], witnesses: list[Key], quorum: int | None, code: str | None) -> list[str]:
    """What the file proves, a sentence each. Raises Refused for the first thing that is wrong."""
    text = raw.decode(errors="replace")
    need(len(raw) <= FILE_BYTES_MAX and text.encode() == raw, "file", "The file is too large, or not UTF-8.")
    file = read_object(text, "file", FILE_KEYS, canonical=True)
    right = file["format"] == "possys-proof-v1" and is_whole(file["position"])
    right = right and all(isinstance(file[name], str) for name in ("record", "header", "log"))
    need(right, "file", "A field of the file is not what possys-proof-v1 says.")
    record, header, path = read_record(file["record"]), read_header(file["header"]), read_hashes(file["path"], "file")
    top, _, checkpoint = file["log"].partition("\n\n")
    lines, right = top.split("\n"), top.startswith("c2sp.org/tlog-proof@v1\nindex ")
    need(right, "log", "The log proof must begin with c2sp.org/tlog-proof@v1 and the index.")
    index, log_path, note = read_decimal(lines[1][6:], "log"), read_hashes(lines[2:], "log"), read_note(checkpoint)
    start, seal = (sha256(b"\x00" + file[name].encode()).digest() for name in ("record", "header"))
    need(code in (None, record["code"]), "code", f"This is the proof of {record['code']}, not of {code}.")
    position, place = file["position"], (record["shard"], record["epoch"], record["number"])
    right = place == (header["shard"], header["epoch"], header["first_number"] + position)
    need(right, "place", f"The record's own shard, epoch and number are not those of position {position} of the block.")
    root = root_of_path(start, position, header["count"], path, "leaf-path").hex()
    wrong = f"The record's hash {start.hex()} leads to {root}, not to the block's root {header['root']}."
    need(root == header["root"], "leaf-path", wrong)
    root = root_of_path(seal, index, note.size, log_path, "log-path").hex()
    wrong = f"The header's hash {seal.hex()} leads to {root}, not to the checkpoint's root {note.root.hex()}."
    need(root == note.root.hex(), "log-path", wrong)
    found = [f"receipt {record['code']}, received {record['received_at']}, issued {record['sale']['issued_at']}"]
    found += [f"total {record['sale']['total']} in minor units of {record['sale']['currency']}"]
    found += check_till(file["record"], record["signature"])
    found += [f"record {start.hex()} at position {position} of shard {header['shard']}, block {header['block']}"]
    found += [f"block {seal.hex()} at index {index} of the log"]
    return [*found, check_log_key(note, keys), check_witnesses(note, keys, witnesses, quorum)]


def verify_consistency(raws: list[bytes], keys: list[Key]) -> list[str]:
    """That one checkpoint's log begins another's; then the proof: lines of base64, or JSON of old, new and hashes."""
    texts = [raw.decode(errors="replace") for raw in raws]
    old, new, proof = read_note(texts[0]), read_note(texts[1]), texts[2]
    found = [check_log_key(old, keys), check_log_key(new, keys)]
    need(old.origin == new.origin, "origin", f"The checkpoints are of two logs, {old.origin!r} and {new.origin!r}.")
    hashes: Any = proof.split()
    if proof.lstrip().startswith("{"):
        given = read_object(proof, "proof", [], canonical=False)
        sizes, hashes = [given.get("old"), given.get("new")], given.get("hashes")
        need(sizes == [old.size, new.size], "proof", "The proof is for other sizes.")
    check_consistency(old.size, new.size, old.root, new.root, read_hashes(hashes, "proof"))
    return [*found, f"the log of {new.size} leaves begins with the log of {old.size}: nothing was changed or removed"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", metavar="FILE", help="a proof file; or `consistency` and three files")
    parser.add_argument("--key", action="append", required=True, help="a public key of the log, or @FILE")
    parser.add_argument("--witness", action="append", default=[], help="a public key of a witness, or @FILE")
    parser.add_argument("--quorum", type=int, help="how many of the witnesses must have cosigned; all by default")
    parser.add_argument("--code", help="the receipt code that the proof must be of")
    parser.add_argument("--show", action="store_true", help="print what the record says, too")
    asked = parser.parse_args()
    is_proof = asked.files[0] != "consistency"
    try:
        need(len(asked.files) == (1 if is_proof else 4), "call", "Expected: a proof file, or `consistency` and three.")
        texts = [Path(text[1:]).read_text() if text[:1] == "@" else text for text in asked.key + asked.witness]
        keys = [read_key(text, LOG_KEY) for text in texts[: len(asked.key)]]
        witnesses = [read_key(text, WITNESS_KEY) for text in texts[len(asked.key) :]]
        raws = [Path(name).read_bytes() for name in (asked.files if is_proof else asked.files[1:])]
    except (OSError, ValueError) as fault:
        parser.error(str(fault))
    try:
        call = (raws[0], keys, witnesses, asked.quorum, asked.code)
        proven = verify_proof(*call) if is_proof else verify_consistency(raws, keys)
    except Refused as fault:
        print(f"NOT VALID\n  {fault}")
        return 1
    print("\n  ".join(["VALID", *proven]))
    if asked.show and is_proof:
        print(json.dumps(json.loads(json.loads(raws[0])["record"]), indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
