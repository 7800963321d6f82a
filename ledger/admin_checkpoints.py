"""One checkpoint for the admin: its note, which keys signed it, and whether the log still has its root."""

from dataclasses import dataclass

from django.urls import reverse

from ledger.evidence import configured_witnesses
from ledger.log.checkpoint import encoded
from ledger.log.keys import log_keys
from ledger.log.models import Checkpoint, Cosignature
from ledger.log.notes import Note, NoteError, Verifier, read_note, written
from ledger.log.tree import LogDamagedError, root_at
from ledger.shards import LOG_DATABASE
from possys.clock import MS_PER_S, iso_utc

SIGNATURE_HEADERS = ("signed by", "as", "key id", "signature", "at")
LOG_ROLE = "the log's key"
HOLDS, FALSE = "holds", "FALSE"


@dataclass(frozen=True, slots=True)
class CheckpointPage:
    """All that the page of one checkpoint shows; `faults` are what computing it again did not confirm."""

    facts: list[tuple[str, object]]
    faults: list[str]
    signatures: dict[str, object]
    note: str
    api_url: str


def checkpoint_page(checkpoint: Checkpoint) -> CheckpointPage:
    """A checkpoint with every signature checked: about five queries."""
    cosignatures = Cosignature.objects.using(LOG_DATABASE).filter(checkpoint_size=checkpoint.size)
    lines = list(cosignatures.order_by("witness").values_list("line", flat=True))
    own, _, signed = checkpoint.note.rpartition("\n\n")
    text = written(f"{own}\n", [*signed.splitlines(), *(line.strip("\n") for line in lines)])
    rows, faults = _signatures(text)
    return CheckpointPage(
        facts=[
            ("Leaves", f"{checkpoint.size:,}"),
            ("Root", encoded(bytes(checkpoint.root))),
            ("Root in hexadecimal", bytes(checkpoint.root).hex()),
            ("Signed at", f"{checkpoint.signed_at:%Y-%m-%d %H:%M:%S.%f}"[:-3] + " UTC"),
        ],
        faults=[*_root_faults(checkpoint), *faults],
        signatures={"headers": SIGNATURE_HEADERS, "rows": rows},
        note=text,
        api_url=reverse("api-log-checkpoint", args=[checkpoint.size]),
    )


def _root_faults(checkpoint: Checkpoint) -> list[str]:
    try:
        if root_at(checkpoint.size) != bytes(checkpoint.root):
            return [f"The log's first {checkpoint.size:,} leaves do not have this checkpoint's root any more."]
    except LogDamagedError as fault:
        return [f"The root cannot be computed again: {fault}"]
    return []


def _signatures(text: str) -> tuple[list[tuple[str, ...]], list[str]]:
    """A row for each signature line, and what is false or missing."""
    try:
        note = read_note(text)
    except NoteError as fault:
        return [], [f"The note cannot be read: {fault}"]
    known = {_key(key.verifier): (LOG_ROLE, key.verifier) for key in log_keys()}
    known |= {_key(verifier): ("a witness", verifier) for verifier in configured_witnesses().verifiers}
    rows: list[tuple[str, ...]] = []
    faults = []
    is_signed = False
    for one in note.signatures:
        role, verifier = known.get((one.name, one.key_id), ("a key that is not known here", None))
        said, at = _checked(note, verifier)
        if said == FALSE:
            faults.append(f"The signature of {one.name} is false.")
        is_signed |= role == LOG_ROLE and said == HOLDS
        rows.append((one.name, role, one.key_id.hex(), said, at))
    if not is_signed:
        faults.append("None of the log's keys signed this note.")
    return rows, faults


def _key(verifier: Verifier) -> tuple[str, bytes]:
    return verifier.name, verifier.key_id


def _checked(note: Note, verifier: Verifier | None) -> tuple[str, str]:
    """What became of checking a signature, and when a witness says that it signed."""
    if verifier is None:
        return "not checked", ""
    try:
        time_s = verifier.time_s(note)
    except NoteError:
        return FALSE, ""
    return HOLDS, iso_utc(time_s * MS_PER_S) if time_s else ""
