"""Right proof files, always the same bytes, and the parts of which they are made."""

import base64
from collections.abc import Iterator
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.blocks import NO_HEADER_HASH, Sealed, seal
from ledger.log.checkpoint import LogProof, TreeHead, proof_text
from ledger.log.notes import LOG_KEY, WITNESS_KEY, Signer, Verifier, written
from ledger.merkle import inclusion_path, leaf_hash, mth_of, root
from ledger.proof_file import FORMAT, ProofFile, proof_bytes
from ledger.records import assemble
from transactions.signatures import SALE as SIGNED_SALE
from transactions.stream import Signature

ORIGIN = "ledger.example/log"
CODE = "0NXV-SRT0-G09S-89Q7"
COSIGNED_AT_S = 1_795_514_400
SALE = (
    '{"terminal":64,"sequence":1,"issued_at":"2026-11-23T10:00:00+01:00","currency":"CZK","total":10300,'
    '"lines":[{"name":"Mléko \\"1 l\\"","amount":10300}],"buyer":null}'
).encode()


def signer(name: str, kind: int, number: int) -> Signer:
    """A key whose seed is a number."""
    seed = bytes([number]) * 32
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    return Signer(Verifier(name, kind, public), seed)


LOG = signer(ORIGIN, LOG_KEY, 1)
NEXT_LOG = signer(ORIGIN, LOG_KEY, 2)
FOREIGN_LOG = signer("other.example/log", LOG_KEY, 3)
BANK = signer("bank.example/witness", WITNESS_KEY, 4)
UNION = signer("consumers.example/witness", WITNESS_KEY, 5)
STRANGER = signer("stranger.example/witness", WITNESS_KEY, 6)
KEY = LOG.verifier.vkey
WITNESSES = (BANK.verifier.vkey, UNION.verifier.vkey)


TILL = Ed25519PrivateKey.from_private_bytes(bytes([7]) * 32)


def till_signature(sale: bytes = SALE, *, by: Ed25519PrivateKey = TILL, key: int = 1) -> Signature:
    """What the till TILL says of itself, signed by that till or by another key."""
    return Signature(key, TILL.public_key().public_bytes_raw(), by.sign(SIGNED_SALE + sale))


def record(
    number: int, *, shard: int = 0, sale: bytes = SALE, code: str = CODE, signature: Signature | None = None
) -> bytes:
    """One record."""
    return assemble(
        signature=signature,
        shard=shard,
        epoch=1,
        number=number,
        received_at=b"2026-11-23T09:00:01.123Z",
        code=code.encode(),
        retailer=1,
        store=2,
        sale=sale,
    )


def block(records: list[bytes], number: int = 1, *, shard: int = 0, first_number: int = 1) -> Sealed:
    """A sealed block of them."""
    return seal(
        records,
        shard=shard,
        block=number,
        epoch=1,
        first_number=first_number,
        previous=NO_HEADER_HASH,
        marks=[],
        sealed_at="2026-11-23T09:00:02.000Z",
    )


class Maker(NamedTuple):
    """What a proof is made of; replace a part and make it."""

    records: list[bytes]
    position: int
    header: bytes
    leaves: list[bytes]
    leaf_index: int
    origin: str = ORIGIN
    signers: tuple[Signer, ...] = (LOG, BANK, UNION)

    @property
    def checkpoint(self) -> str:
        """The signed note."""
        return note(TreeHead(self.origin, len(self.leaves), root(self.leaves)).text, *self.signers)

    @property
    def file(self) -> ProofFile:
        """The proof file's fields."""
        hashes = [leaf_hash(one) for one in self.records]
        path = inclusion_path(mth_of(hashes), self.position, len(hashes))
        log_path = inclusion_path(mth_of(self.leaves), self.leaf_index, len(self.leaves))
        return ProofFile(
            format=FORMAT,
            record=self.records[self.position].decode(),
            position=self.position,
            path=[base64.b64encode(step).decode() for step in path],
            header=self.header.decode(),
            log=proof_text(LogProof(self.leaf_index, tuple(log_path), self.checkpoint)),
        )

    @property
    def raw(self) -> bytes:
        """The file."""
        return proof_bytes(self.file)


def note(text: str, *signers: Signer) -> str:
    """A checkpoint's text with the signatures of these."""
    return written(text, [one.sign(text, COSIGNED_AT_S).line for one in signers])


def maker(records: int | list[bytes] = 3, position: int = 1, leaves: int = 5, index: int = 2) -> Maker:
    """A right proof: a block of these records, or of so many; a log of so many leaves."""
    all_records = [record(number + 1) for number in range(records)] if isinstance(records, int) else records
    sealed = block(all_records)
    hashes = [leaf_hash(b"leaf %d" % at) for at in range(leaves)]
    hashes[index] = sealed.hash
    return Maker(all_records, position, sealed.header, hashes, index)


def flips(raw: bytes) -> Iterator[bytes]:
    """The bytes with each bit flipped in turn."""
    for at in range(len(raw)):
        for bit in range(8):
            changed = bytearray(raw)
            changed[at] ^= 1 << bit
            yield bytes(changed)
