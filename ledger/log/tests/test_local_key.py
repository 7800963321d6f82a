"""The key that `make run` makes for its folder, without asking the ledger, is one that the log can sign with."""

from pathlib import Path

from ledger.log.notes import LOG_KEY, Note, read_skey
from possys.embedded.keys import local_keys


def test_a_local_folders_key_is_a_logs_key(tmp_path: Path) -> None:
    signer = read_skey(local_keys(tmp_path)["LOG_KEY"])
    assert (signer.verifier.name, signer.verifier.kind) == ("possys.local/log", LOG_KEY)
    assert signer.verifier.time_s(Note("text\n", (signer.sign("text\n"),))) == 0
