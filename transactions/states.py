"""What the capture store remembers of a terminal, read without changing it."""

import struct
from dataclasses import dataclass
from typing import Any

import redis

from transactions.stream import Credential, CredentialKind, shard_of, terminals_key

# The layout is scripts/append.lua's: what the registry says, what was seen; then the gaps, then the latest sales.
STATE = struct.Struct(">IIBHHIIHBIIIHHHB")
GAP = struct.Struct(">II")
SEEN = struct.Struct(">I8sHIH")


@dataclass(frozen=True, slots=True)
class SeenSale:
    """One of the latest sales that a terminal's state remembers."""

    digest: bytes
    received_at_ms: int
    day: int


@dataclass(frozen=True, slots=True)
class TerminalState:
    """What the store knows of a terminal; see scripts/append.lua for the layout."""

    retailer: int
    store: int
    status: int
    key_version: int
    gateway_version: int
    overlap_until_s: int
    gateway_overlap_until_s: int
    signing_key: int
    is_past_unknown: bool
    last: int
    floor: int
    conflicts: int
    gaps: tuple[tuple[int, int], ...]
    seen: dict[int, SeenSale]

    @classmethod
    def unpack(cls, raw: bytes) -> "TerminalState":
        """Reads the packed form."""
        fields = STATE.unpack_from(raw)
        gaps_end = STATE.size + fields[-1] * GAP.size
        seen = {
            sequence: SeenSale(digest, high << 32 | low, day)
            for sequence, digest, high, low, day in SEEN.iter_unpack(raw[gaps_end:])
        }
        gaps = tuple((first, last) for first, last in GAP.iter_unpack(raw[STATE.size : gaps_end]))
        retailer, store, status, key_version, gateway_version, overlap, gateway_overlap, key, *counted = fields
        flags, last, floor, _, _, _, conflicts, _ = counted
        return cls(
            retailer=retailer,
            store=store,
            status=status,
            key_version=key_version,
            gateway_version=gateway_version,
            overlap_until_s=overlap,
            gateway_overlap_until_s=gateway_overlap,
            signing_key=key,
            is_past_unknown=flags % 2 == 1,
            last=last,
            floor=floor,
            conflicts=conflicts,
            gaps=gaps,
            seen=seen,
        )

    def takes(self, credential: Credential, now_s: int) -> bool:
        """Whether the version of a terminal's or gateway's credential is the present one or, for a while, the last."""
        if credential.kind == CredentialKind.TERMINAL:
            present, overlap_s = self.key_version, self.overlap_until_s
        else:
            present, overlap_s = self.gateway_version, self.gateway_overlap_until_s
        return credential.version == present or (credential.version == present - 1 and now_s < overlap_s)

    def has_seen(self, sequence: int) -> bool:
        """Whether the sale was certainly taken in this epoch; what lies at or below the floor is not known."""
        if sequence in self.seen:
            return True
        in_gap = any(first <= sequence <= last for first, last in self.gaps)
        return self.floor < sequence <= self.last and not in_gap


def read_state(client: redis.Redis, terminal: int) -> TerminalState | None:
    """The state of one terminal; None when the store does not know it. Raises RedisError."""
    raw: Any = client.hget(terminals_key(shard_of(terminal)), str(terminal))
    return None if raw is None else TerminalState.unpack(raw)
