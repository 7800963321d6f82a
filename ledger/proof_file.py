"""The proof file: everything that shows a record to be in the log, in one file that needs nobody's word. Pure.

JSON with these keys in this order (docs/proof-format.md):

    format    "possys-proof-v1"
    record    the record's bytes as text (they are UTF-8)
    position  its place in its block
    path      hashes (base64) from the record's leaf to the block's root, the leaf's sibling first
    header    the block's header as text: its bytes are the leaf of the log
    log       a C2SP tlog-proof of that leaf, with the signed checkpoint, as text
"""

import msgspec

FORMAT = "possys-proof-v1"
MEDIA_TYPE = "application/json"
# A record is 64 kB of sale at most, escaped; the rest is a few kB.
PROOF_BYTES_MAX = 512 * 1024


class ProofFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file's fields, as they are written."""

    format: str
    record: str
    position: int
    path: list[str]
    header: str
    log: str


def proof_bytes(proof: ProofFile) -> bytes:
    """The file."""
    return msgspec.json.encode(proof)


def read_proof_file(raw: bytes) -> ProofFile:
    """Takes a file apart; proves nothing. Raises msgspec.ValidationError or DecodeError."""
    return msgspec.json.decode(raw, type=ProofFile)
