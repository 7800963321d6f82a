"""Holds a frozen draw: seed from its evidence, winners from the seed, and the transcript that says all of it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from ledger import notices
from lottery.draws import beacon
from lottery.draws.beacon import BeaconAnswer, BeaconError
from lottery.draws.drawing import TICKET_BYTES, winners
from lottery.draws.errors import DrawError
from lottery.draws.freezing import ENTRY_BYTES
from lottery.draws.models import CHUNK_TICKETS, Draw, Prize, TicketChunk
from lottery.draws.rules import CommitRevealSeed, DrandSeed
from lottery.draws.secrets import SecretLostError, open_secret
from lottery.draws.seeds import commit_reveal_seed, drand_seed
from lottery.draws.statements import SERVICE, read, subject_of
from lottery.draws.transcript import FreezeFacts, Winner, transcript_text
from lottery.prizes.models import Win

# Rows of one INSERT.
BATCH_ROWS = 5000


class Held(NamedTuple):
    """What came of it."""

    seed: bytes
    transcript: str


class Evidence(NamedTuple):
    """The seed, and what shows where it came from, as the transcript has it."""

    seed: bytes
    shown: dict[str, Any]


class Stated(NamedTuple):
    """The freeze's statement, and the index of its leaf in the ledger's log."""

    statement: str
    leaf_index: int


def hold(draw: Draw, answer: BeaconAnswer | None) -> Held:
    """Draws and writes the wins, within the caller's DB transaction. Raises DrawError."""
    stated = _stated(draw)
    evidence = _evidence(draw, stated, answer)
    prizes = [prize for prize in draw.prizes.order_by("rank") for _ in range(prize.count)]
    assert draw.rules_hash is not None
    assert draw.root is not None
    assert draw.ticket_count is not None
    positions = winners(
        evidence.seed, draw=draw.number, rules_hash=bytes(draw.rules_hash), root=bytes(draw.root),
        count=draw.ticket_count, wanted=len(prizes),
    )  # fmt: skip
    wins = _wins(draw, positions, prizes)
    Win.objects.bulk_create(wins, batch_size=BATCH_ROWS)
    text = transcript_text(
        draw=draw.number, name=draw.name, rules=draw.rules_text,
        freeze=FreezeFacts(stated.statement, stated.leaf_index), seed_evidence=evidence.shown, seed=evidence.seed,
        winners=[Winner(win.number, win.prize.rank, win.position, bytes(win.ticket)) for win in wins],
    )  # fmt: skip
    return Held(evidence.seed, text)


def _stated(draw: Draw) -> Stated:
    found = notices.notices_of(SERVICE, subject_of(draw.number, "frozen"))
    if not found or found[0].index is None:
        raise DrawError("the freeze's statement is not in the ledger's log yet: within seconds, if the log is at work")
    return Stated(found[0].statement, found[0].index)


def _evidence(draw: Draw, stated: Stated, answer: BeaconAnswer | None) -> Evidence:
    seed = draw.rules.seed
    if isinstance(seed, DrandSeed):
        return _drand(seed, read(stated.statement)["round"], answer)
    return _commit_reveal(draw, seed, stated)


def _drand(seed: DrandSeed, number: int, answer: BeaconAnswer | None) -> Evidence:
    if answer is None:
        raise DrawError(f"give the beacon's answer for round {number}: {beacon.address_of(number)}")
    try:
        beacon.check(answer, seed, number)
    except BeaconError as fault:
        raise DrawError(str(fault)) from fault
    shown = {
        "mode": "drand",
        "chain": seed.chain,
        "public_key": seed.public_key,
        "round": answer.round,
        "randomness": answer.randomness,
        "signature": answer.signature,
    }
    return Evidence(drand_seed(seed.chain, answer.round, answer.randomness), shown)


def _commit_reveal(draw: Draw, seed: CommitRevealSeed, stated: Stated) -> Evidence:
    checkpoint = notices.first_checkpoint_with(stated.leaf_index)
    if checkpoint is None:
        raise DrawError("no signed checkpoint covers the freeze yet: within seconds, if the log is at work")
    assert draw.sealed_secret is not None
    try:
        secret = open_secret(bytes(draw.sealed_secret))
    except SecretLostError as fault:
        raise DrawError(str(fault)) from fault
    shown = {
        "mode": "commit-reveal",
        "commitment": seed.commitment,
        "secret": secret.hex(),
        "checkpoint": checkpoint.note,
    }
    return Evidence(commit_reveal_seed(secret, signed_text(checkpoint.note)), shown)


def signed_text(note: str) -> str:
    """The part of a signed note that is signed (c2sp.org/signed-note): up to the empty line."""
    return note.partition("\n\n")[0] + "\n"


def _wins(draw: Draw, positions: Sequence[int], prizes: Sequence[Prize]) -> list[Win]:
    """A win for each position, in the order in which they were drawn."""
    tickets: dict[int, tuple[bytes, int]] = {}
    places: dict[int, list[int]] = {}
    for position in positions:
        places.setdefault(position // CHUNK_TICKETS, []).append(position)
    rows = TicketChunk.objects.filter(draw=draw, number__in=sorted(places)).values_list("number", "tickets", "entries")
    for number, ticket_bytes, entry_bytes in rows.iterator(chunk_size=16):
        for position in places[number]:
            at = position % CHUNK_TICKETS
            entry = int.from_bytes(entry_bytes[at * ENTRY_BYTES : (at + 1) * ENTRY_BYTES], "big")
            tickets[position] = bytes(ticket_bytes[at * TICKET_BYTES : (at + 1) * TICKET_BYTES]), entry
    return [
        Win(
            draw=draw, prize=prize, number=number, position=position, ticket=tickets[position][0],
            entry_id=tickets[position][1],
        )
        for number, (position, prize) in enumerate(zip(positions, prizes, strict=False))
    ]  # fmt: skip
