"""The log's keys changed and retired; every change is a leaf of the log, signed by the old key and the new."""

from pathlib import Path

from django.conf import settings

from ledger.log.appending import append, new_leaf
from ledger.log.checkpointer import catch_up
from ledger.log.key_file import KeyFileError, write_aside
from ledger.log.keys import log_keys, signers
from ledger.log.leaves import FORMAT_VERSION, KeyLeaf
from ledger.log.models import Checkpoint
from ledger.log.notes import LOG_KEY, new_signer
from possys.clock import iso_utc, now_ms


def rotate() -> Checkpoint | None:
    """Makes a new key, names it in the log, and signs with both; answers the first checkpoint that both signed.

    Whoever pinned the old key finds in that checkpoint, signed by it, the leaf that names the new one.
    """
    path = _key_file()
    old = signers()
    new = new_signer(old[0].verifier.name, LOG_KEY)
    if log_keys()[0].verifier != old[0].verifier:
        raise KeyFileError(
            "LOG_KEY_FILE does not begin with the key that the log names; put that right first. After a rotation "
            "that was cut short, that key is in the file with .new behind its name: move it there"
        )
    # On disk before the log names it: a key that is named and lost could never sign.
    ready = write_aside(path, [new, old[0]])
    append([new_leaf(KeyLeaf(FORMAT_VERSION, new.verifier.vkey, old[0].verifier.vkey, iso_utc(now_ms())))])
    ready.replace(path)
    return catch_up().checkpoint


def retire() -> list[str]:
    """Takes the older keys out of the file; answers which. They stay named in the log."""
    path = _key_file()
    current, *older = signers()
    write_aside(path, [current]).replace(path)
    return [one.verifier.vkey for one in older]


def _key_file() -> Path:
    if not settings.LOG_KEY_FILE:
        raise KeyFileError("the keys come from LOG_KEY; only a LOG_KEY_FILE can be changed by this command")
    return Path(settings.LOG_KEY_FILE)
