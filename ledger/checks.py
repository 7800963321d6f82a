"""System checks of the log's witnesses: an entry that cannot be read is found at start, not at the next checkpoint."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from ledger.log.notes import NoteError
from ledger.witness.configured import Witness, read_witness


@register(Tags.security)
def witnesses_are_usable(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Every entry can be read, no witness counts twice, and the quorum can be reached."""
    faults: list[CheckMessage] = []
    witnesses: list[Witness] = []
    for entry in settings.WITNESSES:
        try:
            witnesses.append(read_witness(entry))
        except NoteError as fault:
            hint = 'Each is "vkey url", as the institution\'s manage.py witness_key printed the vkey.'
            faults.append(Error(f"WITNESSES: {entry!r}: {fault}.", hint=hint, id="ledger.E001"))
    names = [one.verifier.name for one in witnesses]
    keys = [one.verifier.public for one in witnesses]
    if len(set(names)) < len(names) or len(set(keys)) < len(keys):
        faults.append(Error("WITNESSES names one witness, or one key, twice.", id="ledger.E002"))
    if not 0 <= settings.WITNESS_QUORUM <= len(settings.WITNESSES):
        number = len(settings.WITNESSES)
        faults.append(
            Error(f"WITNESS_QUORUM is {settings.WITNESS_QUORUM}, but there are {number} witnesses.", id="ledger.E003")
        )
    return faults


@register(Tags.security)
def somebody_outside_watches(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """In production somebody else must remember the log, and count."""
    if settings.LOCAL_WORK or (settings.WITNESSES and settings.WITNESS_QUORUM):
        return []
    what = "WITNESS_QUORUM is 0" if settings.WITNESSES else "There are no WITNESSES"
    return [
        Warning(
            f"{what}: whoever has the log's key could show different people different logs.",
            hint="docs/witness.md says how an institution runs one.",
            id="ledger.W001",
        )
    ]
